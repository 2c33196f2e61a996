// Index entries with the versions between which they held. They follow from the terms that rows carry.
// A unique value has one entry, found with one get: its key ends with the value and it names the holder. Other values
// have an entry for each holder. Ended entries of both kinds have the holder and the beginning in their key.
import { endOfPrefix, endedKey, fieldPrefix, idOfIndexKey, indexKey, indexPrefix, textFrom, versionAtEnd, versionBytes, versionKey, versionOf } from "./keys.ts"
import { rowChanged, rowTerms, type Term } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { HoldersPage, PageQuery, WalkPage, WalkQuery } from "./store.ts"
import type { Range, Table } from "./tables.ts"
import { rangeOf, type WalkEntry, walkPage } from "./term-walk.ts"

/** What the superseded row and the new row of one write say of an entity's terms. */
export interface TermChange {
  readonly collection: string
  readonly id: string
  readonly before: Uint8Array | undefined
  readonly row: Uint8Array
}

/** An entity that has or had a value, by its index key, and whether it did as of the version that was asked for. */
interface Holder {
  readonly key: Buffer
  readonly held: boolean
}

export class TermIndex {
  constructor(
    private readonly current: Table,
    private readonly ended: Table,
  ) {}

  /** The entity that held a unique value as of `at`. What ended did so at `head` at the latest. */
  lookup(collection: string, field: string, value: Uint8Array, at: number, head: number): string | undefined {
    const prefix = indexPrefix(collection, field, value)
    const entry = this.current.get(prefix)
    if (entry !== undefined && versionOf(entry) <= at) return textFrom(entry, versionBytes)
    if (at >= head) return undefined
    return this.#formerHolder(prefix, at)
  }

  #formerHolder(prefix: Buffer, at: number): string | undefined {
    for (const { key, held } of this.#formers(prefix, prefix, at)) if (held) return idOfIndexKey(key, prefix.length)
    return undefined
  }

  #formerHolders(prefix: Buffer, start: Buffer, at: number, limit: number): Holder[] {
    const found: Holder[] = []
    for (const former of this.#formers(prefix, start, at)) if (found.push(former) === limit) break
    return found
  }

  /** A seek or two for each entity that once held the value, however often it did. */
  *#formers(prefix: Buffer, from: Buffer, at: number): Iterable<Holder> {
    const end = endOfPrefix(prefix)
    for (let start = from; ; ) {
      const [next] = [...this.ended.getKeys({ start, end, limit: 1 })]
      if (next === undefined) return
      const key = next.subarray(0, next.length - versionBytes)
      const [newest] = [...this.ended.getRange({ start: endedKey(key, at), end: key, reverse: true, limit: 1 })]
      yield { key, held: newest !== undefined && versionOf(newest.value) > at }
      start = endOfPrefix(key)
    }
  }

  /** The entities that held a value that is not unique, of which there may be many, as of `at`. */
  holders(collection: string, field: string, value: Uint8Array, { at, after, limit }: PageQuery, head: number): HoldersPage {
    const prefix = indexPrefix(collection, field, value)
    const start = after === undefined ? prefix : endOfPrefix(indexKey(collection, field, value, after))
    const now = [...this.current.getRange({ start, end: endOfPrefix(prefix), limit })].map((entry) => ({ key: entry.key, held: versionOf(entry.value) <= at }))
    const former = at >= head ? [] : this.#formerHolders(prefix, start, at, limit)
    // As far as both are known: behind its last one, a full list may go on.
    const [end] = [now, former].flatMap((list) => (list.length < limit ? [] : list.slice(-1).map(({ key }) => key))).sort(Buffer.compare)
    const held = [...now, ...former].filter((one) => one.held && (end === undefined || one.key.compare(end) <= 0))
    const ids = held.map(({ key }) => key).sort(Buffer.compare).map((key) => idOfIndexKey(key, prefix.length))
    if (ids.length > limit) return { ids: ids.slice(0, limit), next: ids[limit - 1] }
    return { ids, next: end === undefined ? undefined : idOfIndexKey(end, prefix.length) }
  }

  /** The entries of an index in order. */
  walk(collection: string, field: string, query: WalkQuery, scanMax: number): WalkPage {
    const prefix = fieldPrefix(collection, field)
    return walkPage([this.#currentEntries(prefix.length, rangeOf(prefix, query), query.at)], query, scanMax)
  }

  *#currentEntries(prefixBytes: number, range: Range, at: number): Iterable<WalkEntry> {
    for (const { key, value } of this.current.getRange(range)) {
      const order = key.subarray(prefixBytes)
      const isUnique = order.indexOf(0) === order.length - 1
      yield { order: isUnique ? Buffer.concat([order, value.subarray(versionBytes), order.subarray(-1)]) : order, isHeld: versionOf(value) <= at }
    }
  }

  /** The version since which an entity has a term, in doubt or not; undefined where it has it not. */
  since(collection: string, term: Term, id: string): number | undefined {
    const entry = this.current.get(entryKey(collection, term, id))
    if (entry === undefined || (term.unique && textFrom(entry, versionBytes) !== id)) return undefined
    return versionOf(entry)
  }

  /** Inside a transaction: the terms of one version's writes. Returns why not, where a unique value has a holder. */
  change(changes: readonly TermChange[]): string | undefined {
    // What ends ends first: a value may pass from one entity to another in one version.
    for (const change of changes) this.#end(change)
    for (const change of changes) {
      const taken = this.#begin(change)
      if (taken !== undefined) return taken
    }
    return undefined
  }

  #end({ collection, id, before, row }: TermChange): void {
    if (before === undefined) return
    const now = rowTerms(row)
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const since = this.since(collection, term, id)
      if (since === undefined) throw new StoreDamaged(`the index entry of ${collection}/${id} for ${term.field} is missing`)
      this.current.remove(entryKey(collection, term, id))
      this.ended.put(endedKey(indexKey(collection, term.field, term.value, id), since), versionKey(rowChanged(row)))
    }
  }

  #begin({ collection, id, before, row }: TermChange): string | undefined {
    const version = rowChanged(row)
    const old = before === undefined ? [] : rowTerms(before)
    for (const term of rowTerms(row)) {
      if (contains(old, term)) continue
      const key = entryKey(collection, term, id)
      const held = term.unique ? this.current.get(key) : undefined
      if (held !== undefined) return `version ${version} gives ${collection}/${id} a ${term.field} that ${collection}/${textFrom(held, versionBytes)} has`
      this.current.put(key, entryValue(term, version, id))
    }
    return undefined
  }

  /** Inside a transaction: the reverse of `change`. */
  changeBack(changes: readonly TermChange[]): void {
    for (const { collection, id, before, row } of changes) {
      const old = before === undefined ? [] : rowTerms(before)
      for (const term of rowTerms(row)) if (!contains(old, term)) this.current.remove(entryKey(collection, term, id))
    }
    for (const change of changes) this.#resume(change)
  }

  /** Inside a transaction: takes the entries away that this write ended, for good. Gives how many. */
  forget({ collection, id, before, row }: TermChange): number {
    if (before === undefined) return 0
    const now = rowTerms(row)
    let count = 0
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const since = this.sinceOfEnded(collection, term, id, rowChanged(row))
      if (since === undefined) continue
      this.ended.remove(endedKey(indexKey(collection, term.field, term.value, id), since))
      count++
    }
    return count
  }

  /** The version since which an entity had a term until version `end`; undefined where it does not end there. */
  sinceOfEnded(collection: string, { field, value }: Term, id: string, end: number): number | undefined {
    const key = indexKey(collection, field, value, id)
    const [ended] = [...this.ended.getRange({ start: endedKey(key, end), end: key, reverse: true, limit: 1 })]
    return ended === undefined || versionOf(ended.value) !== end ? undefined : versionAtEnd(ended.key)
  }

  #resume({ collection, id, before, row }: TermChange): void {
    if (before === undefined) return
    const version = rowChanged(row)
    const now = rowTerms(row)
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const key = indexKey(collection, term.field, term.value, id)
      // The newest of the times it ended: the one that `change` wrote.
      const [newest] = [...this.ended.getRange({ start: endOfPrefix(key), end: key, reverse: true, limit: 1 })]
      if (newest === undefined || versionOf(newest.value) !== version) {
        throw new StoreDamaged(`the index history of ${collection}/${id} for ${term.field} does not end with version ${version}`)
      }
      this.ended.remove(newest.key)
      this.current.put(entryKey(collection, term, id), entryValue(term, versionAtEnd(newest.key), id))
    }
  }
}

/** Where the entry of a term that an entity has is found. */
export function entryKey(collection: string, { field, value, unique }: Term, id: string): Buffer {
  return unique ? indexPrefix(collection, field, value) : indexKey(collection, field, value, id)
}

/** What that entry holds. */
export function entryValue({ unique }: Term, since: number, id: string): Buffer {
  if (!unique) return versionKey(since)
  const value = Buffer.allocUnsafe(versionBytes + Buffer.byteLength(id))
  value.writeUIntBE(since, 0, versionBytes)
  value.write(id, versionBytes, "utf8")
  return value
}

function contains(terms: readonly Term[], term: Term): boolean {
  return terms.some((other) => sameTerm(other, term))
}

export function sameTerm(a: Term, b: Term): boolean {
  return a.field === b.field && a.unique === b.unique && Buffer.compare(a.value, b.value) === 0
}
