// credential.setPassword: the user's password, stored as an argon2id hash only.
import * as v from "valibot"
import { isRefusal } from "../refusal.ts"
import { idField, passwordField } from "./fields.ts"
import { operation } from "./operation.ts"
import { userMissing } from "./user.ts"

const schema = v.strictObject({ userId: idField, password: passwordField })
type Data = v.InferOutput<typeof schema>

export const credentialSetPassword = operation<Data>({
  name: "credential.setPassword",
  scope: "write",
  schema,
  target: ({ userId }) => ({ collection: "credentials", id: userId }),
  secretFields: ["password"],
  seal: async ({ password, ...open }, { hashPassword, salt }) => {
    const hash = await hashPassword(password, salt)
    if (isRefusal(hash)) return hash
    return { data: open as Data, sealed: { passwordHash: hash }, repeatable: true }
  },
  run: ({ userId }, view, sealed) => {
    if (view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    view.put("credentials", userId, sealed as { passwordHash: string })
    return { kind: "value", value: { userId } }
  },
})
