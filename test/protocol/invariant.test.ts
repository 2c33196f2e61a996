// Invariants: which of them the code asserts, and what happens when one does not hold.
import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { invariant, InvariantBroken } from "../../src/protocol/invariant.ts"

test("a broken one is thrown, with its number", () => {
  expect(() => invariant(true, "I1", "fine")).not.toThrow()
  expect(() => invariant(false, "I5", "two batches")).toThrow(InvariantBroken)
  expect(() => invariant(false, "I5", "two batches")).toThrow("invariant I5 is broken: two batches")
})

test("all that the protocol carries are asserted in it", () => {
  const folder = join(import.meta.dirname, "../../src/protocol")
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")).join("\n")
  const asserted = new Set([...text.matchAll(/invariant\([^\n]*?"(I\d+)"/g)].map((match) => match[1]))
  expect(["I1", "I2", "I3", "I4", "I5", "I6", "I9", "I10"].filter((name) => !asserted.has(name))).toEqual([])
})
