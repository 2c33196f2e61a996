// The differ: what it gives leads from one value to the other, for thousands of pairs.
import { expect, test } from "bun:test"
import { diff, type Json } from "../../src/http/json-patch.ts"
import { applyPatch } from "./apply-patch.ts"

test("equal values have no difference", () => {
  expect(diff({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([])
})

test("names are escaped, and only what changed is named", () => {
  expect(diff({ "a/b": 1, "c~d": 2, e: 3 }, { "a/b": 2, e: 3, f: [] })).toEqual([
    { op: "remove", path: "/c~0d" },
    { op: "replace", path: "/a~1b", value: 2 },
    { op: "add", path: "/f", value: [] },
  ])
})

test("an item put into an array or taken out of it is one step", () => {
  expect(diff([1, 2, 3], [1, 9, 2, 3])).toEqual([{ op: "add", path: "/1", value: 9 }])
  expect(diff([1, 9, 2, 3], [1, 2, 3])).toEqual([{ op: "remove", path: "/1" }])
})

test("a difference applied to the value before gives the value after, for any two values", () => {
  const random = seeded(7)
  for (let n = 0; n < 5_000; n++) {
    const before = randomJson(random, 3)
    const after = n % 2 === 0 ? randomJson(random, 3) : changed(random, before)
    expect(applyPatch(before, diff(before, after))).toEqual(after)
  }
})

type Random = (below: number) => number

function seeded(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % below
  }
}

function randomJson(random: Random, depth: number): Json {
  const kind = random(depth > 0 ? 6 : 4)
  if (kind === 0) return null
  if (kind === 1) return random(2) === 0
  if (kind === 2) return random(5)
  if (kind === 3) return ["", "x", "~/", "é"][random(4)] ?? ""
  if (kind === 4) return Array.from({ length: random(5) }, () => randomJson(random, depth - 1))
  return Object.fromEntries(Array.from({ length: random(4) }, () => [["a", "b/", "~c", ""][random(4)], randomJson(random, depth - 1)]))
}

function changed(random: Random, value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => (random(3) === 0 ? changed(random, item) : item))
    items.splice(random(items.length + 1), random(2), randomJson(random, 1))
    return items
  }
  if (typeof value === "object" && value !== null) {
    return { ...Object.fromEntries(Object.entries(value).filter(() => random(4) > 0)), b: randomJson(random, 1) }
  }
  return randomJson(random, 1)
}
