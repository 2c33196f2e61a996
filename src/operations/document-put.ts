// document.put: a document's whole new value; creates it where it is not there.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { putting } from "./document-access.ts"
import { definitionOf, putDocument } from "./document.ts"
import { documentShape, writtenExample } from "./document-shape.ts"
import { collectionNameField, idField, jsonObjectField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: v.optional(idField), value: jsonObjectField })

export const documentPut = operation<v.InferOutput<typeof schema>>({
  name: "document.put",
  summary: "Gives a document a whole new value, and makes it where it is not there.",
  scope: "write",
  schema,
  result: documentShape,
  example: { data: { collection: "goals", id: "g2", value: { title: "Fly" } }, result: writtenExample({ id: "g2", value: { title: "Fly" } }) },
  target: ({ collection, id }) => (id === undefined ? undefined : { collection, id }),
  forUsers: putting,
  run: ({ collection, id: asked, value }, view) => {
    const definition = definitionOf(view, collection)
    return isRefusal(definition) ? definition : putDocument(view, definition, asked ?? view.newId(), value)
  },
})
