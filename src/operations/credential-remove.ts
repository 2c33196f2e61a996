// credential.remove: takes the user's password away.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ userId: idField })

export const credentialRemove = operation<v.InferOutput<typeof schema>>({
  name: "credential.remove",
  summary: "Takes the user's password away.",
  scope: "write",
  schema,
  result: v.strictObject({ userId: v.string() }),
  example: { data: { userId: "ada" }, result: { userId: "ada" } },
  target: ({ userId }) => ({ collection: "credentials", id: userId }),
  run: ({ userId }, view) => {
    if (view.versionOf("credentials", userId) === undefined) {
      return refuse("entity-missing", `User \`${userId}\` has no password.`, { pointer: "/userId" })
    }
    view.delete("credentials", userId)
    return { kind: "value", value: { userId } }
  },
})
