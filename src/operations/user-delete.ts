// user.delete: removes a user, and what belongs to it, in the same version.
import * as v from "valibot"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"
import { deleteReferenced } from "./referrers.ts"
import { deletingUser } from "./user-access.ts"
import { userMissing } from "./user.ts"

const schema = v.strictObject({ id: idField })

export const userDelete = operation<v.InferOutput<typeof schema>>({
  name: "user.delete",
  summary: "Removes a user, and its credentials, sessions and tokens with it, in one version.",
  scope: "write",
  schema,
  result: v.strictObject({ id: v.string() }),
  example: { data: { id: "ada" }, result: { id: "ada" } },
  target: ({ id }) => ({ collection: "users", id }),
  forUsers: deletingUser,
  run: ({ id }, view) => {
    if (view.versionOf("users", id) === undefined) return userMissing(id)
    const refused = deleteReferenced(view, "users", id)
    if (refused !== undefined) return refused
    return { kind: "value", value: { id } }
  },
})
