// How many columns a text takes, and cutting it to some.
import { describe, expect, test } from "bun:test"
import { cutToWidth, textWidth } from "../../src/cli/text-width.ts"

describe("the width of a text", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["Ada", 3],
    ["Größe", 5],
    ["愛", 2],
    ["한글", 4],
    ["ｆｕｌｌ", 8],
    ["e\u0301", 1],
    ["\u200b", 0],
    ["😀", 2],
    ["👩‍💻", 2],
    ["❤\ufe0f", 2],
    ["→…█", 3],
    ["\u001b[31mred\u001b[39m", 3],
  ]
  test.each(widths)("%j takes %d columns", (text, width) => {
    expect(textWidth(text)).toBe(width)
  })
})

describe("a text that is cut", () => {
  test("stays whole where it fits, with its colours", () => {
    expect(cutToWidth("\u001b[31mred\u001b[39m", 3)).toBe("\u001b[31mred\u001b[39m")
  })

  test("loses its colours with its end, so that none goes on", () => {
    expect(cutToWidth("\u001b[31mreddish\u001b[39m", 4)).toBe("red…")
  })

  test("is never cut inside a character, and never too wide", () => {
    expect(cutToWidth("👩‍💻👩‍💻👩‍💻", 4)).toBe("👩‍💻…")
    for (let width = 1; width < 12; width += 1) expect(textWidth(cutToWidth("愛a👩‍💻e\u0301愛愛愛", width))).toBeLessThanOrEqual(width)
  })
})
