// Definitions that change within one transaction, or come back by a revert when what they speak of has changed.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { indexReady } from "../../src/operations/index-ready.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { rowFacts, rowTerms } from "../../src/store/row.ts"
import { timeValue } from "../../src/store/term-value.ts"
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

const time = "2026-01-31T12:00:00.000Z"

function termsOf(harness: Harness, id: string): readonly string[] {
  const row = harness.store.row("goals", id, harness.store.position().head) ?? new Uint8Array()
  return rowTerms(row).map(({ field, value }) => `${field} ${Buffer.from(value).toString("hex")}`)
}

async function fillUp(harness: Harness, count: number, value: object): Promise<void> {
  const ids = Array.from({ length: count }, (_, n) => `g${n}`)
  while (ids.length > 0) await harness.commit(...ids.splice(0, bounds.operationsMax).map((id) => create("goals", id, value)))
}

test("an index that becomes one of another type within one transaction has the entries of that type only", async () => {
  for (const size of [1, bounds.inlineDocumentsMax + 1]) {
    const harness = new Harness()
    await harness.commit(define("goals", null))
    await fillUp(harness, size, { a: time })
    const put: Operation = { op: "document.put", data: { collection: "goals", id: "g0", value: { a: time } } }
    await harness.commit(define("goals", { a: { type: "string", index: true } }), put, define("goals", { a: { type: "time", index: true } }))
    const { head } = harness.store.position()
    expect(termsOf(harness, "g0")).toEqual([`a@${head} ${Buffer.from(timeValue(time)).toString("hex")}`])
    expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
  }
})

test("indexes may come and go for ever: an entity that can carry no more of their terms is written again", async () => {
  const names = Array.from({ length: bounds.indexesMax }, (_, n) => `f${n}`)
  const of = (value: (name: string) => unknown) => Object.fromEntries(names.map((name) => [name, value(name)]))
  const value = of((name) => name.padEnd(bounds.indexedTextBytesMax, "x"))
  const unlike = (n: number) => (n % 2 === 0 ? { index: true } : { unique: true })
  for (const together of [false, true]) {
    const harness = new Harness()
    await harness.commit(define("goals", null), define("users", null))
    await harness.commit(create("goals", "g1", value), { op: "user.create", data: { id: "ada", email: "ada@example.com", data: value } })
    const before = harness.store.position().head
    const defines = Array.from({ length: 20 }, (_, n) => [
      define("goals", of(() => ({ type: "string", ...unlike(n) }))),
      // Each with an index of its own name, so that all of them stay where they come in one transaction.
      define("users", { ...of(() => ({ type: "string" })), [names[n % names.length] ?? ""]: { type: "string", ...unlike(n) } }),
    ]).flat()
    if (together) await harness.commit(...defines)
    else for (const one of defines) await harness.commit(one)
    const { head } = harness.store.position()
    const now = harness.get("collections", "goals")?.["indexes"] as { readonly [name: string]: { readonly term: string } }
    expect(termsOf(harness, "g1").map((term) => term.split(" ")[0] ?? "")).toEqual(expect.arrayContaining(names.map((name) => now[name]?.term ?? "")))
    expect(harness.get("goals", "g1")?.["value"]).toEqual(value)
    expect(rowFacts(harness.store.row("goals", "g1", head) ?? new Uint8Array()).changed > before).toBe(!together)
    expect((await harness.refusalOf("user.create", { email: "ADA@example.com", data: value })).code).toBe("unique")
    expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
  }
})

test("an index begins anew only where each of its keys has room for the entities that are there", async () => {
  const [collection, field, id] = ["c".repeat(bounds.collectionNameLengthMax), "f".repeat(bounds.fieldNameLengthMax), "\u8a9e".repeat(bounds.idLengthMax)]
  const harness = new Harness()
  // The longest term is that of version 2^48, with `@` and the tag of texts: 17 bytes.
  const room = bounds.keyBytesMax - collection.length - field.length - Buffer.byteLength(id) - 17
  const harmless = "x".repeat(room)
  await harness.commit(define(collection, null), create(collection, id, { [field]: `${harmless}x` }))
  const index = { type: "string", index: true }
  expect((await harness.refusalOf("collection.define", { name: collection, fields: { [field]: index } })).detail).toContain("more than 1024 bytes")
  await harness.commit({ op: "document.put", data: { collection, id, value: { [field]: harmless } } })
  await harness.commit(define(collection, { [field]: index }))
  expect((await harness.refusalOf("document.put", { collection, id, value: { [field]: `${harmless}x` } })).issues?.map(({ code }) => code)).toEqual(["key_bytes"])
})

test("nothing is deleted beside a definition of a large collection that may reference it", async () => {
  const harness = new Harness()
  await harness.commit(define("plans", null), define("goals", null), create("plans", "p1", {}))
  await fillUp(harness, bounds.inlineDocumentsMax + 1, { plan: "p1" })
  const referencing = define("goals", { plan: { type: "reference", to: "plans" } })
  const refusal = await harness.refusal({ operations: [{ op: "document.delete", data: { collection: "plans", id: "p1" } }, referencing] })
  expect(refusal).toMatchObject({ code: "conflict", detail: expect.stringContaining("deletes from `plans`") })
  await harness.commit(create("plans", "p2", {}), { op: "document.put", data: { collection: "goals", id: "g0", value: { plan: "p2" } } }, referencing)
})

test("the definitions of one transaction look through a bounded number of documents", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", null))
  await fillUp(harness, 1_000, { a: "x" })
  const [one, other] = [define("goals", { a: { type: "string" } }), define("goals", null)]
  const some = bounds.lookedThroughMax / 1_000
  expect((await harness.refusal({ operations: Array.from({ length: some + 1 }, () => [one, other]).flat() })).detail).toContain("look through at most")
  await harness.commit(...Array.from({ length: some }, () => [one, other]).flat())
})

test("an index that was built for a definition of earlier makes no version of that of now", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", { a: { type: "string", index: true } }))
  await harness.commit({ op: "collection.drop", data: { name: "goals" } }, define("goals", { a: { type: "string", index: true } }))
  for (const term of ["a@1", "a@2"]) {
    expect(await harness.execute([internalTransaction(indexReady, { collection: "goals", terms: [term] })])).toMatchObject([{ kind: "record" }])
    expect(harness.record().writes).toEqual([])
  }
})
