// JSON for people: indented, coloured where that is shown, and still JSON.
import { describe, expect, test } from "bun:test"
import { paintFor } from "../../src/cli/colour.ts"
import { prettyJson } from "../../src/cli/pretty-json.ts"

const plain = paintFor({ colours: false })
const value = { id: "1", n: 1.5, ok: false, none: null, list: [1, { a: "b" }], empty: [{}, []], "\u001b[2J": "\u009b1m\u202e" }

describe("pretty JSON", () => {
  test("is indented as JSON.stringify does it", () => {
    expect(prettyJson({ a: 1, b: ["x", null] }, plain)).toBe(JSON.stringify({ a: 1, b: ["x", null] }, null, 2))
  })

  test("reads back as the same value, whatever is in it", () => {
    expect(JSON.parse(prettyJson(value, plain))).toEqual(value)
  })

  test("holds nothing that moves a cursor", () => {
    expect(prettyJson(value, plain)).not.toMatch(/[\u001b\u009b\u202e]/)
  })

  test("is the same text under its colours", () => {
    expect(Bun.stripANSI(prettyJson(value, paintFor({ colours: true })))).toBe(prettyJson(value, plain))
  })
})
