// session.revokeAll: the sessions of a user end, all but one where one is named.
import * as v from "valibot"
import { deleteSessions } from "./account-entries.ts"
import { denied } from "./denied.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"
import { isOneself } from "./own-session.ts"
import { liveSession, sessionMissing } from "./session.ts"
import { userMissing } from "./user.ts"

const schema = v.strictObject({ userId: idField, except: v.optional(idField) })

export const sessionRevokeAll = operation<v.InferOutput<typeof schema>>({
  name: "session.revokeAll",
  summary: "Ends the sessions of a user, all but one where one is named.",
  scope: "write",
  schema,
  result: v.strictObject({ revoked: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  example: { data: { userId: "ada" }, result: { revoked: 1 } },
  forUsers: (data, view, run) => (isOneself(view, data.userId) ? run(data) : denied(view, userMissing(data.userId, "/userId"))),
  run: ({ userId, except }, view) => {
    if (view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    // Were a wrong name passed over, the session that was to stay would end with the others.
    if (except !== undefined && liveSession(view, except)?.userId !== userId) return sessionMissing(except, "/except")
    return { kind: "value", value: { revoked: deleteSessions(view, userId, except) } }
  },
})
