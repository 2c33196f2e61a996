// collection.define: makes a collection by its name; defining it again changes nothing but its version.
import * as v from "valibot"
import { accessField } from "./access-field.ts"
import { definedExample, definitionShape } from "./definition-shape.ts"
import { definedNameField } from "./fields.ts"
import { operation } from "./operation.ts"

/** `users` are always there: to define them is to give them rules. */
const schema = v.pipe(
  v.strictObject({ name: definedNameField, access: v.optional(accessField) }),
  v.forward(
    v.partialCheck([["name"], ["access"]], ({ name, access }) => name === "users" || !Object.values(access ?? {}).includes("owner:id"), "has `owner:id`, which is for `users` only"),
    ["access"],
  ),
)

export const collectionDefine = operation<v.InferOutput<typeof schema>>({
  name: "collection.define",
  summary: "Makes a collection, or defines one again.",
  scope: "admin",
  schema,
  result: definitionShape,
  example: { data: { name: "notes" }, result: definedExample("notes", 5) },
  target: ({ name }) => ({ collection: "collections", id: name }),
  run: ({ name, access }, view) => {
    view.put("collections", name, access === undefined ? { name } : { name, access })
    return { kind: "entity", collection: "collections", id: name }
  },
})
