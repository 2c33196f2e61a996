// Index entries with the versions between which they held. They follow from the terms that rows carry.
// A unique value has one entry, found with one get: its key ends with the value and it names the holder. Other values
// have an entry for each holder. Ended entries of both kinds have the holder and the beginning in their key, and are filed by
// the fork of their versions (version-fork.ts): one entity has at most one of a value at one fork.
import { endOfPrefix, endedKey, fieldPrefix, forkPrefix, formerPrefix, indexKey, indexPrefix, textFrom, versionAtEnd, versionBytes, versionKey, versionOf } from "./keys.ts"
import { rowTerms, type Term } from "./row.ts"
import type { RowChange } from "./rows-and-history.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { WalkPage, WalkQuery } from "./store.ts"
import type { Table } from "./tables.ts"
import { isWithin, rangeOf, type WalkEntry, walkPage } from "./term-walk.ts"
import { forkOf, pathOf } from "./version-fork.ts"

/** When an entity had a term that it has no more. */
export interface Former {
  readonly since: number
  /** The first version without it. */
  readonly end: number
}

export class TermIndex {
  /** The newest version at which a term of a field ended: reads as of that version or later need no ended entries. */
  readonly #newestEnds = new Map<string, number>()

  constructor(
    private readonly current: Table,
    private readonly ended: Table,
    /** The head that was there when the process began: everything in the table had ended by then. */
    private readonly firstHead: number,
  ) {}

  /** The entity that held a unique value as of `at`. */
  lookup(collection: string, field: string, value: Uint8Array, at: number): string | undefined {
    const entry = this.current.get(indexPrefix(collection, field, value))
    if (entry !== undefined && versionOf(entry) <= at) return textFrom(entry, versionBytes)
    const forks = this.#forks(collection, field, at)
    if (forks.length === 0) return undefined
    const exact = { value, inclusive: true }
    const query: WalkQuery = { at, reverse: false, limit: 1, from: exact, to: exact }
    return walkPage(this.#formers(collection, field, forks, query), query, Number.POSITIVE_INFINITY).entries[0]?.id
  }

  /** The entries of a field in order. */
  walk(collection: string, field: string, query: WalkQuery, scanMax: number): WalkPage {
    const formers = this.#formers(collection, field, this.#forks(collection, field, query.at), query)
    return walkPage([this.#holding(collection, field, query), ...formers], query, scanMax)
  }

  *#holding(collection: string, field: string, query: WalkQuery): Iterable<WalkEntry> {
    const prefix = fieldPrefix(collection, field)
    const { at, reverse, after } = query
    // Going up, the range begins behind the key of a unique value, which has no id; but who has it may come after that place.
    const key = after === undefined || reverse ? undefined : indexPrefix(collection, field, after.value)
    if (key !== undefined && isWithin(key, rangeOf(prefix, { ...query, after: undefined }))) {
      const value = this.current.get(key)
      if (value !== undefined) yield holdingEntry(key.subarray(prefix.length), value, at)
    }
    for (const { key, value } of this.current.getRange(rangeOf(prefix, query))) yield holdingEntry(key.subarray(prefix.length), value, at)
  }

  #formers(collection: string, field: string, forks: readonly number[], query: WalkQuery): Iterable<WalkEntry>[] {
    return forks.map((fork) => this.#formersAt(forkPrefix(collection, field, fork), query))
  }

  *#formersAt(prefix: Buffer, query: WalkQuery): Iterable<WalkEntry> {
    for (const { key, value } of this.ended.getRange(rangeOf(prefix, query))) {
      yield { order: key.subarray(prefix.length, -versionBytes), isHeld: versionAtEnd(key) <= query.at && versionOf(value) > query.at }
    }
  }

  /** Where the ended entries are that held as of `at`. */
  #forks(collection: string, field: string, at: number): number[] {
    const newestEnd = this.#newestEnds.get(`${collection}\0${field}`) ?? this.firstHead
    return at >= newestEnd ? [] : pathOf(at, newestEnd - 1)
  }

  /** When an entity had a term as of `at` that it has no more. */
  former(collection: string, { field, value }: Term, id: string, at: number): Former | undefined {
    for (const fork of this.#forks(collection, field, at)) {
      const prefix = formerPrefix(collection, field, fork, value, id)
      for (const entry of this.ended.getRange({ start: prefix, end: endOfPrefix(prefix) })) {
        const found: Former = { since: versionAtEnd(entry.key), end: versionOf(entry.value) }
        if (found.since <= at && found.end > at) return found
      }
    }
    return undefined
  }

  /** The version since which an entity has a term, in doubt or not; undefined where it has it not. */
  since(collection: string, term: Term, id: string): number | undefined {
    const entry = this.current.get(entryKey(collection, term, id))
    if (entry === undefined || (term.unique && textFrom(entry, versionBytes) !== id)) return undefined
    return versionOf(entry)
  }

  /** Inside a transaction: the terms of one version's writes. Returns why not, where a unique value has a holder. */
  change(changes: readonly RowChange[]): string | undefined {
    // What ends ends first: a value may pass from one entity to another in one version.
    for (const change of changes) this.#end(change)
    for (const change of changes) {
      const taken = this.#begin(change)
      if (taken !== undefined) return taken
    }
    return undefined
  }

  #end({ collection, id, version: end, before, row }: RowChange): void {
    if (before === undefined) return
    const now = rowTerms(row)
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const since = this.since(collection, term, id)
      if (since === undefined) throw new StoreDamaged(`the index entry of ${collection}/${id} for ${term.field} is missing`)
      this.current.remove(entryKey(collection, term, id))
      this.ended.put(formerKey(collection, term, id, { since, end }), versionKey(end))
      this.#newestEnds.set(`${collection}\0${term.field}`, end)
    }
  }

  #begin({ collection, id, version, before, row }: RowChange): string | undefined {
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
  changeBack(changes: readonly RowChange[]): void {
    for (const { collection, id, before, row } of changes) {
      const old = before === undefined ? [] : rowTerms(before)
      for (const term of rowTerms(row)) if (!contains(old, term)) this.current.remove(entryKey(collection, term, id))
    }
    for (const change of changes) this.#resume(change)
  }

  /** Inside a transaction: takes the entries away that this write ended, for good. Gives how many. */
  forget({ collection, id, version, before, row }: RowChange): number {
    if (before === undefined) return 0
    const now = rowTerms(row)
    let count = 0
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const former = this.former(collection, term, id, version - 1)
      if (former?.end !== version) continue
      this.ended.remove(formerKey(collection, term, id, former))
      count++
    }
    return count
  }

  #resume({ collection, id, version, before, row }: RowChange): void {
    if (before === undefined) return
    const now = rowTerms(row)
    for (const term of rowTerms(before)) {
      if (contains(now, term)) continue
      const former = this.former(collection, term, id, version - 1)
      if (former?.end !== version) {
        throw new StoreDamaged(`the index history of ${collection}/${id} for ${term.field} does not end with version ${version}`)
      }
      this.ended.remove(formerKey(collection, term, id, former))
      this.current.put(entryKey(collection, term, id), entryValue(term, former.since, id))
    }
  }
}

/** Where the ended entry of a term that an entity had is found. */
export function formerKey(collection: string, { field, value }: Term, id: string, { since, end }: Former): Buffer {
  return endedKey(collection, field, forkOf(since, end - 1), value, id, since)
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

/** From the part of a key behind the field: of a unique value it lacks the holder. */
function holdingEntry(rest: Buffer, value: Buffer, at: number): WalkEntry {
  const isUnique = rest.indexOf(0) === rest.length - 1
  return { order: isUnique ? Buffer.concat([rest, value.subarray(versionBytes), rest.subarray(-1)]) : rest, isHeld: versionOf(value) <= at }
}

function contains(terms: readonly Term[], term: Term): boolean {
  return terms.some((other) => sameTerm(other, term))
}

/** Whatever added them. */
export function sameTerm(a: Term, b: Term): boolean {
  return a.field === b.field && a.unique === b.unique && Buffer.compare(a.value, b.value) === 0
}
