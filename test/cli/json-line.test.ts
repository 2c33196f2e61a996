// JSON for machines that does nothing to a terminal.
import { expect, test } from "bun:test"
import { jsonLine } from "../../src/cli/json-line.ts"

test("a JSON line is one line, reads back as the same value, and holds nothing that moves a cursor", () => {
  const value = { "k\u009b": "\u001b[2J\u009b1m\u007f\u202e\u2028\n\"\\ 愛", n: [1, null, true] }
  const line = jsonLine(value)
  expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e]+\n$/)
  expect(JSON.parse(line)).toEqual(value)
})
