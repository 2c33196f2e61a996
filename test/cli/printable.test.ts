// What was stored is shown without doing anything to the terminal.
import { describe, expect, test } from "bun:test"
import { inline, printable } from "../../src/cli/printable.ts"

describe("stored text", () => {
  test("cannot move the cursor, change colours, or turn the direction of what follows", () => {
    const every = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, n) => 0x7f + n), 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069]
    for (const point of every) expect(printable(`a${String.fromCodePoint(point)}b`)).toBe(`a\\u${point.toString(16).padStart(4, "0")}b`)
  })

  test("is otherwise left as it is", () => {
    expect(printable("Ada 愛 👩‍💻 \\u001b é")).toBe("Ada 愛 👩‍💻 \\u001b é")
  })
})

test("a value in one line is bare text, JSON, or a dash where there is none", () => {
  expect([undefined, null, "a\nb", 1, false, { a: "\u009b" }, []].map(inline)).toEqual(["–", "–", "a\\u000ab", "1", "false", '{"a":"\\u009b"}', "[]"])
})
