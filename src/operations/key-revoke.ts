// key.revoke: an API key stops working on both nodes with the acknowledgement.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { exampleIds } from "./example-ids.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ id: idField })

export const keyRevoke = operation<v.InferOutput<typeof schema>>({
  name: "key.revoke",
  summary: "Ends an API key, on both nodes with the acknowledgement.",
  scope: "admin",
  schema,
  result: v.strictObject({ id: v.string() }),
  example: { data: { id: exampleIds.key }, result: { id: exampleIds.key } },
  target: ({ id }) => ({ collection: "keys", id }),
  run: ({ id }, view) => {
    if (view.versionOf("keys", id) === undefined) return refuse("entity-missing", `There is no key \`${id}\`.`, { pointer: "/id" })
    view.delete("keys", id)
    return { kind: "value", value: { id } }
  },
})
