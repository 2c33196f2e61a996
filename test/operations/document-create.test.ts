// document.create.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

async function withGoals(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } })
  return harness
}

test("a document's own fields live under `value`, so they clash with nothing", async () => {
  const harness = await withGoals()
  const value = { id: "mine", version: "v", createdAt: null, refused: true, code: "x", write: 0 }
  const [document] = await harness.commit({ op: "document.create", data: { collection: "goals", id: "g", value } })
  const time = "2026-03-01T12:00:00.000Z"
  expect(document).toEqual({ collection: "goals", id: "g", value, createdAt: time, updatedAt: time, version: 2, createdVersion: 2 })
  expect(harness.get("goals", "g")).toEqual(document)
})

test("without an id it gets a UUID, greater than those before", async () => {
  const harness = await withGoals()
  const one = { op: "document.create", data: { collection: "goals", value: {} } }
  const documents = await harness.commit(one, one, one)
  const ids = documents.map(({ id }) => String(id))
  expect(ids).toEqual([...ids].sort())
  expect(new Set(ids).size).toBe(3)
})

test("an id that is taken is refused, in another collection it is free", async () => {
  const harness = await withGoals()
  await harness.commit({ op: "collection.define", data: { name: "notes" } }, { op: "document.create", data: { collection: "goals", id: "g", value: {} } })
  expect(await harness.refusalOf("document.create", { collection: "goals", id: "g", value: {} })).toMatchObject({ code: "unique", pointer: "/id" })
  await harness.commit({ op: "document.create", data: { collection: "notes", id: "g", value: {} } })
})

test("an id may be used again after a delete, and then begins anew", async () => {
  const harness = await withGoals()
  const create = (n: number) => ({ op: "document.create", data: { collection: "goals", id: "g", value: { n } } })
  await harness.commit(create(1))
  const [, document] = await harness.commit({ op: "document.delete", data: { collection: "goals", id: "g" } }, create(2))
  expect(document).toMatchObject({ version: 3, createdVersion: 3 })
})

test("a collection that is not defined is missing", async () => {
  const harness = await withGoals()
  expect(await harness.refusalOf("document.create", { collection: "notes", value: {} })).toMatchObject({ code: "collection-missing", pointer: "/collection" })
})

test("what Tandem keeps for itself is no collection", async () => {
  const harness = await withGoals()
  for (const collection of ["users", "credentials", "keys", "collections"]) {
    for (const op of ["document.create", "document.put", "document.patch", "document.delete"]) {
      const refusal = await harness.refusalOf(op, { collection, id: "x", value: {}, patch: {} })
      expect(refusal).toMatchObject({ code: "invalid", pointer: "/collection" })
    }
  }
})

test("a value is an object", async () => {
  const harness = await withGoals()
  for (const value of [null, [], "text", 1, true]) {
    expect(issuesOf(await harness.refusalOf("document.create", { collection: "goals", value }))).toEqual(["/value custom"])
  }
  expect(issuesOf(await harness.refusalOf("document.create", { collection: "goals" }))).toEqual(["/value strict_object"])
})

test("a value is answered as it was sent, members in order", async () => {
  const harness = await withGoals()
  const value = { z: 1, a: [{}, [], "", null, -0.5, 1e-7, 9_007_199_254_740_991], "ключ/~": "\u2028 \u{1f600} \"\\ \n", "": {} }
  await harness.commit({ op: "document.create", data: { collection: "goals", id: "g", value } })
  expect(JSON.stringify(harness.get("goals", "g")?.["value"])).toBe(JSON.stringify(value))
})
