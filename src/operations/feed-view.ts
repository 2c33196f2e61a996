// What one reader of the change feed gets to see. Every change that the feed shows passes `shownOf`, and no other way out
// may be added: hidden collections never appear.
import { rowDeleted, rowFill, rowText } from "../store/row.ts"
import { type ChangeKind, changeKind } from "./change.ts"
import { hiddenCollections } from "./hidden-collections.ts"

export interface FeedView {
  /** Views with the same key show the same, so that what was encoded for one reader serves all of them. */
  readonly key: string
  /** Only changes in these; undefined for all. */
  readonly collections: ReadonlySet<string> | undefined
}

export interface ShownChange {
  readonly change: ChangeKind
  /** JSON text. */
  readonly value: string
}

export function feedView(collections: readonly string[] | undefined): FeedView {
  if (collections === undefined) return { key: "", collections: undefined }
  const names = [...new Set(collections)].sort()
  return { key: names.join(","), collections: new Set(names) }
}

/** What `view` shows of one write, if anything; `before` finds the row that it superseded. */
export function shownOf(view: FeedView, collection: string, row: Uint8Array, before: () => Uint8Array | undefined): ShownChange | undefined {
  if (hiddenCollections.has(collection) || rowFill(row)) return undefined
  if (view.collections !== undefined && !view.collections.has(collection)) return undefined
  return { change: changeKind(row, before), value: rowDeleted(row) ? "null" : rowText(row) }
}
