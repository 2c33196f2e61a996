// session.revoke: one session ends, on both nodes with the acknowledgement.
import * as v from "valibot"
import { exampleIds } from "./example-ids.ts"
import { idField } from "./fields.ts"
import { operation } from "./operation.ts"
import { whyNotOwnSession } from "./own-session.ts"
import { sessionMissing } from "./session.ts"

const schema = v.strictObject({ id: idField })

export const sessionRevoke = operation<v.InferOutput<typeof schema>>({
  name: "session.revoke",
  summary: "Ends a session, on both nodes with the acknowledgement.",
  scope: "write",
  schema,
  result: v.strictObject({ id: v.string(), userId: v.string() }),
  example: { data: { id: exampleIds.session }, result: { id: exampleIds.session, userId: "ada" } },
  target: ({ id }) => ({ collection: "sessions", id }),
  forUsers: (data, view, run) => whyNotOwnSession(view, data.id, sessionMissing(data.id)) ?? run(data),
  run: ({ id }, view) => {
    const session = view.find("sessions", id)
    if (session === undefined) return sessionMissing(id)
    view.delete("sessions", id)
    return { kind: "value", value: { id, userId: session["userId"] } }
  },
})
