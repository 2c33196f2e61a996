// Epochs: how one primary's reign stands to another.
import { expect, test } from "bun:test"
import { compareEpoch } from "../../src/protocol/epoch.ts"

const own = { number: 3, id: "x" }

test.each([
  ["a lower number is lower, whatever its id (I6)", { number: 2, id: "x" }, "lower"],
  ["a higher number is higher, whatever its id", { number: 4, id: "x" }, "higher"],
  ["the same number and id is the same", { number: 3, id: "x" }, "same"],
  ["the same number with another id is a fork (I6)", { number: 3, id: "y" }, "forked"],
] as const)("%s", (_, other, order) => {
  expect(compareEpoch(own, other)).toBe(order)
})
