// Durations in the data of operations.
import { expect, test } from "bun:test"
import { parseDuration, timeAfter } from "../../src/operations/durations.ts"

test("are a whole number and a unit", () => {
  expect(["0s", "250ms", "10s", "5m", "12h", "30d"].map(parseDuration)).toEqual([0, 250, 10_000, 300_000, 43_200_000, 2_592_000_000])
})

test("are nothing else", () => {
  for (const text of ["", "5", "s", "-5s", "+5s", "1.5s", "1e3s", " 5s", "5s ", "5 s", "5S", "5w", "٥s", `${"1".repeat(16)}s`, "5constructor"]) expect([text, parseDuration(text)]).toEqual([text, undefined])
})

test("lead to a time that is the greater text", () => {
  expect(timeAfter("2026-12-31T23:59:59.999Z", "1ms")).toBe("2027-01-01T00:00:00.000Z")
  expect(timeAfter("2026-03-01T12:00:00.000Z", "30d") > "2026-03-01T12:00:00.000Z").toBe(true)
})
