// document.patch.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, issuesOf } from "./harness.ts"

async function withGoal(value: object): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g", value } })
  return harness
}

const patch = (change: object) => ({ op: "document.patch", data: { collection: "goals", id: "g", patch: change } })

test("merges into the value and answers the whole document", async () => {
  const harness = await withGoal({ title: "Run", done: false, steps: { a: 1, b: 2 } })
  const [document] = await harness.commit(patch({ done: true, steps: { a: null, c: 3 } }))
  expect(document).toMatchObject({ collection: "goals", id: "g", version: 2, createdVersion: 1 })
  expect(document?.["value"]).toEqual({ title: "Run", done: true, steps: { b: 2, c: 3 } })
})

test("later patches of one transaction see the earlier ones, and each answer is its own state", async () => {
  const harness = await withGoal({ n: 0 })
  const documents = await harness.commit(patch({ n: 1 }), patch({ m: 1 }), patch({ n: null }))
  expect(documents.map(({ value }) => value)).toEqual([{ n: 1 }, { n: 1, m: 1 }, { m: 1 }])
  expect(harness.record().writes).toHaveLength(1)
})

test("a patch that changes nothing is a version all the same", async () => {
  const harness = await withGoal({ n: 0 })
  const [document] = await harness.commit(patch({}))
  expect(document).toMatchObject({ version: 2, value: { n: 0 } })
})

test("a document or collection that is not there is missing", async () => {
  const harness = await withGoal({})
  expect(await harness.refusalOf("document.patch", { collection: "goals", id: "h", patch: {} })).toMatchObject({ code: "entity-missing", pointer: "/id" })
  expect(await harness.refusalOf("document.patch", { collection: "notes", id: "g", patch: {} })).toMatchObject({ code: "collection-missing" })
})

test("a patch is an object, so that the value stays one", async () => {
  const harness = await withGoal({})
  for (const change of [null, [], "x", 1]) {
    expect(issuesOf(await harness.refusalOf("document.patch", { collection: "goals", id: "g", patch: change }))).toEqual(["/patch custom"])
  }
})

test("small patches of large documents cannot make a record that does not fit into a peer message", async () => {
  const harness = await withGoal({ filling: "x".repeat(900_000) })
  const operations = Array.from({ length: 40 }, (_, n) => patch({ n }))
  expect(await harness.refusal({ operations })).toMatchObject({ code: "too-large" })
  expect(await harness.refusal({ operations, dryRun: true })).toMatchObject({ code: "too-large" })
  await harness.commit(...operations.slice(0, 20))
  expect(harness.record().results.length).toBeLessThan(bounds.recordBytesMax)
})

test("nor can a document grow without bound, patch by patch", async () => {
  const harness = await withGoal({})
  let grown = 0
  let refused: string | undefined
  while (refused === undefined && grown < 100) {
    const executed = await harness.run(patch({ [`part${grown}`]: "é".repeat(1_000_000) }))
    if (executed.kind === "refused") refused = executed.refusal.code
    else grown++
  }
  expect(refused).toBe("too-large")
  expect(grown).toBeGreaterThan(10)
  // It can still be made smaller.
  await harness.commit({ op: "document.put", data: { collection: "goals", id: "g", value: {} } })
})
