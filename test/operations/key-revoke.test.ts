// key.revoke.
import { expect, test } from "bun:test"
import { Bearers } from "../../src/operations/bearers.ts"
import { Harness, keyWith } from "./harness.ts"

test("a revoked key is dead from the version that revoked it, and no other key is", async () => {
  const harness = new Harness()
  const create = { op: "key.create", data: { name: "web", scopes: ["read"] } }
  const [first, second] = await harness.commit(create, create)
  expect(await harness.commit({ op: "key.revoke", data: { id: first?.["id"] } })).toEqual([{ id: first?.["id"] }])
  const whose = (token: unknown, at: number) => new Bearers(harness.store).principal(String(token), at, harness.nowMs)
  expect(whose(first?.["key"], 2)).toBeUndefined()
  expect(whose(first?.["key"], 1)).toBeDefined()
  expect(whose(second?.["key"], 2)).toBeDefined()
})

test("a key that is not there, or no more, is missing", async () => {
  const harness = new Harness()
  const [key] = await harness.commit({ op: "key.create", data: { name: "web", scopes: ["read"] } })
  const revoke = { op: "key.revoke", data: { id: key?.["id"] } }
  await harness.commit(revoke)
  expect(await harness.refusal(revoke)).toMatchObject({ code: "entity-missing", pointer: "/id" })
  expect(await harness.refusalOf("key.revoke", { id: "none" })).toMatchObject({ code: "entity-missing" })
})

test("it needs the scope admin", async () => {
  const value = { op: "key.revoke", data: { id: "k" } }
  expect(await new Harness().refusal(value, { principal: keyWith("write") })).toMatchObject({ code: "forbidden" })
})
