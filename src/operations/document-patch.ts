// document.patch: changes a document's value by a JSON merge patch.
import * as v from "valibot"
import { documentShape, rewrittenExample } from "./document-shape.ts"
import { putDocument, whyNoDocument } from "./document.ts"
import { collectionNameField, idField, jsonObjectField } from "./fields.ts"
import { mergePatch } from "./merge-patch.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: idField, patch: jsonObjectField })

export const documentPatch = operation<v.InferOutput<typeof schema>>({
  name: "document.patch",
  summary: "Changes a document's value by a JSON merge patch (RFC 7396).",
  scope: "write",
  schema,
  result: documentShape,
  example: { data: { collection: "goals", id: "g1", patch: { done: null, title: "Fly" } }, result: rewrittenExample({ owner: "ada", title: "Fly" }) },
  target: ({ collection, id }) => ({ collection, id }),
  run: ({ collection, id, patch }, view) => {
    const refused = whyNoDocument(view, collection, id)
    if (refused !== undefined) return refused
    return putDocument(view, collection, id, mergePatch(view.find(collection, id)?.["value"], patch))
  },
})
