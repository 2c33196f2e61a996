// Times as clients write them.
import { expect, test } from "bun:test"
import { parseTime } from "../../src/operations/times.ts"

test("a time is RFC 3339, in any zone and either case", () => {
  const times: readonly (readonly [string, string])[] = [
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.500Z"],
    ["2026-01-31T12:00:00.123456789+02:00", "2026-01-31T10:00:00.123Z"],
    ["2024-02-29T23:59:59-23:59", "2024-03-01T23:58:59.000Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ]
  for (const [text, meant] of times) expect([text, new Date(parseTime(text) ?? Number.NaN).toISOString()]).toEqual([text, meant])
})

test("a day or a time of day that does not exist is none, and nothing is guessed", () => {
  const wrong = [
    "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T12:60:00Z", "2026-01-01T12:00:60Z", "2026-01-01T12:00:00+24:00", "2026-01-01T12:00:00+02",
    "2026-01-01", "2026-01-01T12:00Z", "2026-01-01 12:00:00Z", "2026-01-01T12:00:00", "2026-01-01T12:00:00.Z", "2026-01-01T12:00:00.1234567890Z",
    "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00", " 2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z ", "+002026-01-01T12:00:00Z", "yesterday", "", "1700000000000", `2026-01-01T12:00:00.${"0".repeat(100_000)}Z`,
  ]
  expect(wrong.filter((text) => parseTime(text) !== undefined)).toEqual([])
})
