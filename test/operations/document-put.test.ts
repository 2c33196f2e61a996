// document.put.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

async function withGoals(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } })
  return harness
}

test("creates where nothing is and replaces the whole value where something is", async () => {
  const harness = await withGoals()
  await harness.commit({ op: "document.put", data: { collection: "goals", id: "g", value: { a: 1, b: 2 } } })
  expect(harness.get("goals", "g")).toMatchObject({ collection: "goals", id: "g", value: { a: 1, b: 2 }, version: 2, createdVersion: 2 })
  harness.nowMs += 1_000
  await harness.commit({ op: "document.put", data: { collection: "goals", id: "g", value: { c: null } } })
  const document = harness.get("goals", "g")
  expect(document).toMatchObject({ version: 3, createdVersion: 2, createdAt: "2026-03-01T12:00:00.000Z", updatedAt: "2026-03-01T12:00:01.000Z" })
  expect(document?.["value"]).toEqual({ c: null })
})

test("without an id it creates", async () => {
  const harness = await withGoals()
  const [document] = await harness.commit({ op: "document.put", data: { collection: "goals", value: {} } })
  expect(harness.get("goals", String(document?.["id"]))).toEqual(document)
})

test("a collection that is not defined is missing", async () => {
  const harness = await withGoals()
  expect(await harness.refusalOf("document.put", { collection: "notes", id: "n", value: {} })).toMatchObject({ code: "collection-missing", pointer: "/collection" })
})

test("with `if` it creates only, or replaces only", async () => {
  const harness = await withGoals()
  const data = { collection: "goals", id: "g", value: {} }
  expect(await harness.refusalOf("document.put", data, { if: { present: true } })).toMatchObject({ code: "precondition-failed" })
  await harness.commit({ op: "document.put", data, if: { absent: true } })
  expect(await harness.refusalOf("document.put", data, { if: { absent: true } })).toMatchObject({ code: "precondition-failed", version: 2 })
  await harness.commit({ op: "document.put", data, if: { present: true } })
})

test("unknown fields are refused", async () => {
  const harness = await withGoals()
  expect(issuesOf(await harness.refusalOf("document.put", { collection: "goals", id: "g", value: {}, patch: {} }))).toEqual(["/patch unknown-field"])
})
