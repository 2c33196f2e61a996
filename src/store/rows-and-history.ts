// Rows, newest and superseded: what an entity was at any version. Knows nothing of what an entity means.
import { invariant } from "../protocol/invariant.ts"
import type { Write } from "../protocol/record.ts"
import { collectionKey, endOfPrefix, entityKey, historyKey, idOfEntityKey, versionKey } from "./keys.ts"
import { rowChanged, rowDeleted, rowFacts, rowFill, rowHead, rowTerms, withTerms } from "./row.ts"
import type { EntityRow, Page, PageQuery } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { StateSum } from "./state-sum.ts"
import type { Table } from "./tables.ts"
import { sameTerm } from "./term-index.ts"

/** What one write made of an entity's newest row. */
export interface RowChange {
  readonly collection: string
  readonly id: string
  /** Of the record with the write. */
  readonly version: number
  /** Large ones without their bodies: one version may supersede many. */
  readonly before: Uint8Array | undefined
  readonly row: Uint8Array
}

export class RowsAndHistory {
  constructor(
    private readonly rows: Table,
    private readonly history: Table,
    private readonly pageScanMax: number,
    private readonly pageBytesMax: number,
    /** Moves with every newest row. */
    private readonly state: StateSum,
  ) {}

  /** One get, however long the history, unless the newest row is newer than `at`. */
  at(collection: string, id: string, at: number): Buffer | undefined {
    const key = entityKey(collection, id)
    const newest = this.rows.get(key)
    return newest === undefined ? undefined : this.#asOf(newest, key, at)
  }

  /** Of an entity by its newest row. One that was made after `at` and never changed has no past to look for. */
  #asOf(newest: Buffer, key: Buffer, at: number): Buffer | undefined {
    if (rowChanged(newest) <= at) return newest
    return rowFacts(newest).changes === 1 ? undefined : this.#superseded(key, at)
  }

  newest(collection: string, id: string): Buffer | undefined {
    return this.rows.get(entityKey(collection, id))
  }

  /** The superseded row with the greatest version ≤ `at`. */
  superseded(collection: string, id: string, at: number): Buffer | undefined {
    return this.#superseded(entityKey(collection, id), at)
  }

  #superseded(key: Buffer, at: number): Buffer | undefined {
    const start = Buffer.concat([key, versionKey(at)])
    for (const { value } of this.history.getRange({ start, end: key, reverse: true, limit: 1 })) return value
    return undefined
  }

  page(collection: string, { at, after, limit }: PageQuery): Page {
    const prefix = collectionKey(collection)
    const start = after === undefined ? prefix : endOfPrefix(entityKey(collection, after))
    const found: EntityRow[] = []
    let looked = 0
    let bytes = 0
    let last: string | undefined
    // One more than asked for tells whether there is a next page.
    for (const { key, value } of this.rows.getRange({ start, end: endOfPrefix(prefix), limit: this.pageScanMax })) {
      looked++
      const id = idOfEntityKey(key, collection)
      const row = this.#asOf(value, key, at)
      if (row !== undefined && !rowDeleted(row)) {
        bytes += row.length
        if (found.length === limit || (found.length > 0 && bytes > this.pageBytesMax)) return { rows: found, next: found.at(-1)?.id }
        found.push({ id, row })
      }
      last = id
    }
    return { rows: found, next: looked === this.pageScanMax ? last : undefined }
  }

  versions(collection: string, id: string, at: number, limit: number): Buffer[] {
    const found: Buffer[] = []
    const newest = this.newest(collection, id)
    if (newest !== undefined && rowChanged(newest) <= at) found.push(newest)
    if (found.length >= limit) return found
    let bytes = found[0]?.length ?? 0
    const range = { start: historyKey(collection, id, at), end: entityKey(collection, id), reverse: true, limit: limit - found.length }
    for (const { value } of this.history.getRange(range)) {
      bytes += value.length
      if (found.length > 0 && bytes > this.pageBytesMax) break
      found.push(value)
    }
    return found
  }

  /** Inside a transaction. */
  put(write: Write): RowChange {
    if (rowFill(write.row)) return this.#fill(write)
    const { collection, id, row } = write
    const key = entityKey(collection, id)
    const before = this.rows.get(key)
    const version = rowChanged(row)
    invariant(before === undefined || rowChanged(before) < version, "I7", "a row would replace one that is not older")
    if (before !== undefined) this.history.put(historyKey(collection, id, rowChanged(before)), before)
    this.rows.put(key, row as Buffer)
    this.state.change(key, before, row)
    return { collection, id, version, before: before && rowHead(before), row }
  }

  /** The newest row gets more terms, and stays the version that it is. */
  #fill({ collection, id, row: fill }: Write): RowChange {
    const key = entityKey(collection, id)
    const before = this.rows.get(key)
    const { changed: version, created: completes } = rowFacts(fill)
    invariant(before !== undefined && rowChanged(before) === completes && !rowDeleted(before), "I7", "a fill would complete a row that is not the newest")
    const [had, added] = [rowTerms(before), rowTerms(fill)]
    invariant(!added.some((term) => had.some((other) => sameTerm(other, term))), "I7", "a fill would add what is there")
    const row = withTerms(before, [...had, ...added.map((term) => ({ ...term, since: version }))])
    this.rows.put(key, row)
    this.state.change(key, before, row)
    return { collection, id, version, before, row }
  }

  /** Inside a transaction: takes the newest row away again, or what a fill added to it. `before` is the row that came back. */
  takeBack(write: Write): RowChange {
    if (rowFill(write.row)) return this.#takeFillBack(write)
    const { collection, id, row } = write
    const key = entityKey(collection, id)
    const version = rowChanged(row)
    const before = this.superseded(collection, id, version - 1)
    if (before === undefined) this.rows.remove(key)
    else {
      this.rows.put(key, before)
      this.history.remove(historyKey(collection, id, rowChanged(before)))
    }
    this.state.change(key, row, before)
    return { collection, id, version, before: before && rowHead(before), row }
  }

  #takeFillBack({ collection, id, row: fill }: Write): RowChange {
    const key = entityKey(collection, id)
    const row = this.rows.get(key)
    if (row === undefined) throw new StoreDamaged(`the row of ${collection}/${id} is missing`)
    const version = rowChanged(fill)
    const before = withTerms(row, rowTerms(row).filter(({ since }) => since !== version))
    this.rows.put(key, before)
    this.state.change(key, row, before)
    return { collection, id, version, before, row }
  }

  /** Inside a transaction: takes the superseded row with the greatest version ≤ `at` away, for good. Returns it. */
  forget(collection: string, id: string, at: number): Buffer | undefined {
    const row = this.superseded(collection, id, at)
    if (row !== undefined) this.history.remove(historyKey(collection, id, rowChanged(row)))
    return row
  }

  /** The same of a version, where it is superseded. */
  forgetVersion(collection: string, id: string, version: number): void {
    this.history.remove(historyKey(collection, id, version))
  }

  /** Inside a transaction: takes the newest row away, for good. */
  forgetNewest(collection: string, id: string): void {
    this.rows.remove(entityKey(collection, id))
  }
}
