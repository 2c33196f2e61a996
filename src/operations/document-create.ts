// document.create: a new document; an id that is taken is refused.
import * as v from "valibot"
import { isRefusal, refuse } from "../refusal.ts"
import { creating } from "./document-access.ts"
import { definitionOf, putDocument } from "./document.ts"
import { documentShape, writtenExample } from "./document-shape.ts"
import { collectionNameField, idField, jsonObjectField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ collection: collectionNameField, id: v.optional(idField), value: jsonObjectField })

export const documentCreate = operation<v.InferOutput<typeof schema>>({
  name: "document.create",
  summary: "Makes a document. An id that is taken is refused.",
  scope: "write",
  schema,
  result: documentShape,
  example: { data: { collection: "goals", id: "g2", value: { owner: "ada", title: "Fly" } }, result: writtenExample({ id: "g2", value: { owner: "ada", title: "Fly" } }) },
  target: ({ collection, id }) => (id === undefined ? undefined : { collection, id }),
  forUsers: creating,
  run: ({ collection, id: asked, value }, view) => {
    const definition = definitionOf(view, collection)
    if (isRefusal(definition)) return definition
    const id = asked ?? view.newId()
    if (view.versionOf(collection, id) !== undefined) {
      return refuse("unique", `There is a \`${id}\` in \`${collection}\` already.`, { pointer: "/id" })
    }
    return putDocument(view, definition, id, value)
  },
})
