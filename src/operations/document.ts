// What the document operations share.
import { type Refusal, refuse } from "../refusal.ts"
import type { Result } from "./operation.ts"
import type { Beginning, TransactionView } from "./transaction-view.ts"

export function collectionMissing(name: string, pointer = "/collection"): Refusal {
  return refuse("collection-missing", `There is no collection \`${name}\`.`, { pointer, hint: "Make it with collection.define." })
}

/** Writes a document. Its own fields are under `value`, so they clash with nothing. */
export function putDocument(view: TransactionView, collection: string, id: string, value: unknown, began?: Beginning): Result {
  view.put(collection, id, { collection, value }, [], began)
  return { kind: "entity", collection, id }
}

/** The refusal where the collection or the document is not there. */
export function whyNoDocument(view: TransactionView, collection: string, id: string): Refusal | undefined {
  if (view.versionOf("collections", collection) === undefined) return collectionMissing(collection)
  return view.versionOf(collection, id) === undefined ? documentMissing(collection, id) : undefined
}

export function documentMissing(collection: string, id: string): Refusal {
  return refuse("entity-missing", `There is no \`${id}\` in \`${collection}\`.`, { pointer: "/id" })
}
