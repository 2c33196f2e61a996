// What `tandem get` takes, as the path it asks for.
import { expect, test } from "bun:test"
import { pathOf } from "../../src/cli/get.ts"

test("a path to read keeps slashes of an id inside it", () => {
  expect(["users", "/users", "users/a b", "goals/1/history", "goals/a/b/history", "goals/history", "goals/100%?x"].map(pathOf)).toEqual([
    "/users", "/users", "/users/a%20b", "/goals/1/history", "/goals/a%2Fb/history", "/goals/history", "/goals/100%25%3Fx",
  ])
})

test("nothing to read is wrong usage", () => {
  for (const nothing of [undefined, ""]) expect(() => pathOf(nothing)).toThrow("What shall be read?")
})
