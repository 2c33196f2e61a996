// What of an entity is its clients' own.
import { expect, test } from "bun:test"
import { ownValue, valueName } from "../../src/operations/own-value.ts"

test("a document keeps it as its value, a user as its data, and what is not there has none", () => {
  expect([valueName("goals"), valueName("users")]).toEqual(["value", "data"])
  expect(ownValue("goals", { id: "g", value: { n: 1 }, data: { n: 2 } })).toEqual({ n: 1 })
  expect(ownValue("users", { id: "u", value: { n: 1 }, data: { n: 2 } })).toEqual({ n: 2 })
  expect([ownValue("goals", undefined), ownValue("collections", { id: "goals" })]).toEqual([{}, {}])
})
