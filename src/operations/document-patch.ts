// document.patch: changes a document's value by a JSON merge patch.
import * as v from "valibot"
import { putDocument, whyNoDocument } from "./document.ts"
import { collectionNameField, idField, jsonObjectField } from "./fields.ts"
import { mergePatch } from "./merge-patch.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: idField, patch: jsonObjectField })

export const documentPatch = operation<v.InferOutput<typeof schema>>({
  name: "document.patch",
  scope: "write",
  schema,
  target: ({ collection, id }) => ({ collection, id }),
  run: ({ collection, id, patch }, view) => {
    const refused = whyNoDocument(view, collection, id)
    if (refused !== undefined) return refused
    return putDocument(view, collection, id, mergePatch(view.find(collection, id)?.["value"], patch))
  },
})
