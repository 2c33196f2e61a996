// Values of filters by the type of their field: what is taken, and what is not guessed.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { filterValue, valueForm } from "../../../src/http/lists/filter-value.ts"
import { booleanValue, numberValue, textValue, timeValue } from "../../../src/store/term-value.ts"

const taken = {
  string: [["", ""], ["語 x", "語 x"], ["x".repeat(bounds.indexedTextBytesMax), "x".repeat(bounds.indexedTextBytesMax)], ["null", "null"]],
  reference: [["ada", "ada"], ["語".repeat(bounds.idLengthMax), "語".repeat(bounds.idLengthMax)]],
  email: [[" Ada@Example.COM ", "ada@example.com"], ["Zoe\u0308@x", "zoë@x"], ["", ""]],
} as const

const refused = {
  string: ["a\0b", "x".repeat(bounds.indexedTextBytesMax + 1), "語".repeat(bounds.indexedTextBytesMax / 2)],
  reference: ["a\0b", "x".repeat(bounds.idLengthMax + 1)],
  email: ["a\0b", "x".repeat(bounds.emailLengthMax + 1)],
  integer: ["", "1.0", "1e3", "+1", "01", " 1", "0x1", "١", "9007199254740992", "-9007199254740992", "1".repeat(400), "null", "NaN"],
  number: ["", ".5", "5.", "+1", "01", "1e999", "Infinity", "NaN", "1_000", "9007199254740993", "1e300", "0x10", "1,5", "1".repeat(100_000)],
  boolean: ["", "1", "0", "TRUE", "yes", "null"],
  time: ["", "2026-01-31", "2026-02-30T12:00:00Z", "now", "2026-01-31T12:00:00", "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1769860800000"],
  json: ["", "{}", "1"],
} as const

describe("the value of a filter", () => {
  test("of text is the text, of an address what is compared of it", () => {
    for (const [type, pairs] of Object.entries(taken)) {
      for (const [text, value] of pairs) expect(filterValue(type as keyof typeof taken, text)).toEqual(textValue(value))
    }
  })

  test("of a number is a number of JSON", () => {
    for (const number of [0, -1, 42, 9_007_199_254_740_991, -9_007_199_254_740_991]) expect(filterValue("integer", String(number))).toEqual(numberValue(number))
    expect(filterValue("integer", "-0")).toEqual(numberValue(0))
    for (const text of ["0", "-1.5", "1e3", "1E-7", "0.1", "9007199254740991", "5e-324"]) expect(filterValue("number", text)).toEqual(numberValue(Number(text)))
  })

  test("of a boolean is true or false, of a time its moment in UTC", () => {
    expect([filterValue("boolean", "true"), filterValue("boolean", "false")]).toEqual([booleanValue(true), booleanValue(false)])
    for (const text of ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00.000+01:00", "2026-01-31t12:00:00.0004z"]) {
      expect(filterValue("time", text)).toEqual(timeValue("2026-01-31T12:00:00.000Z"))
    }
  })

  for (const [type, texts] of Object.entries(refused)) {
    test(`of type ${type} is nothing else, and what it is can be said`, () => {
      for (const text of texts) expect([text.slice(0, 30), filterValue(type as keyof typeof refused, text)]).toEqual([text.slice(0, 30), undefined])
      expect(valueForm(type as keyof typeof refused).length).toBeGreaterThan(5)
    })
  }
})
