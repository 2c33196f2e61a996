// document.patch: changes a document's value by a JSON merge patch.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { updating } from "./document-access.ts"
import { findDocument, putDocument } from "./document.ts"
import { collectionNameField, idField, type JsonObject, jsonObjectField } from "./fields.ts"
import { documentShape, rewrittenExample } from "./document-shape.ts"
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
  forUsers: (data, view, run) => updating(data, view, run, "/patch"),
  run: ({ collection, id, patch }, view) => {
    const found = findDocument(view, collection, id)
    if (isRefusal(found)) return found
    return putDocument(view, found.definition, id, mergePatch(found.value, patch) as JsonObject, { pointer: "/patch" })
  },
})
