// What an operation sees and changes: the state at head, plus the batch so far, plus its own transaction.
// A refused transaction is dropped whole; nothing of it reaches the batch.
import { bounds } from "../bounds.ts"
import type { Write } from "../protocol/record.ts"
import { encodeFill, encodeRow, rowText, rowFacts, type RowFacts, rowTerms, type Term } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { sameTerm } from "../store/term-index.ts"
import type { Definition } from "./definition.ts"
import type { Past } from "./past.ts"
import type { Principal } from "./scope.ts"

/** The times of an entity. */
export interface Stamp {
  readonly createdAt: string
  readonly updatedAt: string
}

/** An entity as JSON, with everything a read answers. */
export interface EntityBody extends Stamp {
  readonly id: string
  readonly createdVersion: number
  readonly [field: string]: unknown
}

/** When an entity began: of one that comes back, what it was in its former life. */
export type Beginning = Pick<EntityBody, "createdAt" | "createdVersion">

interface Staged {
  readonly collection: string
  readonly id: string
  readonly facts: RowFacts
  readonly terms: readonly Term[]
  /** JSON text; empty for a tombstone. Undefined where it is that of the row at head. */
  readonly body: string | undefined
  /** That row, where it is kept. */
  readonly row?: Uint8Array | undefined
  /** What the row at head, or that of an earlier transaction, gets from this one, which does not write it. */
  readonly filled?: readonly Term[] | undefined
}

/** Changes over a reader: rows by collection and id, and who holds a unique value. */
export class Overlay {
  readonly rows = new Map<string, Staged>()
  readonly holders = new Map<string, string | null>()
  /** Who was given a value that is not unique; some may have it no more. */
  readonly given = new Map<string, Set<string>>()
  /** Definitions that were looked at and not written since: every write asks for one. */
  readonly definitions = new Map<string, Definition | undefined>()

  give(key: string, id: string): void {
    const ids = this.given.get(key)
    if (ids === undefined) this.given.set(key, new Set([id]))
    else ids.add(id)
  }

  merge(other: Overlay): void {
    for (const [key, staged] of other.rows) {
      this.rows.set(key, staged)
      if (staged.collection === "collections") this.definitions.delete(staged.id)
    }
    for (const [key, holder] of other.holders) this.holders.set(key, holder)
    for (const [key, ids] of other.given) for (const id of ids) this.give(key, id)
  }
}

export class TransactionView {
  readonly #reader: Reader
  readonly #head: number
  readonly #batch: Overlay
  /** What was read of the state before the transaction: operations ask several times, the disk is asked once. */
  readonly #read = new Map<string, Staged | undefined>()
  #readBytes = 0
  readonly own = new Overlay()
  /** UTF-8 of every body staged so far: each ends up in the record, as a row or as the result of its operation. */
  bytes = 0
  /** Entities that reverts have looked at so far. */
  reverted = 0
  /** References that deletes have followed so far. */
  referenced = 0

  constructor(
    reader: Reader,
    batch: Overlay,
    /** The version that the transaction makes. */
    readonly version: number,
    /** Its time, RFC 3339. */
    readonly time: string,
    readonly newId: () => string,
    /** Versions before this one. */
    readonly past: Past,
    /** Who asks: what some operations need depends on what they meet. */
    readonly principal: Principal,
  ) {
    this.#reader = reader
    this.#head = reader.position().head
    this.#batch = batch
  }

  /** The definition that the transaction goes by; `parse` makes it of its text, which is empty where there is none. */
  definition(name: string, parse: (name: string, text: string) => Definition | undefined): Definition | undefined {
    if (this.own.rows.has(rowKey("collections", name))) return parse(name, this.text("collections", name))
    const { definitions } = this.#batch
    if (!definitions.has(name)) definitions.set(name, parse(name, this.text("collections", name)))
    return definitions.get(name)
  }

  /** The live entity, or undefined. */
  find(collection: string, id: string): EntityBody | undefined {
    const staged = this.#current(collection, id)
    return staged === undefined || staged.facts.deleted ? undefined : (JSON.parse(this.#textOf(staged)) as EntityBody)
  }

  /** The version that last changed a live entity; undefined where there is none. */
  versionOf(collection: string, id: string): number | undefined {
    const staged = this.#current(collection, id)
    return staged === undefined || staged.facts.deleted ? undefined : staged.facts.changed
  }

  /** What is known of the newest row of an entity, tombstones included. */
  factsOf(collection: string, id: string): RowFacts | undefined {
    return this.#current(collection, id)?.facts
  }

  /** The JSON text of a live entity, as a read answers it. */
  text(collection: string, id: string): string {
    const staged = this.#current(collection, id)
    return staged === undefined ? "" : this.#textOf(staged)
  }

  /** The terms of a live entity, for who writes it again with the same. */
  terms(collection: string, id: string): readonly Term[] {
    const terms = this.#current(collection, id)?.terms ?? []
    return terms.some(({ since }) => since !== undefined) ? terms.map(({ field, value, unique }) => ({ field, value, unique })) : terms
  }

  /** The entity that has this unique value now. */
  holder(collection: string, term: Term): string | undefined {
    const key = termKey(collection, term)
    const own = this.own.holders.get(key)
    if (own !== undefined) return own ?? undefined
    const batch = this.#batch.holders.get(key)
    if (batch !== undefined) return batch ?? undefined
    return this.#reader.lookup(collection, term.field, term.value, this.#head)
  }

  /** The entities that have this value now, which is not unique, in the order of their ids: all, where fewer than `limit` do, else at least that many. */
  holders(collection: string, term: Term, limit = Number.POSITIVE_INFINITY): string[] {
    const key = termKey(collection, term)
    const found = new Set([...(this.#batch.given.get(key) ?? []), ...(this.own.given.get(key) ?? [])])
    let after: string | undefined
    do {
      const page = this.#reader.holders(collection, term.field, term.value, { at: this.#head, after, limit: 1_000 })
      for (const id of page.ids) if (this.#has(collection, id, term)) found.add(id)
      after = page.next
    } while (after !== undefined && found.size < limit)
    return [...found].filter((id) => this.#has(collection, id, term)).sort()
  }

  #has(collection: string, id: string, term: Term): boolean {
    return this.#current(collection, id)?.terms.some((own) => sameTerm(own, term)) === true
  }

  /** Live ids of a collection, at most `limit` of them. */
  ids(collection: string, limit: number): string[] {
    const found = new Set<string>()
    let after: string | undefined
    do {
      const page = this.#reader.page(collection, { at: this.#head, after, limit: Math.min(limit, 1_000) })
      for (const { id, row } of page.rows) {
        if (!this.#read.has(rowKey(collection, id))) this.#remember(collection, id, row)
        if (this.versionOf(collection, id) !== undefined) found.add(id)
      }
      after = page.next
    } while (after !== undefined && found.size < limit)
    for (const { rows } of [this.#batch, this.own]) {
      for (const staged of rows.values()) {
        if (staged.collection === collection && this.versionOf(collection, staged.id) !== undefined) found.add(staged.id)
      }
    }
    return [...found].slice(0, limit)
  }

  /** Ids of a collection that this transaction has written or deleted so far. */
  writtenHere(collection: string): string[] {
    return [...this.own.rows.values()].flatMap((staged) => (staged.collection === collection ? [staged.id] : []))
  }

  /** Writes an entity; the fields that every entity has are added to `fields`. */
  put(collection: string, id: string, fields: object, terms: readonly Term[] | ((stamp: Stamp) => readonly Term[]) = [], began?: Beginning): void {
    const existing = began ?? this.find(collection, id)
    const stamp = {
      createdAt: existing?.createdAt ?? this.time,
      updatedAt: this.time,
      version: this.version,
      createdVersion: existing?.createdVersion ?? this.version,
    }
    const own = typeof terms === "function" ? terms(stamp) : terms
    this.#stage(collection, id, own, JSON.stringify({ id, ...fields, ...stamp }), stamp.createdVersion, false)
  }

  delete(collection: string, id: string): void {
    this.#stage(collection, id, [], "", this.#current(collection, id)?.facts.created ?? this.version, true)
  }

  /** Adds terms to a live entity without making a version of it; leaves out those that it has, and does nothing where there is none. */
  fill(collection: string, id: string, terms: readonly Term[]): void {
    const now = this.#current(collection, id)
    if (now === undefined || now.facts.deleted) return
    const added = terms.filter((term) => !now.terms.some((own) => sameTerm(own, term)))
    if (added.length === 0) return
    // An index is unique or not. One that this transaction began may be the other by now; its terms are the transaction's own.
    const stays = (own: Term) => !added.some(({ field, unique }) => field === own.field && unique !== own.unique)
    for (const term of now.terms) if (term.unique && !stays(term)) this.own.holders.set(termKey(collection, term), null)
    this.#give(collection, id, added)
    const key = rowKey(collection, id)
    const own = this.own.rows.get(key)
    const kept = now.terms.filter(stays)
    if (own !== undefined && own.filled === undefined) {
      this.own.rows.set(key, { ...own, terms: [...kept, ...added] })
      return
    }
    const later = added.map((term) => ({ ...term, since: this.version }))
    this.own.rows.set(key, { ...now, row: undefined, terms: [...kept, ...later], filled: [...(own?.filled ?? []).filter(stays), ...added] })
  }

  /** The write set: each entity at most once, what came and went within the transaction not at all. */
  writes(): { readonly write: Write; readonly body: string }[] {
    const found: { write: Write; body: string }[] = []
    for (const { collection, id, facts, terms, body = "", filled } of this.own.rows.values()) {
      if (filled !== undefined) {
        found.push({ write: { collection, id, row: encodeFill(this.version, facts.changed, filled) }, body: "" })
        continue
      }
      if (facts.deleted && this.#before(collection, id)?.facts.deleted !== false) continue
      found.push({ write: { collection, id, row: encodeRow(facts, terms, body) }, body })
    }
    return found
  }

  #stage(collection: string, id: string, terms: readonly Term[], body: string, created: number, deleted: boolean): void {
    this.bytes += Buffer.byteLength(body)
    const before = this.#before(collection, id)
    for (const term of this.#current(collection, id)?.terms ?? []) {
      if (term.unique) this.own.holders.set(termKey(collection, term), null)
    }
    this.#give(collection, id, terms)
    const facts: RowFacts = { changed: this.version, created, changes: (before?.facts.changes ?? 0) + 1, deleted }
    this.own.rows.set(rowKey(collection, id), { collection, id, facts, terms, body })
  }

  #give(collection: string, id: string, terms: readonly Term[]): void {
    for (const term of terms) {
      if (term.unique) this.own.holders.set(termKey(collection, term), id)
      else this.own.give(termKey(collection, term), id)
    }
  }

  #current(collection: string, id: string): Staged | undefined {
    return this.own.rows.get(rowKey(collection, id)) ?? this.#before(collection, id)
  }

  /** As it was before this transaction. */
  #before(collection: string, id: string): Staged | undefined {
    const key = rowKey(collection, id)
    const staged = this.#batch.rows.get(key) ?? this.#read.get(key)
    if (staged !== undefined || this.#read.has(key)) return staged
    const row = this.#reader.row(collection, id, this.#head)
    if (row !== undefined) return this.#remember(collection, id, row)
    this.#read.set(key, undefined)
    return undefined
  }

  /** The row at head. Of many large ones only what is known of them is kept, and no view into their bytes. */
  #remember(collection: string, id: string, row: Uint8Array): Staged {
    const isKept = this.#readBytes + row.length <= bounds.rowBytesKeptMax
    if (isKept) this.#readBytes += row.length
    const terms = isKept ? rowTerms(row) : rowTerms(row).map((term) => ({ ...term, value: Buffer.from(term.value) }))
    const read: Staged = { collection, id, facts: rowFacts(row), terms, body: undefined, row: isKept ? row : undefined }
    this.#read.set(rowKey(collection, id), read)
    return read
  }

  #textOf({ collection, id, body, row }: Staged): string {
    if (body !== undefined) return body
    const read = row ?? this.#reader.row(collection, id, this.#head)
    return read === undefined ? "" : rowText(read)
  }
}

function rowKey(collection: string, id: string): string {
  return `${collection}\0${id}`
}

function termKey(collection: string, term: Term): string {
  return `${collection}\0${term.field}\0${Buffer.from(term.value).toString("latin1")}`
}
