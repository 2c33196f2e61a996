// document.put: a document's whole new value; creates it where it is not there.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { definitionOf, putDocument } from "./document.ts"
import { collectionNameField, idField, jsonObjectField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: v.optional(idField), value: jsonObjectField })

export const documentPut = operation<v.InferOutput<typeof schema>>({
  name: "document.put",
  scope: "write",
  schema,
  target: ({ collection, id }) => (id === undefined ? undefined : { collection, id }),
  run: ({ collection, id: asked, value }, view) => {
    const definition = definitionOf(view, collection)
    return isRefusal(definition) ? definition : putDocument(view, definition, asked ?? view.newId(), value)
  },
})
