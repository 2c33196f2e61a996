// What an operation sees and changes: the state at head, plus the batch so far, plus its own transaction.
// A refused transaction is dropped whole; nothing of it reaches the batch.
import { bounds } from "../bounds.ts"
import type { Write } from "../protocol/record.ts"
import { encodeFill, encodeRow, rowText, rowFacts, type RowFacts, rowTerms, type Term, termsFit } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { sameTerm } from "../store/term-index.ts"
import type { Definition } from "./definition.ts"
import { Overlay, rowKey, type Staged, termKey } from "./overlay.ts"
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

/** How many entities a collection has at most, and how long they are together. */
export interface Few {
  readonly count: number
  readonly bytes: number
  /** Whether thousands of deleted ones may lie between them, which takes its time. */
  readonly deleted: "few" | "any"
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
  /** The same of the rows that they take the place of, as history gets them. */
  superseded = 0
  /** Entities that reverts have looked at so far. */
  reverted = 0
  /** References that deletes have followed so far. */
  referenced = 0
  /** Entities that definitions have looked through so far. */
  lookedThrough = 0

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

  isEmpty(collection: string): boolean {
    return this.idsWhereFew(collection, { count: 0, bytes: 0, deleted: "any" }) !== undefined
  }

  /** All live ids of a collection; undefined where there are more. */
  idsWhereFew(collection: string, { count, bytes, deleted }: Few): string[] | undefined {
    const found = this.#idsWritten(collection)
    let length = 0
    for (const id of found) length += this.#current(collection, id)?.length ?? 0
    let after: string | undefined
    do {
      const { rows, next } = this.#reader.page(collection, { at: this.#head, after, limit: fewPerPage })
      if (deleted === "few" && next !== undefined && rows.length < fewPerPage) return undefined
      for (const { id, row } of rows) {
        if (found.has(id) || !this.#isLive(collection, id, row)) continue
        found.add(id)
        length += row.length
        if (found.size > count || length > bytes) return undefined
      }
      after = next
    } while (after !== undefined)
    return found.size > count || length > bytes ? undefined : [...found]
  }

  /** Live ones that the batch or this transaction has written. */
  #idsWritten(collection: string): Set<string> {
    const found = new Set<string>()
    for (const { rows } of [this.#batch, this.own]) {
      for (const staged of rows.values()) {
        if (staged.collection === collection && this.versionOf(collection, staged.id) !== undefined) found.add(staged.id)
      }
    }
    return found
  }

  /** Of an entity with its row at head. */
  #isLive(collection: string, id: string, row: Uint8Array): boolean {
    if (!this.#read.has(rowKey(collection, id))) this.#remember(collection, id, row)
    return this.versionOf(collection, id) !== undefined
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

  /**
   * Adds terms to a live entity without making a version of it; leaves out those that it has, and does nothing where there is none.
   * False where a row cannot carry so many: then nothing was added.
   */
  fill(collection: string, id: string, terms: readonly Term[]): boolean {
    const now = this.#current(collection, id)
    if (now === undefined || now.facts.deleted) return true
    const added = terms.filter((term) => !now.terms.some((had) => sameTerm(had, term)))
    if (added.length === 0) return true
    const key = rowKey(collection, id)
    const own = this.own.rows.get(key)
    // An index that this transaction began may have been another meanwhile; its terms are the transaction's own, and go.
    const isGone = (term: Term) => added.some(({ field }) => field === term.field) && !terms.some((one) => sameTerm(one, term))
    const gone = (own?.filled ?? own?.terms ?? []).filter(isGone)
    const stays = (term: Term) => !gone.some((other) => sameTerm(other, term))
    const kept = now.terms.filter(stays)
    const isWritten = own !== undefined && own.filled === undefined
    const all = [...kept, ...(isWritten ? added : added.map((term) => ({ ...term, since: this.version })))]
    if (!termsFit(all)) return false
    for (const term of gone) if (term.unique) this.own.holders.set(termKey(collection, term), null)
    this.#give(collection, id, added)
    if (isWritten) this.own.rows.set(key, { ...own, terms: all })
    else this.own.rows.set(key, { ...now, row: undefined, terms: all, filled: [...(own?.filled ?? []).filter(stays), ...added] })
    return true
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
    const length = Buffer.byteLength(body)
    this.bytes += length
    const before = this.#before(collection, id)
    const key = rowKey(collection, id)
    if (before !== undefined && !this.own.rows.has(key)) this.superseded += before.length
    for (const term of this.#current(collection, id)?.terms ?? []) {
      if (term.unique) this.own.holders.set(termKey(collection, term), null)
    }
    this.#give(collection, id, terms)
    const facts: RowFacts = { changed: this.version, created, changes: (before?.facts.changes ?? 0) + 1, deleted }
    this.own.rows.set(key, { collection, id, facts, terms, length, body })
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
    const read: Staged = { collection, id, facts: rowFacts(row), terms, length: row.length, body: undefined, row: isKept ? row : undefined }
    this.#read.set(rowKey(collection, id), read)
    return read
  }

  #textOf({ collection, id, body, row }: Staged): string {
    if (body !== undefined) return body
    const read = row ?? this.#reader.row(collection, id, this.#head)
    return read === undefined ? "" : rowText(read)
  }
}

/** Small, as a few large entities end the look. */
const fewPerPage = 64
