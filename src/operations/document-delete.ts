// document.delete: removes a document; its history stays readable.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { deleting } from "./document-access.ts"
import { findDocument } from "./document.ts"
import { collectionNameField, idField } from "./fields.ts"
import { operation } from "./operation.ts"
import { deleteReferenced } from "./referrers.ts"

const schema = v.strictObject({ collection: collectionNameField, id: idField })

export const documentDelete = operation<v.InferOutput<typeof schema>>({
  name: "document.delete",
  summary: "Removes a document. Its history stays.",
  scope: "write",
  schema,
  result: v.strictObject({ collection: v.string(), id: v.string() }),
  example: { data: { collection: "goals", id: "g1" }, result: { collection: "goals", id: "g1" } },
  target: ({ collection, id }) => ({ collection, id }),
  forUsers: deleting,
  run: ({ collection, id }, view) => {
    const found = findDocument(view, collection, id)
    if (isRefusal(found)) return found
    const refused = deleteReferenced(view, collection, id)
    if (refused !== undefined) return refused
    return { kind: "value", value: { collection, id } }
  },
})
