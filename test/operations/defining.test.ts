// Definitions taking effect on collections that hold something: what fits stays, gets its terms, and nothing else is touched.
import { describe, expect, test } from "bun:test"
import { textValue } from "../../src/store/term-value.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Harness, type Json } from "./harness.ts"

const define = (fields: object | null, more: object = {}) => ({ op: "collection.define", data: { name: "goals", fields, ...more } })
const create = (id: string, value: object) => ({ op: "document.create", data: { collection: "goals", id, value } })

function walked(harness: Harness, field: string, at = harness.store.position().head): string[] {
  const index = (harness.get("collections", "goals", at)?.["indexes"] as { readonly [name: string]: Json } | undefined)?.[field]
  return harness.store.walk("goals", String(index?.["term"]), { at, reverse: false, limit: 100 }).entries.map(({ id }) => id)
}

async function problemsOf(harness: Harness): Promise<unknown> {
  return (await verifyStore(harness.store, () => undefined)).problems
}

test("what is left out of a definition stays as it is", async () => {
  const harness = new Harness()
  await harness.commit(define({ title: { type: "string", required: true } }, { access: { read: "public" } }))
  const [again] = await harness.commit({ op: "collection.define", data: { name: "goals", access: { create: "user" } } })
  expect(again).toMatchObject({ fields: { title: { type: "string", required: true } }, access: { create: "user", read: "public", update: "server", delete: "server" } })
  const [open] = await harness.commit(define(null))
  expect(open).toMatchObject({ fields: null, access: { read: "public" } })
})

test("what is written goes by the newest definition, in one batch and in one transaction", async () => {
  const harness = new Harness()
  const strict = { title: { type: "string", required: true } }
  const values = [define(strict), create("g1", {}), create("g1", { title: "x" }), { ...define(null), dryRun: true }, create("g2", {}), define(null), create("g2", {}), { operations: [define({}), create("g3", {})] }]
  expect((await harness.batch(values)).map(({ kind }) => kind)).toEqual(["record", "refused", "record", "dry-run", "refused", "record", "record", "refused"])
  expect((await harness.refusal({ operations: [{ op: "document.put", data: { collection: "goals", id: "g2", value: { title: "y" } } }, define(strict), create("g4", {})] })).operation).toBe(2)
})

test("what says only what holds anyway is not kept", async () => {
  const [definition] = await new Harness().commit(define({ title: { type: "string", required: false, index: false, unique: false } }))
  expect(definition?.["fields"]).toEqual({ title: { type: "string" } })
})

describe("a new index", () => {
  test("has every document that is there, without making a version of one", async () => {
    const harness = new Harness()
    await harness.commit(define({ title: { type: "string" }, due: { type: "time" } }), create("g1", { title: "b" }), create("g2", { title: "a" }), create("g3", {}))
    const [definition] = await harness.commit(define({ title: { type: "string", index: true }, due: { type: "time" } }))
    expect(definition?.["indexes"]).toEqual({ title: { term: "title@2", unique: false, state: "ready" } })
    expect(walked(harness, "title")).toEqual(["g3", "g2", "g1"])
    expect(harness.get("goals", "g1")).toMatchObject({ version: 1 })
    await harness.commit(create("g4", { title: "aa" }), { op: "document.patch", data: { collection: "goals", id: "g1", patch: { title: null } } })
    expect(walked(harness, "title")).toEqual(["g1", "g3", "g2", "g4"])
    expect(walked(harness, "title", 2)).toEqual(["g3", "g2", "g1"])
    expect(await problemsOf(harness)).toEqual([])
  })

  test("of a field that had one before begins anew", async () => {
    const harness = new Harness()
    await harness.commit(define({ title: { type: "string", index: true } }), create("g1", { title: "b" }))
    await harness.commit(define({ title: { type: "string" } }))
    await harness.commit({ op: "document.patch", data: { collection: "goals", id: "g1", patch: { title: "c" } } }, create("g2", { title: "d" }))
    const [definition] = await harness.commit(define({ title: { type: "string", index: true } }))
    expect(definition?.["indexes"]).toEqual({ title: { term: "title@4", unique: false, state: "ready" } })
    expect(walked(harness, "title")).toEqual(["g1", "g2"])
    // An index that stays is the same one.
    const [again] = await harness.commit(define({ title: { type: "string", index: true }, done: { type: "boolean" } }))
    expect(again?.["indexes"]).toEqual({ title: { term: "title@4", unique: false, state: "ready" } })
    expect(await problemsOf(harness)).toEqual([])
  })

  test("is in the same transaction as documents that it has", async () => {
    const harness = new Harness()
    await harness.commit(define(null), create("g1", { title: "b" }), define({ title: { type: "string", index: true } }), create("g2", { title: "a" }))
    expect(walked(harness, "title")).toEqual(["g2", "g1"])
    expect(await problemsOf(harness)).toEqual([])
  })

  test("of the times that entities have", async () => {
    const harness = new Harness()
    await harness.commit(define(null), create("g2", {}))
    harness.nowMs += 1_000
    await harness.commit(create("g1", {}))
    await harness.commit(define({ createdAt: { type: "time", index: true }, updatedAt: { type: "time", index: true } }))
    expect(walked(harness, "createdAt")).toEqual(["g2", "g1"])
    harness.nowMs += 1_000
    await harness.commit({ op: "document.patch", data: { collection: "goals", id: "g2", patch: {} } })
    expect([walked(harness, "createdAt"), walked(harness, "updatedAt")]).toEqual([["g2", "g1"], ["g1", "g2"]])
  })
})

describe("a definition that what is there breaks", () => {
  test("is refused, and the first ten are named", async () => {
    const harness = new Harness()
    await harness.commit(define(null), ...Array.from({ length: 12 }, (_, n) => create(`g${String(n).padStart(2, "0")}`, { n })), create("fits", { title: "x" }))
    const refusal = await harness.refusalOf("collection.define", { name: "goals", fields: { title: { type: "string", required: true }, n: { type: "integer" } } })
    expect(refusal).toMatchObject({ code: "conflict", pointer: "/fields" })
    expect(refusal.detail).toContain("`g00`: `title` is missing; `g01`")
    expect(refusal.detail.match(/is missing/g)).toHaveLength(10)
  })

  test("in any of its ways", async () => {
    const harness = new Harness()
    await harness.commit(define({ t: { type: "string" }, n: { type: "number" }, r: { type: "string" }, at: { type: "string" } }))
    await harness.commit(create("g1", { t: "same", n: 2.5, r: "nobody", at: "2026-01-31T12:00:00Z" }), create("g2", { t: "same", n: null }))
    const said = async (fields: object) => (await harness.refusalOf("collection.define", { name: "goals", fields: { t: { type: "string" }, n: { type: "number" }, r: { type: "string" }, at: { type: "string" }, ...fields } })).detail
    expect(await said({ t: { type: "string", unique: true } })).toContain("`g2`: `t` has the value that `g1` has")
    expect(await said({ t: { type: "string", maxLength: 3 } })).toContain("`t` must have at most 3 characters")
    expect(await said({ t: { type: "string", enum: ["other"] } })).toContain("`t` must be one of")
    expect(await said({ n: { type: "integer" } })).toContain("`g1`: `n` must be an integer")
    expect(await said({ n: { type: "number", min: 3 } })).toContain("`n` must be at least 3")
    expect(await said({ n: { type: "number", required: true } })).toContain("`g2`: `n` must be a number")
    expect(await said({ r: { type: "reference", to: "users" } })).toContain("`r` names nothing that is in `users`")
    expect(await said({ at: { type: "time" } })).toContain('`at` is not written as "2026-01-31T12:00:00.000Z"')
    expect((await harness.refusalOf("collection.define", { name: "goals", fields: { t: { type: "string" } } })).detail).toContain("is not a field of this collection")
    // A default is for what is written from now on.
    expect(await said({ more: { type: "string", required: true, default: "x" } })).toContain("`more` is missing")
  })
})

describe("a unique field", () => {
  const unique = { email: { type: "string", unique: true } }

  test("keeps its value to one document, which may let go of it or hand it on", async () => {
    const harness = new Harness()
    await harness.commit(define(unique), create("g1", { email: "a" }), create("g2", {}), create("g3", { email: null }))
    expect(await harness.refusalOf("document.create", { collection: "goals", value: { email: "a" } })).toMatchObject({ code: "unique", pointer: "/value/email" })
    expect(await harness.refusalOf("document.patch", { collection: "goals", id: "g2", patch: { email: "a" } })).toMatchObject({ code: "unique", pointer: "/patch/email" })
    await harness.commit({ op: "document.patch", data: { collection: "goals", id: "g1", patch: { email: null } } }, { op: "document.patch", data: { collection: "goals", id: "g2", patch: { email: "a" } } })
    expect(harness.store.lookup("goals", "email@1", textValue("a"), 2)).toBe("g2")
    const executed = await harness.batch([create("x", { email: "new" }), create("y", { email: "new" })])
    expect(executed.map(({ kind }) => kind)).toEqual(["record", "refused"])
    expect(await problemsOf(harness)).toEqual([])
  })

  test("may become so, and no longer be", async () => {
    const harness = new Harness()
    await harness.commit(define({ email: { type: "string", index: true } }), create("g1", { email: "a" }), create("g2", { email: "b" }))
    await harness.commit(define(unique))
    expect(await harness.refusalOf("document.create", { collection: "goals", value: { email: "b" } })).toMatchObject({ code: "unique" })
    await harness.commit(define({ email: { type: "string", index: true } }))
    await harness.commit(create("g3", { email: "b" }))
    expect(walked(harness, "email")).toEqual(["g1", "g2", "g3"])
    expect(await problemsOf(harness)).toEqual([])
  })
})

describe("users", () => {
  const users = (fields: object) => ({ op: "collection.define", data: { name: "users", fields } })

  test("have the data that their definition asks for", async () => {
    const harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com", data: { plan: "free" } } })
    await harness.commit(users({ plan: { type: "string", enum: ["free", "paid"], default: "free", index: true }, handle: { type: "string", unique: true } }))
    expect(harness.store.walk("users", "plan@2", { at: 2, reverse: false, limit: 9 }).entries.map(({ id }) => id)).toEqual(["ada"])
    const [eve] = await harness.commit({ op: "user.create", data: { id: "eve", email: "eve@example.com", data: { handle: "e" } } })
    expect(eve?.["data"]).toEqual({ plan: "free", handle: "e" })
    expect((await harness.refusalOf("user.update", { id: "ada", data: { plan: "gold", colour: "red" } })).issues?.map(({ pointer }) => pointer)).toEqual(["/data/colour", "/data/plan"])
    expect(await harness.refusalOf("user.update", { id: "ada", data: { handle: "e" } })).toMatchObject({ code: "unique", pointer: "/data/handle" })
    expect((await harness.refusalOf("collection.define", { name: "users", fields: {} })).detail).toContain("`ada`: `plan` is not a field")
  })

  test("are no collection of documents, and are not dropped", async () => {
    const harness = new Harness()
    await harness.commit(users({}))
    expect((await harness.refusalOf("collection.drop", { name: "users" })).pointer).toBe("/name")
    expect((await harness.refusalOf("document.create", { collection: "users", value: {} })).pointer).toBe("/collection")
  })
})

describe("a revert", () => {
  test("of a definition gives the fields back, with indexes that have everything", async () => {
    const harness = new Harness()
    await harness.commit(define({ title: { type: "string", index: true } }), create("g1", { title: "b" }))
    await harness.commit(define({ title: { type: "string" } }))
    await harness.commit(create("g2", { title: "a" }))
    await harness.commit({ op: "revert", data: { version: 2 } })
    expect(walked(harness, "title")).toEqual(["g2", "g1"])
    expect(await problemsOf(harness)).toEqual([])
  })

  test("of a document is refused where the definition of now does not take it", async () => {
    const harness = new Harness()
    await harness.commit(define(null), create("g1", { n: 1 }))
    await harness.commit({ op: "document.put", data: { collection: "goals", id: "g1", value: { n: "1" } } })
    await harness.commit(define({ n: { type: "string" } }))
    expect(await harness.refusalOf("revert", { collection: "goals", id: "g1", to: 1 })).toMatchObject({ code: "conflict", detail: expect.stringContaining("`goals/g1` cannot be brought back") })
  })
})
