// session.create: a user is logged in, by e-mail and password or by a server that knows who it is. The answer shows the
// session's token once; only its digest is stored.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { textTerm } from "../store/row.ts"
import { makeRoom, userTerm } from "./account-entries.ts"
import { tokenHash, tokenTerm } from "./api-keys.ts"
import { denied } from "./denied.ts"
import { durationField, timeAfter } from "./durations.ts"
import { emailKey } from "./email.ts"
import { onceShape } from "./entity-shape.ts"
import { exampleTokens } from "./example-ids.ts"
import { idField, jsonObjectField } from "./fields.ts"
import { loginFailed, loginEmailField, loginPasswordField, passwordVersionOf } from "./login.ts"
import { operation, type SealContext } from "./operation.ts"
import { sessionEndsExample, sessionEndsShape } from "./session-shape.ts"
import { idleEnd, sessionPrefix } from "./session.ts"
import type { TransactionView } from "./transaction-view.ts"
import { isMadeHere, userMissing } from "./user.ts"

/** Unless `ttl` says otherwise. */
const ttlDefault = "30d"

const schema = v.pipe(
  v.strictObject({
    email: v.optional(loginEmailField),
    password: v.optional(loginPasswordField),
    userId: v.optional(idField),
    ttl: v.optional(durationField, ttlDefault),
    idle: v.optional(durationField),
    data: v.optional(
      v.pipe(
        jsonObjectField,
        v.check((data) => JSON.stringify(data).length <= bounds.sessionDataLengthMax, `must have at most ${bounds.sessionDataLengthMax} characters as JSON`),
      ),
    ),
  }),
  v.description("Either `email` and `password`, or with a server's key `userId`."),
)
type Data = v.InferOutput<typeof schema>

/** What was verified before the transaction queued, and must still be so when it runs. */
interface Login {
  readonly emailKey: string
  readonly passwordVersion: number
  /** A hash as they are made today, where the stored one is weaker. */
  readonly newHash?: string
}

interface SealedSession {
  readonly hash: string
  readonly login?: Login
}

export const sessionCreate = operation<Data>({
  name: "session.create",
  summary: "Logs a user in. The answer shows the session's token once; only its digest is stored.",
  scope: "write",
  schema,
  result: v.strictObject({ ...sessionEndsShape.entries, token: v.exactOptional(onceShape) }),
  example: {
    data: { email: "ada@example.com", password: "correct horse battery" },
    result: { ...sessionEndsExample, expiresAt: "2026-03-31T12:00:05.000Z", token: exampleTokens.session },
  },
  // Verified before any reference is resolved.
  secretFields: ["email", "password"],
  seal: async ({ email, password, ...open }, context) => {
    const token = context.randomToken(sessionPrefix)
    const once = { token }
    if (email === undefined && password === undefined) {
      return open.userId === undefined ? whoIsIt : { data: open, sealed: { hash: tokenHash(token) }, repeatable: false, once }
    }
    if (email === undefined || password === undefined || open.userId !== undefined) return whoIsIt
    const login = await verified({ email, password }, context)
    if (isRefusal(login)) return login
    const { userId, ...rest } = login
    return { data: { ...open, userId }, sealed: { hash: tokenHash(token), login: rest }, repeatable: false, once }
  },
  // With a password always; without, the session of a user that the same transaction made.
  forUsers: (data, view, run, sealed) => {
    const { userId = "" } = data
    if ((sealed as SealedSession).login !== undefined || isMadeHere(view, userId)) return run(data)
    return denied(view, userMissing(userId, "/userId"))
  },
  run: ({ userId = "", ttl, idle, data }, view, sealed) => {
    const { hash, login } = sealed as SealedSession
    const refused = login === undefined ? whyNotFor(view, userId) : whyNoLogin(view, userId, login)
    if (refused !== undefined) return refused
    if (login?.newHash !== undefined) view.put("credentials", userId, { passwordHash: login.newHash, passwordVersion: login.passwordVersion })
    makeRoom(view, "sessions", userId)
    const id = view.newId()
    const expiresAt = timeAfter(view.time, ttl)
    const shown = { userId, expiresAt, idleExpiresAt: idleEnd(view.time, idle ?? null, expiresAt) }
    view.put("sessions", id, { ...shown, idle: idle ?? null, data: data ?? {} }, [tokenTerm(hash), userTerm(userId)])
    return { kind: "value", value: { id, ...shown } }
  },
})

async function verified(credentials: { readonly email: string; readonly password: string }, { verifyLogin, hashPassword, salt }: SealContext): Promise<(Login & { readonly userId: string }) | Refusal> {
  const found = await verifyLogin(credentials)
  if (isRefusal(found)) return found
  if (!found.match) return loginFailed
  const { userId, passwordVersion } = found
  const login = { userId, emailKey: emailKey(credentials.email), passwordVersion }
  if (!found.outdated) return login
  const newHash = await hashPassword(credentials.password, salt)
  // Where too many wait for one, the next login makes it.
  return isRefusal(newHash) ? login : { ...login, newHash }
}

function whyNotFor(view: TransactionView, userId: string): Refusal | undefined {
  const user = view.find("users", userId)
  if (user === undefined) return userMissing(userId, "/userId")
  return user["disabled"] === true ? refuse("conflict", `User \`${userId}\` is disabled.`, { pointer: "/userId" }) : undefined
}

/** The password, the address or the user may have changed since they were looked at. */
function whyNoLogin(view: TransactionView, userId: string, login: Login): Refusal | undefined {
  const credential = view.find("credentials", userId)
  const isSame = credential !== undefined && passwordVersionOf(credential) === login.passwordVersion
  const same = isSame && view.holder("users", textTerm("email", login.emailKey, true)) === userId
  return same && view.find("users", userId)?.["disabled"] === false ? undefined : loginFailed
}

const whoMessage = "must name a user either by `email` and `password` or by `userId`"
const whoIsIt = refuse("invalid", `The data ${whoMessage}.`, { pointer: "", issues: [{ pointer: "", code: "session-user", message: whoMessage }] })
