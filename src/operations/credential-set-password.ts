// credential.setPassword: the user's password, stored as an argon2id hash only; with `revokeSessions` its sessions end in the
// same version.
import * as v from "valibot"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { deleteSessions } from "./account-entries.ts"
import { denied } from "./denied.ts"
import { idField, passwordField } from "./fields.ts"
import { loginPasswordField, passwordVersionOf } from "./login.ts"
import { operation } from "./operation.ts"
import { isOneself } from "./own-session.ts"
import { isServer } from "./scope.ts"
import type { TransactionView } from "./transaction-view.ts"
import { isMadeHere, userMissing } from "./user.ts"
import type { Verified } from "./verify-password.ts"

const schema = v.strictObject({
  userId: idField,
  password: passwordField,
  /** What a session must know to change it: a stolen one cannot keep its user out. */
  currentPassword: v.optional(loginPasswordField),
  revokeSessions: v.optional(v.boolean()),
})
type Data = v.InferOutput<typeof schema>

export const credentialSetPassword = operation<Data>({
  name: "credential.setPassword",
  summary: "Sets the user's password; with `revokeSessions` its sessions end in the same version, but for the one that asks. A session needs the `currentPassword`.",
  scope: "write",
  schema,
  result: v.strictObject({ userId: v.string() }),
  example: { data: { userId: "ada", password: "correct horse battery", revokeSessions: true }, result: { userId: "ada" } },
  target: ({ userId }) => ({ collection: "credentials", id: userId }),
  secretFields: ["password", "currentPassword"],
  seal: async ({ password, currentPassword, ...open }, { hashPassword, salt, principal, verifyLogin }) => {
    const { userId } = principal
    if (currentPassword !== undefined && isServer(principal)) return forSessions
    const checked = currentPassword === undefined || userId === undefined ? undefined : await verifyLogin({ userId, password: currentPassword })
    if (isRefusal(checked)) return checked
    const hash = await hashPassword(password, salt)
    if (isRefusal(hash)) return hash
    return { data: open as Data, sealed: { passwordHash: hash }, repeatable: true, checked }
  },
  // One's own, or that of a user that the same transaction made.
  forUsers: (data, view, run, _sealed, checked) => {
    const { userId } = data
    if (isMadeHere(view, userId)) return run(data)
    if (!isOneself(view, userId)) return denied(view, userMissing(userId, "/userId"))
    return whyNotCurrent(view, userId, checked as Verified | undefined) ?? run(data)
  },
  run: ({ userId, revokeSessions }, view, sealed) => {
    if (view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    view.put("credentials", userId, sealed as { passwordHash: string })
    if (revokeSessions === true) deleteSessions(view, userId, isOneself(view, userId) ? view.principal.sessionId : undefined)
    return { kind: "value", value: { userId } }
  },
})

/** Judged where the transaction runs, so that a repeated one is told what became of the first. */
function whyNotCurrent(view: TransactionView, userId: string, checked: Verified | undefined): Refusal | undefined {
  if (checked === undefined) return missing
  const credential = view.find("credentials", userId)
  const isCurrent = checked.match && credential !== undefined && passwordVersionOf(credential) === checked.passwordVersion
  return isCurrent ? undefined : refuse("login-failed", "The current password is wrong.", { pointer: "/currentPassword" })
}

function wrong(code: string, message: string): Refusal {
  const pointer = "/currentPassword"
  return refuse("invalid", `\`${pointer}\` ${message}.`, { pointer, issues: [{ pointer, code, message }] })
}

const missing = wrong("missing", "is missing: a session changes a password only with the one before")
const forSessions = wrong("session", "is for sessions; with an API key, POST /verify checks a password")
