// Colours, where they are shown.
import { expect, test } from "bun:test"
import { paintFor } from "../../src/cli/colour.ts"

test("text is coloured and the colour ended again", () => {
  const paint = paintFor({ colours: true })
  expect([paint("red", "no"), paint("bold", "a"), paint("dim", "b")]).toEqual(["\u001b[31mno\u001b[39m", "\u001b[1ma\u001b[22m", "\u001b[2mb\u001b[22m"])
})

test("text goes through untouched where no colours are shown", () => {
  expect(paintFor({ colours: false })("red", "no")).toBe("no")
})
