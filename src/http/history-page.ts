// One page of an entity's history: those of its versions that the asker may see. Must never show one above `from`.
import { bounds } from "../bounds.ts"
import type { Reach } from "../operations/access.ts"
import { changeKind } from "../operations/change.ts"
import { openRecord, type SealedRecord } from "../protocol/record.ts"
import { rowChanged, rowDeleted, rowFacts, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { diff, type Json } from "./json-patch.ts"
import { operationOn } from "./operation-on.ts"
import { isSeen } from "./reach.ts"

export interface Entity {
  readonly reader: Reader
  readonly collection: string
  readonly id: string
  /** Versions that are not within it are passed by. */
  readonly reach: Reach
  /** The oldest version that is kept of it. */
  readonly oldest: number
}

export interface HistoryPage {
  readonly items: readonly object[]
  /** The last version that was looked at. */
  readonly last: number
  readonly isMore: boolean
}

/** Goes on until there is something to show: a page without items says that there is nothing at all, within a bound. */
export function shownPage(entity: Entity, from: number, limit: number): HistoryPage {
  let at = from
  for (let looked = 0; ; ) {
    const rows = at < entity.oldest ? [] : keptRows(entity, at, limit)
    const page = itemsOf(entity, rows)
    looked += rows.length
    if (page.items.length > 0 || !page.isMore || looked >= bounds.pageScanMax) return page
    at = page.last - 1
  }
}

/** Newest first, what is known of an entity: as it was at the horizon, and what it became since. The disk may have more still. */
function keptRows({ reader, collection, id, oldest }: Entity, at: number, limit: number): readonly Uint8Array[] {
  const rows = reader.history(collection, id, { at, limit })
  const base = rows.findIndex((row) => rowChanged(row) <= oldest)
  if (base < 0) return rows
  return rows.slice(0, rowDeleted(rows[base] as Uint8Array) ? base : base + 1)
}

/** The items of as many rows as fit. */
function itemsOf(entity: Entity, rows: readonly Uint8Array[]): HistoryPage {
  const { reader, oldest } = entity
  const items: object[] = []
  let bytes = 0
  let last = 0
  for (const [n, row] of rows.entries()) {
    const changed = rowChanged(row)
    // The difference is from the one before it, which the next page shows where this one ends here.
    const before = changed <= oldest ? undefined : (rows[n + 1] ?? keptRows(entity, changed - 1, 1)[0])
    if (isVersionSeen(entity, row, before)) {
      const record = changed < reader.horizon().log ? undefined : reader.record(changed)
      bytes += record?.bytes.length ?? 0
      if (n > 0 && bytes > bounds.historyRecordBytesMax) return { items, last, isMore: true }
      items.push(changed <= oldest ? oldestItem(entity, row, record) : itemOf(entity, row, record, before))
    }
    last = changed
    if (n === rows.length - 1) return { items, last, isMore: before !== undefined }
  }
  return { items, last, isMore: false }
}

/** Of a deletion, what was deleted must have been within reach. */
function isVersionSeen({ collection, reach }: Entity, row: Uint8Array, before: Uint8Array | undefined): boolean {
  const shown = rowDeleted(row) ? before : row
  return reach === "all" || (shown !== undefined && !rowDeleted(shown) && isSeen(reach, collection, shown))
}

function itemOf({ collection, id, reach }: Entity, row: Uint8Array, sealed: SealedRecord | undefined, before: Uint8Array | undefined): object {
  const value = valueOf(row)
  const record = sealed === undefined ? undefined : openRecord(sealed.bytes)
  const isBeforeSeen = before !== undefined && !rowDeleted(before) && isSeen(reach, collection, before)
  return {
    version: rowChanged(row),
    time: record === undefined ? null : new Date(record.timeMs).toISOString(),
    principal: record?.meta.principal ?? null,
    note: record?.meta.note ?? null,
    op: record === undefined ? null : operationOn(record, collection, id),
    change: changeKind(row, () => before),
    value,
    // Applies to the `value` of the item before: null where there was none, where it was deleted or where it is not shown.
    diff: diff(isBeforeSeen ? valueOf(before) : null, value),
  }
}

/** What was before it is not kept; and where its record is not either, only the entity itself says when it was. */
function oldestItem(entity: Entity, row: Uint8Array, record: SealedRecord | undefined): object {
  const item = itemOf(entity, row, record, undefined)
  const { changed, created } = rowFacts(row)
  const { updatedAt } = valueOf(row) as { readonly updatedAt: string }
  return { ...item, time: updatedAt, ...(created === changed ? {} : { diff: null }) }
}

function valueOf(row: Uint8Array): Json {
  if (rowDeleted(row)) return null
  return JSON.parse(rowText(row)) as Json
}
