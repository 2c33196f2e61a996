// document.delete: removes a document; its history stays readable.
import * as v from "valibot"
import { whyNoDocument } from "./document.ts"
import { collectionNameField, idField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: idField })

export const documentDelete = operation<v.InferOutput<typeof schema>>({
  name: "document.delete",
  summary: "Removes a document. Its history stays.",
  scope: "write",
  schema,
  result: v.strictObject({ collection: v.string(), id: v.string() }),
  example: { data: { collection: "goals", id: "g1" }, result: { collection: "goals", id: "g1" } },
  target: ({ collection, id }) => ({ collection, id }),
  run: ({ collection, id }, view) => {
    const refused = whyNoDocument(view, collection, id)
    if (refused !== undefined) return refused
    view.delete(collection, id)
    return { kind: "value", value: { collection, id } }
  },
})
