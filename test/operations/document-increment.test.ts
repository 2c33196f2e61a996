// document.increment.
import { describe, expect, test } from "bun:test"
import { Harness, issuesOf, keyWith, resultsOf } from "./harness.ts"

async function withGoal(value: object): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g", value } })
  return harness
}

const increment = (by: unknown, more: object = {}) => ({ op: "document.increment", data: { collection: "goals", id: "g", field: "n", by, ...more } })

function numberIn(harness: Harness): unknown {
  return (harness.get("goals", "g")?.["value"] as { readonly n?: unknown }).n
}

test("adds to the field and answers the whole document", async () => {
  const harness = await withGoal({ title: "Run", n: 1 })
  const [document] = await harness.commit(increment(2))
  expect(document).toEqual({ ...harness.get("goals", "g") })
  expect(document).toMatchObject({ collection: "goals", id: "g", version: 2, createdVersion: 1, value: { title: "Run", n: 3 } })
  await harness.commit(increment(-4.5))
  expect(numberIn(harness)).toBe(-1.5)
})

test("a field that is missing counts as 0, also one that every object inherits", async () => {
  const harness = await withGoal({})
  await harness.commit(increment(5))
  expect(numberIn(harness)).toBe(5)
  await harness.commit(increment(2, { field: "toString" }), increment(3, { field: "" }), increment(4, { field: "a/b.c" }))
  expect(harness.get("goals", "g")?.["value"]).toEqual({ n: 5, toString: 2, "": 3, "a/b.c": 4 })
})

test("each of many concurrent increments counts, in one batch and in one transaction", async () => {
  const harness = await withGoal({ n: 0 })
  const executed = await harness.batch(Array.from({ length: 50 }, () => increment(1)))
  expect(executed.map((one) => (resultsOf(one)[0]?.["value"] as { n: number }).n)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
  await harness.commit(...Array.from({ length: 50 }, () => increment(1)))
  expect(numberIn(harness)).toBe(100)
})

test("a retry under the same key counts once (P3)", async () => {
  const harness = await withGoal({ n: 0 })
  for (let n = 0; n < 3; n++) expect(resultsOf(await harness.run(increment(1), { key: "once" }))).toMatchObject([{ value: { n: 1 } }])
  expect(numberIn(harness)).toBe(1)
})

test("a dry run answers the sum and leaves no trace", async () => {
  const harness = await withGoal({ n: 1 })
  const before = harness.disk()
  expect(resultsOf(await harness.run({ operations: [increment(1)], dryRun: true }))).toMatchObject([{ value: { n: 2 } }])
  expect(harness.disk()).toBe(before)
})

test("takes its number from an earlier result, and its condition from the document", async () => {
  const harness = await withGoal({ n: 1 })
  const steps = { op: "document.create", data: { collection: "goals", value: { by: 41 } }, as: "s" }
  await harness.commit(steps, { ...increment({ $ref: "s.value.by" }), if: { version: 1 } })
  expect(numberIn(harness)).toBe(42)
  expect(await harness.refusal({ operations: [{ ...increment(1), if: { version: 1 } }] })).toMatchObject({ code: "precondition-failed", version: 2 })
  expect(issuesOf(await harness.refusal({ operations: [{ ...steps, data: { collection: "goals", value: { by: "x" } } }, increment({ $ref: "s.value.by" })] }))).toEqual(["/by number"])
})

describe("bounds", () => {
  test("are met exactly, and nothing beyond them is", async () => {
    const harness = await withGoal({ n: 8 })
    await harness.commit(increment(2, { max: 10 }), increment(-10, { min: 0, max: 10 }))
    expect(numberIn(harness)).toBe(0)
    expect(await harness.refusal(increment(-0.5, { min: 0 }))).toMatchObject({ code: "conflict", pointer: "/min", operation: 0 })
    expect(await harness.refusal(increment(11, { max: 10 }))).toMatchObject({ code: "conflict", pointer: "/max" })
  })

  test("hold for the sum, also where the number came closer to them", async () => {
    const harness = await withGoal({ n: 100 })
    expect(await harness.refusal(increment(-1, { max: 10 }))).toMatchObject({ code: "conflict", pointer: "/max" })
    await harness.commit(increment(-90, { max: 10 }))
  })

  test("of which the lower is above the upper are invalid", async () => {
    const harness = await withGoal({ n: 0 })
    expect(issuesOf(await harness.refusal(increment(1, { min: 2, max: 1 })))).toEqual(["/max partial_check"])
    await harness.commit(increment(1, { min: 1, max: 1 }))
  })
})

describe("an integer is never rounded", () => {
  const most = Number.MAX_SAFE_INTEGER
  test("up to 2^53 it is exact, and beyond it is refused", async () => {
    const harness = await withGoal({ n: most - 2 })
    await harness.commit(increment(1), increment(1))
    expect(numberIn(harness)).toBe(most)
    for (const by of [1, 2, 0.5, most]) expect(await harness.refusal(increment(by))).toMatchObject({ code: "conflict", pointer: "/by" })
    await harness.commit(increment(-most), increment(-most))
    expect(await harness.refusal(increment(-1))).toMatchObject({ code: "conflict", pointer: "/by" })
  })
})

test("a field that is no number is invalid, and so is what cannot be added", async () => {
  const harness = await withGoal({ text: "1", none: null, list: [1], object: {}, yes: true })
  for (const field of ["text", "none", "list", "object", "yes"]) {
    expect(issuesOf(await harness.refusal(increment(1, { field })))).toEqual(["/field number"])
  }
  for (const by of ["1", null, [], true]) expect(issuesOf(await harness.refusal(increment(by)))).toEqual(["/by number"])
  expect(issuesOf(await harness.refusalOf("document.increment", { collection: "goals", id: "g" }))).toEqual(["/field strict_object", "/by strict_object"])
  for (const field of ["__proto__", "constructor", "prototype"]) expect(issuesOf(await harness.refusal(increment(1, { field })))).toEqual(["/field check"])
  expect(issuesOf(await harness.refusal(increment(1, { field: "x".repeat(257), min: "0", colour: 1 })))).toEqual(["/field max_length", "/min number", "/colour unknown-field"])
})

test("a document or collection that is not there is missing", async () => {
  const harness = await withGoal({})
  expect(await harness.refusal(increment(1, { id: "h" }))).toMatchObject({ code: "entity-missing", pointer: "/id" })
  expect(await harness.refusal(increment(1, { collection: "notes" }))).toMatchObject({ code: "collection-missing" })
  expect(await harness.refusal(increment(1), { principal: keyWith("read") })).toMatchObject({ code: "forbidden" })
})
