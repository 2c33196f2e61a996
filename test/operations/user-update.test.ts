// user.update.
import { describe, expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

async function withAda(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org", name: "Ada", data: { plan: { tier: 1, seats: 2 }, tags: ["a"] } } })
  return harness
}

test("only what is named changes", async () => {
  const harness = await withAda()
  harness.nowMs += 5_000
  const [user] = await harness.commit({ op: "user.update", data: { id: "ada", verified: true } })
  expect(user).toEqual({
    id: "ada", email: "ada@x.org", name: "Ada", verified: true, disabled: false, data: { plan: { tier: 1, seats: 2 }, tags: ["a"] },
    createdAt: "2026-03-01T12:00:00.000Z", updatedAt: "2026-03-01T12:00:05.000Z", version: 2, createdVersion: 1,
  })
})

test("the version before stays readable", async () => {
  const harness = await withAda()
  await harness.commit({ op: "user.update", data: { id: "ada", name: null, disabled: true } })
  expect(harness.get("users", "ada", 1)).toMatchObject({ name: "Ada", disabled: false })
  expect(harness.get("users", "ada", 2)).toMatchObject({ name: null, disabled: true })
})

test("data is a merge patch", async () => {
  const harness = await withAda()
  const [user] = await harness.commit({ op: "user.update", data: { id: "ada", data: { plan: { seats: 9, tier: null }, tags: ["b"], more: {} } } })
  expect(user?.["data"]).toEqual({ plan: { seats: 9 }, tags: ["b"], more: {} })
})

test("a user that is not there is missing", async () => {
  const harness = await withAda()
  expect(await harness.refusalOf("user.update", { id: "bob", name: "Bob" })).toMatchObject({ code: "entity-missing", pointer: "/id" })
})

test("what a user is by its history cannot be set", async () => {
  const harness = await withAda()
  for (const field of ["createdAt", "updatedAt", "version", "createdVersion", "password"]) {
    expect(issuesOf(await harness.refusalOf("user.update", { id: "ada", [field]: 1 }))).toEqual([`/${field} unknown-field`])
  }
})

describe("the address", () => {
  test("of another user is refused, its own in another case is not", async () => {
    const harness = await withAda()
    await harness.commit({ op: "user.create", data: { id: "bob", email: "bob@x.org" } })
    expect(await harness.refusalOf("user.update", { id: "ada", email: "BOB@x.org" })).toMatchObject({ code: "unique", pointer: "/email" })
    const [user] = await harness.commit({ op: "user.update", data: { id: "ada", email: "ADA@x.org" } })
    expect(user?.["email"]).toBe("ADA@x.org")
  })

  test("is free once it is left, in the same batch too", async () => {
    const harness = await withAda()
    const executed = await harness.batch([
      { op: "user.update", data: { id: "ada", email: "new@x.org" } },
      { op: "user.create", data: { id: "bob", email: "ada@x.org" } },
      { op: "user.update", data: { id: "ada", email: "ada@x.org" } },
    ])
    expect(executed.map(({ kind }) => kind)).toEqual(["record", "record", "refused"])
  })

  test("of two users can be swapped in one transaction", async () => {
    const harness = await withAda()
    await harness.commit({ op: "user.create", data: { id: "bob", email: "bob@x.org" } })
    await harness.commit(
      { op: "user.update", data: { id: "ada", email: "aside@x.org" } },
      { op: "user.update", data: { id: "bob", email: "ada@x.org" } },
      { op: "user.update", data: { id: "ada", email: "bob@x.org" } },
    )
    expect(harness.get("users", "ada")?.["email"]).toBe("bob@x.org")
    expect(harness.get("users", "bob")?.["email"]).toBe("ada@x.org")
    expect(await harness.refusalOf("user.create", { email: "ada@x.org" })).toMatchObject({ code: "unique" })
    await harness.commit({ op: "user.create", data: { email: "aside@x.org" } })
  })
})
