// key.revoke: an API key stops working on both nodes with the acknowledgement.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ id: idField })

export const keyRevoke = operation<v.InferOutput<typeof schema>>({
  name: "key.revoke",
  scope: "admin",
  schema,
  target: ({ id }) => ({ collection: "keys", id }),
  run: ({ id }, view) => {
    if (view.versionOf("keys", id) === undefined) return refuse("entity-missing", `There is no key \`${id}\`.`, { pointer: "/id" })
    view.delete("keys", id)
    return { kind: "value", value: { id } }
  },
})
