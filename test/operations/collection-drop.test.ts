// collection.drop.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, keyWith } from "./harness.ts"

const define = { op: "collection.define", data: { name: "goals" } }
const drop = { op: "collection.drop", data: { name: "goals" } }
const create = (id: string, collection = "goals") => ({ op: "document.create", data: { collection, id, value: {} } })

test("takes all its documents with it, in one version, and no others", async () => {
  const harness = new Harness()
  await harness.commit(define, { op: "collection.define", data: { name: "goals2" } }, create("x", "goals2"))
  const ids = Array.from({ length: 2_345 }, (_, n) => `g${n}`)
  for (let n = 0; n < ids.length; n += 1_000) await harness.commit(...ids.slice(n, n + 1_000).map((id) => create(id)))
  const [definition] = await harness.commit(drop)
  expect(definition).toMatchObject({ id: "goals", version: 1 })
  expect(harness.record().writes).toHaveLength(ids.length + 1)
  expect(ids.filter((id) => harness.get("goals", id) !== undefined)).toEqual([])
  expect(harness.get("collections", "goals")).toBeUndefined()
  expect(harness.get("goals2", "x")).toBeDefined()
})

test("sees documents of its own batch and transaction, made and deleted", async () => {
  const harness = new Harness()
  await harness.commit(define, create("old"), create("gone"))
  const executed = await harness.batch([create("batch"), { op: "document.delete", data: { collection: "goals", id: "gone" } }, { operations: [create("own"), drop] }])
  expect(executed.map(({ kind }) => kind)).toEqual(["record", "record", "record"])
  // What came and went within the transaction leaves no tombstone, nor does what was gone before.
  expect(harness.record().writes.map(({ id }) => id).sort()).toEqual(["batch", "goals", "old"])
})

test("a collection made anew is empty", async () => {
  const harness = new Harness()
  await harness.commit(define, create("g"))
  await harness.commit(drop, define)
  expect(harness.get("goals", "g")).toBeUndefined()
  expect(harness.get("goals", "g", 1)).toBeDefined()
  await harness.commit(create("g"))
})

test("a collection with too many documents is refused", async () => {
  const harness = new Harness()
  await harness.commit(define)
  for (let n = 0; n < bounds.dropDocumentsMax; n += 1_000) {
    await harness.commit(...Array.from({ length: 1_000 }, (_, k) => create(`g${n + k}`)))
  }
  await harness.commit(create("last"))
  expect(await harness.refusal(drop)).toMatchObject({ code: "conflict", pointer: "/name" })
  await harness.commit({ op: "document.delete", data: { collection: "goals", id: "last" } })
  await harness.commit(drop)
})

test("nor are documents dropped, or deleted in one transaction, that are too large together for history to take at once", async () => {
  const harness = new Harness()
  await harness.commit(define)
  const text = "x".repeat(1_000_000)
  const ids = Array.from({ length: Math.ceil(bounds.supersededBytesMax / text.length) }, (_, n) => `g${n}`)
  for (let n = 0; n < ids.length; n += 10) await harness.commit(...ids.slice(n, n + 10).map((id) => ({ op: "document.create", data: { collection: "goals", id, value: { text } } })))
  expect(await harness.run(drop)).toMatchObject({ kind: "refused", refusal: { code: "conflict", pointer: "/name" } })
  const deletes = (some: readonly string[]) => ({ operations: some.map((id) => ({ op: "document.delete", data: { collection: "goals", id } })) })
  expect(await harness.run(deletes(ids))).toMatchObject({ kind: "refused", refusal: { code: "too-large" } })
  expect((await harness.run(deletes(ids.slice(2)))).kind).toBe("record")
  await harness.commit(drop)
})

test("a collection that is not there is missing", async () => {
  const harness = new Harness()
  expect(await harness.refusal(drop)).toMatchObject({ code: "collection-missing", pointer: "/name" })
  for (const name of ["users", "keys", "credentials", "collections"]) {
    expect(await harness.refusalOf("collection.drop", { name })).toMatchObject({ code: "invalid" })
  }
})

test("it needs the scope admin", async () => {
  expect(await new Harness().refusal(drop, { principal: keyWith("write") })).toMatchObject({ code: "forbidden" })
})
