// Index entries with the versions between which they held. They follow from the terms that rows carry.
import { endOfPrefix, idOfIndexKey, indexKey, indexPrefix, versionAtEnd, versionKey, versionOf } from "./keys.ts"
import { rowChanged, rowTerms, type Term } from "./row.ts"
import type { Table } from "./tables.ts"

export class TermIndex {
  constructor(
    private readonly current: Table,
    private readonly ended: Table,
  ) {}

  lookup(collection: string, field: string, value: Uint8Array, at: number): string | undefined {
    const prefix = indexPrefix(collection, field, value)
    const range = { start: prefix, end: endOfPrefix(prefix) }
    let found: string | undefined
    for (const { key, value: since } of this.current.getRange(range)) {
      if (versionOf(since) > at) continue
      found = idOfIndexKey(key, prefix.length)
      break
    }
    for (const { key, value: end } of this.ended.getRange(range)) {
      if (versionAtEnd(key) > at || versionOf(end) <= at) continue
      const id = idOfIndexKey(key, prefix.length)
      return found === undefined || Buffer.compare(Buffer.from(id), Buffer.from(found)) < 0 ? id : found
    }
    return found
  }

  /** The other entity that holds a unique term now, in doubt or not. */
  holder(collection: string, term: Term, id: string): string | undefined {
    const prefix = indexPrefix(collection, term.field, term.value)
    for (const key of this.current.getKeys({ start: prefix, end: endOfPrefix(prefix), limit: 2 })) {
      const other = idOfIndexKey(key, prefix.length)
      if (other !== id) return other
    }
    return undefined
  }

  /** Inside a transaction: ends the terms that `before` had and `row` lacks, begins those it has anew. */
  change(collection: string, id: string, before: Uint8Array | undefined, row: Uint8Array): void {
    const version = rowChanged(row)
    const old = before === undefined ? [] : rowTerms(before)
    const now = rowTerms(row)
    for (const term of old) {
      if (contains(now, term)) continue
      const key = indexKey(collection, term.field, term.value, id)
      const since = this.current.get(key)
      if (since === undefined) throw new Error(`index entry of ${collection}/${id} is missing`)
      this.current.remove(key)
      this.ended.put(Buffer.concat([key, since]), versionKey(version))
    }
    for (const term of now) {
      if (!contains(old, term)) this.current.put(indexKey(collection, term.field, term.value, id), versionKey(version))
    }
  }

  /** Inside a transaction: the reverse of `change`. */
  changeBack(collection: string, id: string, before: Uint8Array | undefined, row: Uint8Array): void {
    const version = rowChanged(row)
    const old = before === undefined ? [] : rowTerms(before)
    const now = rowTerms(row)
    for (const term of now) if (!contains(old, term)) this.current.remove(indexKey(collection, term.field, term.value, id))
    for (const term of old) {
      if (contains(now, term)) continue
      const key = indexKey(collection, term.field, term.value, id)
      // The newest of the times it ended: the one that `change` wrote.
      for (const { key: endedKey, value } of this.ended.getRange({ start: endOfPrefix(key), end: key, reverse: true, limit: 1 })) {
        if (versionOf(value) !== version) throw new Error(`index history of ${collection}/${id} does not fit version ${version}`)
        this.ended.remove(endedKey)
        this.current.put(key, versionKey(versionAtEnd(endedKey)))
      }
    }
  }
}

function contains(terms: readonly Term[], term: Term): boolean {
  return terms.some((other) => other.field === term.field && Buffer.compare(other.value, term.value) === 0)
}
