// Aligned columns: measured without colours, wide characters as wide as they are, the last column cut at the edge.
import { describe, expect, test } from "bun:test"
import { paintFor } from "../../src/cli/colour.ts"
import { table } from "../../src/cli/table.ts"

const coloured = paintFor({ colours: true })

describe("a table", () => {
  test("is aligned whether it is coloured or not", () => {
    expect(table([["a", "1"], [coloured("red", "bbb"), "2"]])).toBe(`a    1\n${coloured("red", "bbb")}  2\n`)
  })

  test("is aligned where characters take two columns, or none", () => {
    expect(table([["愛", "1"], ["e\u0301", "2"], ["abc", "3"]])).toBe("愛   1\ne\u0301    2\nabc  3\n")
  })

  test("has its last column cut at the edge of the terminal", () => {
    expect(table([["id", "x".repeat(100)]], 30)).toBe(`id  ${"x".repeat(25)}…\n`)
    expect(table([["id", "愛".repeat(100)]], 30)).toBe(`id  ${"愛".repeat(12)}…\n`)
    expect(table([["id", "x".repeat(26)]], 30)).toBe(`id  ${"x".repeat(26)}\n`)
  })

  test("keeps enough of the last column to tell something where the others take all the room", () => {
    expect(table([["x".repeat(40), "y".repeat(40)]], 30)).toBe(`${"x".repeat(40)}  ${"y".repeat(11)}…\n`)
  })

  test("has no blanks at the ends of its lines", () => {
    expect(table([["a", ""], ["bb", "c"]])).toBe("a\nbb  c\n")
  })

  test("goes on under an earlier one in the same columns", () => {
    const widths: number[] = []
    expect(table([["1000", "a"]], undefined, widths)).toBe("1000  a\n")
    expect(table([["1", "b"]], undefined, widths)).toBe("1     b\n")
  })
})
