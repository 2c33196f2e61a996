// Names in sentences: whole where they are short.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { quoted } from "../../src/operations/quoted.ts"

test("a name is quoted whole up to the bound, and its beginning where it is longer", () => {
  const longest = "x".repeat(bounds.quotedLengthMax)
  expect(quoted("goals")).toBe("`goals`")
  expect(quoted(longest)).toBe(`\`${longest}\``)
  expect(quoted(`${longest}y`)).toBe(`\`${longest}…\``)
})

test("a character that is cut in two is no half of one", () => {
  const cut = quoted(`${"x".repeat(bounds.quotedLengthMax - 1)}\u{1f600}`)
  expect(cut.isWellFormed()).toBe(true)
})
