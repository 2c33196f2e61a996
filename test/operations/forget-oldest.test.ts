// A map that is bounded by what was put in first.
import { expect, test } from "bun:test"
import { forgetOldest } from "../../src/operations/forget-oldest.ts"

test("what was put in first goes, once there is one too many", () => {
  const map = new Map<string, number>()
  for (const [n, key] of ["a", "b", "c", "a", "d"].entries()) {
    map.set(key, n)
    forgetOldest(map, 3)
  }
  expect([...map]).toEqual([["b", 1], ["c", 2], ["d", 4]])
})
