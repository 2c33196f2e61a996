// Definitions that change within one transaction, or come back by a revert when what they speak of has changed.
import { expect, test } from "bun:test"
import { verifyStore } from "../../src/store/verify.ts"
import { Harness, type Operation } from "./harness.ts"

const define = (name: string, fields: object | null): Operation => ({ op: "collection.define", data: { name, fields } })
const create = (collection: string, id: string, value: object): Operation => ({ op: "document.create", data: { collection, id, value } })

test("an index that stops being unique within one transaction loses no entry", async () => {
  for (const before of [true, false]) {
    const harness = new Harness()
    const owner = (more: object) => ({ owner: { type: "reference", to: "users", ...more } })
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "user.create", data: { id: "bob", email: "bob@example.com" } })
    const makes = create("goals", "g1", { owner: "ada" })
    if (before) await harness.commit(define("goals", { owner: { type: "string" } }), makes)
    await harness.commit(define("goals", owner({ unique: true })), ...(before ? [] : [makes]), define("goals", owner({})))
    await harness.commit(create("goals", "g2", { owner: "ada" }))
    expect((await harness.refusalOf("user.delete", { id: "ada" })).detail).toContain("`goals/g1`")
    await harness.commit({ op: "document.delete", data: { collection: "goals", id: "g2" } })
    expect((await harness.refusalOf("user.delete", { id: "ada" })).detail).toContain("`goals/g1`")
    const { term } = (harness.get("collections", "goals")?.["indexes"] as { readonly owner: { readonly term: string } }).owner
    expect(harness.store.walk("goals", term, { at: harness.store.position().committed, reverse: false, limit: 10 }).entries.map(({ id }) => id)).toEqual(["g1"])
    expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
  }
})

test("an index that becomes unique within one transaction keeps values apart", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", { a: { type: "string", index: true } }), create("goals", "g1", { a: "x" }), define("goals", { a: { type: "string", unique: true } }))
  expect((await harness.refusalOf("document.create", { collection: "goals", id: "g2", value: { a: "x" } })).code).toBe("unique")
})

test("a definition does not come back where a collection that it references is gone", async () => {
  const harness = new Harness()
  await harness.commit(define("plans", null))
  await harness.commit(define("goals", { plan: { type: "reference", to: "plans" } }))
  await harness.commit(define("goals", {}))
  await harness.commit({ op: "collection.drop", data: { name: "plans" } })
  expect(await harness.refusalOf("revert", { version: 3 })).toMatchObject({ code: "conflict", detail: expect.stringContaining("`plans`") })
})

test("a collection and what it references come back together", async () => {
  const harness = new Harness()
  await harness.commit(define("plans", null), define("goals", { plan: { type: "reference", to: "plans" } }))
  await harness.commit({ op: "collection.drop", data: { name: "goals" } }, { op: "collection.drop", data: { name: "plans" } })
  await harness.commit({ op: "revert", data: { version: 2 } })
  expect(harness.get("collections", "goals")?.["fields"]).toEqual({ plan: { type: "reference", to: "plans" } })
})

test("the definition of users can be taken back while users are referenced", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", { owner: { type: "reference", to: "users" } }))
  await harness.commit(define("users", { age: { type: "integer", index: true } }))
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com", data: { age: 36 } } })
  await harness.commit({ op: "revert", data: { version: 2 } })
  expect(harness.get("collections", "users")).toBeUndefined()
  await harness.commit({ op: "user.update", data: { id: "ada", data: { anything: true } } })
})

test("a definition that narrows a large collection does not come back by a revert, and no retry is promised", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", { n: { type: "integer", max: 5 } }))
  await harness.commit(define("goals", { n: { type: "integer" } }))
  const many = Array.from({ length: 1_000 }, (_, n) => create("goals", `g${n}`, { n }))
  await harness.commit(...many)
  await harness.commit(create("goals", "more", {}))
  const refusal = await harness.refusalOf("revert", { version: 2, force: true })
  expect(refusal.code).toBe("conflict")
  expect(refusal.retryAfter).toBeUndefined()
  expect(refusal.hint).toContain("collection.define")
})
