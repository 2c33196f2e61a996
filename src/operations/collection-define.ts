// collection.define: makes a collection by its name; defining it again changes nothing but its version.
import * as v from "valibot"
import { collectionNameField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ name: collectionNameField })

export const collectionDefine = operation<v.InferOutput<typeof schema>>({
  name: "collection.define",
  scope: "admin",
  schema,
  target: ({ name }) => ({ collection: "collections", id: name }),
  run: ({ name }, view) => {
    view.put("collections", name, { name })
    return { kind: "entity", collection: "collections", id: name }
  },
})
