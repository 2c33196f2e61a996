// session.touch.
import { expect, test } from "bun:test"
import { Harness, type Json } from "./harness.ts"

const minuteMs = 60_000

async function withSession(data: object): Promise<{ harness: Harness; id: string; touch: () => Promise<Json | undefined> }> {
  const harness = new Harness()
  const [, shown] = await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, { op: "session.create", data: { userId: "ada", ...data } })
  const id = String(shown?.["id"])
  return { harness, id, touch: async () => (await harness.commit({ op: "session.touch", data: { id } }))[0] }
}

test("puts the idle end off, never beyond the absolute one, and keeps the rest", async () => {
  const { harness, id, touch } = await withSession({ ttl: "1h", idle: "30m", data: { device: "phone" } })
  const before = harness.get("sessions", id)
  harness.nowMs += 29 * minuteMs
  expect(await touch()).toEqual({ id, userId: "ada", expiresAt: "2026-03-01T13:00:00.000Z", idleExpiresAt: "2026-03-01T12:59:00.000Z" })
  expect(harness.get("sessions", id)).toEqual({ ...before, id, idleExpiresAt: "2026-03-01T12:59:00.000Z", updatedAt: "2026-03-01T12:29:00.000Z", version: 2 })
  harness.nowMs += 29 * minuteMs
  expect(await touch()).toMatchObject({ idleExpiresAt: "2026-03-01T13:00:00.000Z" })
  harness.nowMs += 2 * minuteMs
  expect(await harness.refusalOf("session.touch", { id })).toMatchObject({ code: "entity-missing", pointer: "/id" })
})

test("writes nothing where the end would move by less than a tenth", async () => {
  const { harness, touch } = await withSession({ idle: "10m" })
  harness.nowMs += minuteMs - 1
  expect(await touch()).toMatchObject({ idleExpiresAt: "2026-03-01T12:10:00.000Z" })
  expect(harness.record().writes).toEqual([])
  harness.nowMs += 1
  expect(await touch()).toMatchObject({ idleExpiresAt: "2026-03-01T12:11:00.000Z" })
  expect(harness.record().writes).toHaveLength(1)
})

test("a session without an idle time is left as it is", async () => {
  const { harness, touch } = await withSession({})
  harness.nowMs += minuteMs
  expect(await touch()).toMatchObject({ idleExpiresAt: null })
  expect(harness.record().writes).toEqual([])
})

test("a session that was idle for too long, or is not there, is missing and stays so", async () => {
  const { harness, id } = await withSession({ idle: "10m" })
  harness.nowMs += 10 * minuteMs
  for (const one of [id, "nothing"]) expect(await harness.refusalOf("session.touch", { id: one })).toMatchObject({ code: "entity-missing", pointer: "/id" })
})

test("a touched session is still found by its user", async () => {
  const { harness, id, touch } = await withSession({ idle: "10m" })
  harness.nowMs += 5 * minuteMs
  await touch()
  expect(await harness.commit({ op: "session.revokeAll", data: { userId: "ada" } })).toEqual([{ revoked: 1 }])
  expect(harness.get("sessions", id)).toBeUndefined()
})
