// What a mistyped word may have meant.
import { expect, test } from "bun:test"
import { nearest } from "../../src/cli/nearest.ts"

const known = ["dev", "serve", "status", "do", "get", "log", "import", "export", "verify"]

test("the nearest known word is found, or none where nothing is close", () => {
  const meant = ["stats", "statsu", "improt", "expotr", "verfy", "gt", "ver", "exp", "backup", "promote", "x"].map((word) => nearest(word, known))
  expect(meant).toEqual(["status", "status", "import", "export", "verify", "get", "verify", "export", undefined, undefined, undefined])
})

test("the beginning of a word is that word", () => {
  expect(nearest("cors", ["data", "cors-origin"])).toBe("cors-origin")
})
