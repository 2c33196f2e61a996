// Index entries with the versions between which they held. They follow from the terms that rows carry.
// A unique value has one entry, found with one get: its key ends with the value and it names the holder. Other values
// have an entry for each holder. Ended entries of both kinds have the holder and the beginning in their key, and are filed by
// their versions (version-fork.ts), once or twice: one entity has at most one of a value in a drawer.
import { drawerPrefix, endedKey, endOfPrefix, fieldPrefix, formerPrefix, indexKey, indexPrefix, textFrom, versionAtEnd, versionBytes, versionKey, versionOf } from "./keys.ts"
import { rowTerms, type Term } from "./row.ts"
import type { RowChange } from "./rows-and-history.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { HoldersPage, PageQuery, WalkPage, WalkQuery } from "./store.ts"
import type { Table } from "./tables.ts"
import { isWithin, nul, type WalkEntry, walkPage, WalkRange } from "./term-walk.ts"
import { type Drawer, drawersOf, drawersWith } from "./version-fork.ts"

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
    const drawers = this.#drawers(collection, field, at)
    if (drawers.length === 0) return undefined
    const exact = { value, inclusive: true }
    const query: WalkQuery = { at, reverse: false, limit: 1, from: exact, to: exact }
    return walkPage(this.#formers(fieldPrefix(collection, field), drawers, query), query, Number.POSITIVE_INFINITY).entries[0]?.id
  }

  /** The ids of one value in order. */
  holders(collection: string, field: string, value: Uint8Array, { at, after, limit }: PageQuery, scanMax: number): HoldersPage {
    const exact = { value, inclusive: true }
    const query: WalkQuery = { at, reverse: false, limit, from: exact, to: exact, after: after === undefined ? undefined : { value, id: after } }
    const { entries, next } = this.walk(collection, field, query, scanMax)
    return { ids: entries.map(({ id }) => id), next: next?.id }
  }

  /** The entries of a field in order. */
  walk(collection: string, field: string, query: WalkQuery, scanMax: number): WalkPage {
    const prefix = fieldPrefix(collection, field)
    const formers = this.#formers(prefix, this.#drawers(collection, field, query.at), query)
    return walkPage([this.#holding(prefix, query), ...formers], query, scanMax)
  }

  *#holding(prefix: Buffer, query: WalkQuery): Iterable<WalkEntry> {
    const { at, reverse, after } = query
    // Going up, the range begins behind the key of a unique value, which has no id; but who has it may come after that place.
    const key = after === undefined || reverse ? undefined : Buffer.concat([prefix, after.value, nul])
    if (key !== undefined && isWithin(key, new WalkRange({ ...query, after: undefined }).of(prefix))) {
      const value = this.current.get(key)
      if (value !== undefined) yield holdingEntry(key.subarray(prefix.length), value, at)
    }
    for (const { key, value } of this.current.getRange(new WalkRange(query).of(prefix))) yield holdingEntry(key.subarray(prefix.length), value, at)
  }

  #formers(prefix: Buffer, drawers: readonly Drawer[], query: WalkQuery): Iterable<WalkEntry>[] {
    const range = drawers.length === 0 ? undefined : new WalkRange(query)
    return range === undefined ? [] : drawers.map((drawer) => this.#formersIn(drawerPrefix(prefix, drawer), range, query.at))
  }

  *#formersIn(prefix: Buffer, range: WalkRange, at: number): Iterable<WalkEntry> {
    for (const { key, value } of this.ended.getRange(range.of(prefix))) {
      yield { order: key.subarray(prefix.length, -versionBytes), isHeld: versionAtEnd(key) <= at && versionOf(value) > at }
    }
  }

  /** Where the ended entries are that held as of `at`. */
  #drawers(collection: string, field: string, at: number): Drawer[] {
    const newestEnd = this.#newestEnds.get(`${collection}\0${field}`) ?? this.firstHead
    return at >= newestEnd ? [] : drawersWith(at, newestEnd - 1)
  }

  /** When an entity had a term as of `at` that it has no more. */
  former(collection: string, { field, value }: Term, id: string, at: number): Former | undefined {
    for (const drawer of this.#drawers(collection, field, at)) {
      const prefix = formerPrefix(collection, field, drawer, value, id)
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
      for (const key of formerKeys(collection, term, id, { since, end })) this.ended.put(key, versionKey(end))
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
      for (const key of formerKeys(collection, term, id, former)) {
        this.ended.remove(key)
        count++
      }
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
      for (const key of formerKeys(collection, term, id, former)) this.ended.remove(key)
      this.current.put(entryKey(collection, term, id), entryValue(term, former.since, id))
    }
  }
}

/** Where the ended entries of a term that an entity had are found. */
export function formerKeys(collection: string, { field, value }: Term, id: string, { since, end }: Former): Buffer[] {
  return drawersOf(since, end - 1).map((drawer) => endedKey(collection, field, drawer, value, id, since))
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
