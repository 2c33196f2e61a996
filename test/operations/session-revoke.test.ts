// session.revoke.
import { expect, test } from "bun:test"
import { Harness } from "./harness.ts"

test("ends the session, once, and no other", async () => {
  const harness = new Harness()
  const create = { op: "session.create", data: { userId: "ada" } }
  const [, one, other] = await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, create, create)
  const id = String(one?.["id"])
  expect(await harness.commit({ op: "session.revoke", data: { id } })).toEqual([{ id, userId: "ada" }])
  expect([one, other].map((session) => harness.get("sessions", String(session?.["id"])) !== undefined)).toEqual([false, true])
  for (const op of ["session.revoke", "session.touch"]) expect(await harness.refusalOf(op, { id })).toMatchObject({ code: "entity-missing", pointer: "/id" })
})
