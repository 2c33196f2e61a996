// How much one page of a list may look at. Small ones let a test reach every edge with a handful of documents.
import { bounds } from "../../bounds.ts"

export interface ListLimits {
  /** Entries of a walk. */
  readonly scanMax: number
  /** Entries that are looked at before a span is taken to be large. */
  readonly lookMax: number
  /** Rows that are looked at, together; the first may be larger. */
  readonly bytesMax: number
  /** Entities that are put in order in memory. */
  readonly sortMax: number
  /** Entities that are counted. */
  readonly countMax: number
}

export const listLimits: ListLimits = {
  scanMax: bounds.pageScanMax,
  lookMax: bounds.planScanMax,
  bytesMax: bounds.pageBytesMax,
  sortMax: bounds.sortInMemoryMax,
  countMax: bounds.countScanMax,
}
