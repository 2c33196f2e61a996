// Committed records as items of the change feed: whole versions, in order. A version of which a view shows nothing has no
// item. Must never be asked for a version above what is committed.
import { openChanges, type SealedRecord } from "../protocol/record.ts"
import { oldestOf } from "../store/horizon.ts"
import type { Reader } from "../store/store.ts"
import { type FeedView, shownOf } from "./feed-view.ts"

export interface FeedItem {
  readonly version: number
  /** JSON. */
  readonly text: string
}

export interface FeedPage {
  readonly items: readonly FeedItem[]
  /** Everything up to and including this version has been looked at: the next page begins behind it. */
  readonly last: number
}

export interface FeedQuery {
  /** Begins behind this version. */
  readonly after: number
  /** Committed: nothing above it is looked at. */
  readonly to: number
  readonly itemsMax: number
  /** Records that are looked at. */
  readonly recordsMax: number
  /** Of the records that are looked at; the first may be larger. */
  readonly bytesMax: number
}

/** A page may be short, even empty, and `last` still be below `to`: what is looked at has bounds. */
export function feedPage(reader: Reader, view: FeedView, { after, to, itemsMax, recordsMax, bytesMax }: FeedQuery): FeedPage {
  const items: FeedItem[] = []
  const end = Math.min(to, after + recordsMax)
  let bytes = 0
  let last = after
  while (last < end && items.length < itemsMax) {
    const record = reader.record(last + 1)
    // Behind the end of the log there is none: whoever passed `to` was wrong.
    if (record === undefined) throw new Error(`version ${last + 1} is not in the log`)
    bytes += record.bytes.length
    if (last > after && bytes > bytesMax) break
    last = record.version
    const text = itemText(reader, view, record)
    if (text !== undefined) items.push({ version: last, text })
  }
  return { items, last }
}

/** Undefined where the view shows nothing of the record. */
function itemText(reader: Reader, view: FeedView, { bytes, version, timeMs }: SealedRecord): string | undefined {
  const { meta, writes } = openChanges(bytes)
  const changes: string[] = []
  for (const { collection, id, row } of writes) {
    // Of a collection that keeps less than the log, what was before may be gone on one node, and not yet on the other.
    const isKept = version > oldestOf(reader.horizon(), collection)
    const shown = shownOf(view, collection, row, () => (isKept ? reader.row(collection, id, version - 1) : undefined))
    if (shown === undefined) continue
    changes.push(`{"collection":${JSON.stringify(collection)},"id":${JSON.stringify(id)},"change":"${shown.change}","value":${shown.value}}`)
  }
  if (changes.length === 0) return undefined
  const head = JSON.stringify({ version, time: new Date(timeMs).toISOString(), principal: meta.principal, note: meta.note ?? null })
  return `${head.slice(0, -1)},"changes":[${changes.join(",")}]}`
}
