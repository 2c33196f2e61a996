// user.create.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

test("a user gets every field a read answers", async () => {
  const harness = new Harness()
  const [user] = await harness.commit({ op: "user.create", data: { id: "u1", email: "Ada@Example.com", name: "Ada", verified: true, data: { plan: "free" } } })
  const time = "2026-03-01T12:00:00.000Z"
  expect(user).toEqual({
    id: "u1", email: "Ada@Example.com", name: "Ada", verified: true, disabled: false, data: { plan: "free" },
    createdAt: time, updatedAt: time, version: 1, createdVersion: 1,
  })
  expect(harness.get("users", "u1")).toEqual(user)
})

test("what is left out is null, false and empty, and the id is a UUID of version 7", async () => {
  const harness = new Harness()
  const [user] = await harness.commit({ op: "user.create", data: { email: "a@b.c" } })
  expect(user).toMatchObject({ name: null, verified: false, disabled: false, data: {} })
  expect(user?.["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(harness.get("users", String(user?.["id"]))).toEqual(user)
})

test("an address belongs to one user, whatever its case, spaces or Unicode form", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "u1", email: "Zoë@Example.com" } })
  for (const email of ["Zoë@Example.com", "zoë@example.COM", "  zoë@example.com ", "Zoe\u0308@example.com"]) {
    expect(await harness.refusalOf("user.create", { email })).toMatchObject({ code: "unique", operation: 0, pointer: "/email" })
  }
  await harness.commit({ op: "user.create", data: { email: "zoe@example.com" } })
})

test("an address that is taken within the same transaction or batch is taken", async () => {
  const harness = new Harness()
  const twice = { operations: [{ op: "user.create", data: { email: "a@b.c" } }, { op: "user.create", data: { email: "A@B.C" } }] }
  expect(await harness.refusal(twice)).toMatchObject({ code: "unique", operation: 1 })
  const one = { op: "user.create", data: { email: "a@b.c" } }
  const [first, second] = await harness.batch([one, one])
  expect([first?.kind, second?.kind]).toEqual(["record", "refused"])
})

test("an id that is taken is refused, and may be used again after a delete", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "u1", email: "a@b.c", name: "First" } })
  expect(await harness.refusalOf("user.create", { id: "u1", email: "d@e.f" })).toMatchObject({ code: "unique", pointer: "/id" })
  await harness.commit({ op: "user.delete", data: { id: "u1" } })
  const [again] = await harness.commit({ op: "user.create", data: { id: "u1", email: "a@b.c" } })
  expect(again).toMatchObject({ name: null, version: 3, createdVersion: 3 })
})

test("all that is wrong is said at once, each with a pointer", async () => {
  const harness = new Harness()
  const refusal = await harness.refusalOf("user.create", { id: "", email: 5, name: "", verified: "yes", data: [] })
  expect(refusal.code).toBe("invalid")
  expect(issuesOf(refusal)).toEqual(["/id min_length", "/email string", "/name min_length", "/verified boolean", "/data custom"])
  expect(issuesOf(await harness.refusalOf("user.create", {}))).toEqual(["/email strict_object"])
})

test("unknown fields are refused, `disabled` too", async () => {
  const harness = new Harness()
  for (const field of ["disabled", "password", "version", "createdAt", "Email"]) {
    expect(issuesOf(await harness.refusalOf("user.create", { email: "a@b.c", [field]: true }))).toEqual([`/${field} unknown-field`])
  }
})

test("no message repeats a value", async () => {
  const harness = new Harness()
  const refusal = await harness.refusalOf("user.create", { email: "canary-value", name: "canary\u0007value", verified: "canary-value", id: "canary\u0001value" })
  expect(refusal.issues).toHaveLength(4)
  expect(JSON.stringify(refusal)).not.toContain("canary")
})
