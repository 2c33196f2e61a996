// credential.setPassword: the user's password, stored as an argon2id hash only; with `revokeSessions` its sessions end in the
// same version.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { deleteSessions } from "./account-entries.ts"
import { idField, passwordField } from "./fields.ts"
import { operation } from "./operation.ts"
import { userMissing } from "./user.ts"

const schema = v.strictObject({ userId: idField, password: passwordField, revokeSessions: v.optional(v.boolean()) })
type Data = v.InferOutput<typeof schema>

export const credentialSetPassword = operation<Data>({
  name: "credential.setPassword",
  summary: "Sets the user's password; with `revokeSessions` its sessions end in the same version.",
  scope: "write",
  schema,
  result: v.strictObject({ userId: v.string() }),
  example: { data: { userId: "ada", password: "correct horse battery", revokeSessions: true }, result: { userId: "ada" } },
  target: ({ userId }) => ({ collection: "credentials", id: userId }),
  secretFields: ["password"],
  seal: async ({ password, ...open }, { hashPassword, salt }) => {
    const hash = await hashPassword(password, salt)
    if (isRefusal(hash)) return hash
    return { data: open as Data, sealed: { passwordHash: hash }, repeatable: true }
  },
  run: ({ userId, revokeSessions }, view, sealed) => {
    if (view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    view.put("credentials", userId, sealed as { passwordHash: string })
    if (revokeSessions === true) deleteSessions(view, userId)
    return { kind: "value", value: { userId } }
  },
})
