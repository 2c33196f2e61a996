// session.touch: puts the idle end of a session off. The row is written only where that moves it by a tenth of the idle
// time or more, so that a busy session has not one version for every request.
import * as v from "valibot"
import { parseDuration } from "./durations.ts"
import { exampleIds } from "./example-ids.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"
import { whyNotOwnSession } from "./own-session.ts"
import { sessionEndsExample, sessionEndsShape } from "./session-shape.ts"
import { idleEnd, liveSession, type Session, sessionMissing } from "./session.ts"

const schema = v.strictObject({ id: idField })

export const sessionTouch = operation<v.InferOutput<typeof schema>>({
  name: "session.touch",
  summary: "Puts the idle end of a session off.",
  scope: "write",
  schema,
  result: sessionEndsShape,
  example: { data: { id: exampleIds.session }, result: sessionEndsExample },
  target: ({ id }) => ({ collection: "sessions", id }),
  forUsers: (data, view, run) => whyNotOwnSession(view, data.id, sessionMissing(data.id)) ?? run(data),
  run: ({ id }, view) => {
    const session = liveSession(view, id)
    if (session === undefined) return sessionMissing(id)
    const { userId, expiresAt, idle, data } = session
    const idleExpiresAt = laterEnd(session, view.time)
    if (idleExpiresAt !== session.idleExpiresAt) view.put("sessions", id, { userId, expiresAt, idleExpiresAt, idle, data }, view.terms("sessions", id))
    return { kind: "value", value: { id, userId, expiresAt, idleExpiresAt } }
  },
})

function laterEnd({ idle, idleExpiresAt, expiresAt }: Session, time: string): string | null {
  if (idle === null || idleExpiresAt === null) return null
  const later = idleEnd(time, idle, expiresAt) ?? expiresAt
  const movedMs = Date.parse(later) - Date.parse(idleExpiresAt)
  return later === expiresAt || movedMs * 10 >= (parseDuration(idle) ?? 0) ? later : idleExpiresAt
}
