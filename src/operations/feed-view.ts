// What one reader of the change feed gets to see. Every change that the feed shows passes `shownOf`, and no other way out
// may be added: hidden collections never appear.
import { rowDeleted, rowFill, rowText } from "../store/row.ts"
import { isWithin, type Reach } from "./access.ts"
import { type ChangeKind, changeKind } from "./change.ts"
import { hiddenCollections } from "./hidden-collections.ts"

export interface FeedView {
  /** Views with the same key show the same, so that what was encoded for one reader serves all of them. */
  readonly key: string
  /** Only changes in these; undefined for all. */
  readonly collections: ReadonlySet<string> | undefined
  /** What of a collection its reader may see now; undefined for all, always. What such a view shows changes with the rules. */
  readonly reach?: (collection: string) => Reach
}

export interface ShownChange {
  readonly change: ChangeKind
  /** JSON text. */
  readonly value: string
}

export function feedView(collections: readonly string[] | undefined, reach?: FeedView["reach"]): FeedView {
  const names = collections === undefined ? undefined : [...new Set(collections)].sort()
  const view = { key: names?.join(",") ?? "", collections: names && new Set(names) }
  return reach === undefined ? view : { ...view, reach }
}

/** What `view` shows of one write, if anything; `before` finds the row that it superseded. */
export function shownOf(view: FeedView, collection: string, row: Uint8Array, before: () => Uint8Array | undefined): ShownChange | undefined {
  if (hiddenCollections.has(collection) || rowFill(row)) return undefined
  if (view.collections !== undefined && !view.collections.has(collection)) return undefined
  const reach = view.reach?.(collection) ?? "all"
  if (isRowWithin(reach, collection, row)) return { change: changeKind(row, before), value: rowDeleted(row) ? "null" : rowText(row) }
  if (reach === "none") return undefined
  // What was seen goes out of sight: deleted, or handed to somebody else.
  const superseded = before()
  return superseded !== undefined && isRowWithin(reach, collection, superseded) ? { change: "deleted", value: "null" } : undefined
}

function isRowWithin(reach: Reach, collection: string, row: Uint8Array): boolean {
  if (typeof reach === "string") return reach === "all"
  return !rowDeleted(row) && isWithin(reach, collection, JSON.parse(rowText(row)) as { readonly [field: string]: unknown })
}
