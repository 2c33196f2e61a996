// document.delete.
import { expect, test } from "bun:test"
import { rowDeleted } from "../../src/store/row.ts"
import { Harness, issuesOf } from "./harness.ts"

async function withGoal(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g", value: { n: 1 } } })
  return harness
}

const remove = { op: "document.delete", data: { collection: "goals", id: "g" } }
const create = { op: "document.create", data: { collection: "goals", id: "g", value: {} } }

test("a deleted document is gone, and its history stays readable", async () => {
  const harness = await withGoal()
  expect(await harness.commit(remove)).toEqual([{ collection: "goals", id: "g" }])
  expect(harness.get("goals", "g")).toBeUndefined()
  expect(harness.get("goals", "g", 1)?.["value"]).toEqual({ n: 1 })
})

test("a document or collection that is not there, or no more, is missing", async () => {
  const harness = await withGoal()
  await harness.commit(remove)
  expect(await harness.refusal(remove)).toMatchObject({ code: "entity-missing", pointer: "/id" })
  expect(await harness.refusalOf("document.delete", { collection: "notes", id: "g" })).toMatchObject({ code: "collection-missing" })
  expect(issuesOf(await harness.refusalOf("document.delete", { collection: "goals" }))).toEqual(["/id strict_object"])
})

test("what comes and goes within one transaction leaves no row", async () => {
  const harness = await withGoal()
  await harness.commit({ ...create, data: { ...create.data, id: "h" } }, { ...remove, data: { ...remove.data, id: "h" } })
  expect(harness.record().writes).toEqual([])
  expect(harness.store.row("goals", "h", 2)).toBeUndefined()
})

test("nor a second tombstone where it was deleted before", async () => {
  const harness = await withGoal()
  await harness.commit(remove)
  await harness.commit(create, remove)
  expect(harness.record().writes).toEqual([])
  const history = harness.store.history("goals", "g", { at: 3, limit: 10 })
  expect(history.map((row) => rowDeleted(row))).toEqual([true, false])
})
