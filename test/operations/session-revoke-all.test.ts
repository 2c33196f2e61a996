// session.revokeAll, and the other ways in which all sessions of a user end.
import { expect, test } from "bun:test"
import { Harness, type Operation } from "./harness.ts"

const create = (userId: string, more: object = {}) => ({ op: "session.create", data: { userId, ...more } })

/** Three sessions of Ada's, of which one is over after a minute, and one of Bob's, whose id is the last. */
async function withSessions(): Promise<{ harness: Harness; ids: string[]; left: () => boolean[] }> {
  const harness = new Harness()
  await harness.commit(...["ada", "bob"].map((id) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })))
  const made = await harness.commit(create("ada"), create("ada"), create("ada", { idle: "1m" }), create("bob"))
  const ids = made.map(({ id }) => String(id))
  harness.nowMs += 60_000
  return { harness, ids, left: () => ids.map((id) => harness.get("sessions", id) !== undefined) }
}

test("ends all of one user's, and counts those that had not ended by themselves", async () => {
  const { harness, left } = await withSessions()
  expect(await harness.commit({ op: "session.revokeAll", data: { userId: "ada" } })).toEqual([{ revoked: 2 }])
  expect(left()).toEqual([false, false, false, true])
  expect(await harness.commit({ op: "session.revokeAll", data: { userId: "ada" } })).toEqual([{ revoked: 0 }])
})

test("leaves the one that is named", async () => {
  const { harness, ids, left } = await withSessions()
  expect(await harness.commit({ op: "session.revokeAll", data: { userId: "ada", except: ids[1] } })).toEqual([{ revoked: 1 }])
  expect(left()).toEqual([false, true, false, true])
})

test("of nobody, or but for a session that is another's or over, is refused", async () => {
  const { harness, ids } = await withSessions()
  expect(await harness.refusalOf("session.revokeAll", { userId: "nobody" })).toMatchObject({ code: "entity-missing", pointer: "/userId" })
  for (const except of [ids[2], ids[3], "nothing"]) expect(await harness.refusalOf("session.revokeAll", { userId: "ada", except })).toMatchObject({ code: "entity-missing", pointer: "/except" })
})

const ends: readonly (readonly [what: string, operation: Operation])[] = [
  ["a new password that asks for it", { op: "credential.setPassword", data: { userId: "ada", password: "right horse", revokeSessions: true } }],
  ["disabling the user", { op: "user.update", data: { id: "ada", disabled: true } }],
  ["deleting the user", { op: "user.delete", data: { id: "ada" } }],
]
test.each(ends)("%s does the same in its own version", async (_what, operation) => {
  const { harness, left } = await withSessions()
  const version = harness.store.position().head + 1
  await harness.commit(operation)
  expect([harness.store.position().head, left()]).toEqual([version, [false, false, false, true]])
})

const leaves: readonly (readonly [what: string, operation: Operation])[] = [
  ["a new password that does not ask for it", { op: "credential.setPassword", data: { userId: "ada", password: "right horse" } }],
  ["a new password that asks not to", { op: "credential.setPassword", data: { userId: "ada", password: "right horse", revokeSessions: false } }],
  ["another change of the user", { op: "user.update", data: { id: "ada", disabled: false, name: "Ada" } }],
]
test.each(leaves)("%s ends none", async (_what, operation) => {
  const { harness, left } = await withSessions()
  await harness.commit(operation)
  expect(left()).toEqual([true, true, true, true])
})

test("a new password may spare one session, in one version", async () => {
  const { harness, ids, left } = await withSessions()
  await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password: "right horse" } }, { op: "session.revokeAll", data: { userId: "ada", except: ids[0] } })
  expect(left()).toEqual([true, false, false, true])
})
