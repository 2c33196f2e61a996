// How much one page of a list may look at. Small ones let a test reach every edge with a handful of documents.
import { bounds } from "../bounds.ts"

export interface ListLimits {
  /** Entries of a walk whose rows are looked at. */
  readonly scanMax: number
  /** Rows that are looked at, together; the first may be larger. */
  readonly bytesMax: number
  /** Entities that are put in order in memory. */
  readonly sortMax: number
  /** Entities that are counted. */
  readonly countMax: number
}

export const listLimits: ListLimits = {
  scanMax: bounds.pageScanMax,
  bytesMax: bounds.pageBytesMax,
  sortMax: bounds.sortInMemoryMax,
  countMax: bounds.countScanMax,
}
