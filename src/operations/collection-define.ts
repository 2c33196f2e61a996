// collection.define: makes a collection by its name; defining it again changes nothing but its version.
import * as v from "valibot"
import { definedExample, definitionShape } from "./definition-shape.ts"
import { collectionNameField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ name: collectionNameField })

export const collectionDefine = operation<v.InferOutput<typeof schema>>({
  name: "collection.define",
  summary: "Makes a collection, or defines one again.",
  scope: "admin",
  schema,
  result: definitionShape,
  example: { data: { name: "notes" }, result: definedExample("notes", 5) },
  target: ({ name }) => ({ collection: "collections", id: name }),
  run: ({ name }, view) => {
    view.put("collections", name, { name })
    return { kind: "entity", collection: "collections", id: name }
  },
})
