// Durations and sizes, as people write and read them.
import { describe, expect, test } from "bun:test"
import { parseDuration, parseSize, showDuration, showSize } from "../../src/cli/quantity.ts"

describe("quantities", () => {
  test("are durations with a unit", () => {
    expect(["500ms", "10s", "5m", "2h", "30d", "1.5s", " 10 s "].map(parseDuration)).toEqual([500, 10_000, 300_000, 7_200_000, 2_592_000_000, 1_500, 10_000])
    for (const wrong of ["10", "s", "-1s", "1 year", "", "1e3s", "0.3ms", "10S", "99999999999999d", "constructor"]) expect(parseDuration(wrong)).toBeUndefined()
  })

  test("are sizes with a unit, or bytes", () => {
    expect(["1MiB", "1024", "2GiB", "0.5KiB", "0"].map(parseSize)).toEqual([1_048_576, 1_024, 2_147_483_648, 512, 0])
    for (const wrong of ["1MB", "1toString", "0.3B", "-1", "MiB", ""]) expect(parseSize(wrong)).toBeUndefined()
  })

  test("are shown in the largest unit that fits", () => {
    expect([0, 999, 1_000, 59_400, 60_000, 65_000, 3_599_400, 3_600_000, 90_000_000].map(showDuration)).toEqual(
      ["0ms", "999ms", "1s", "59s", "1m00s", "1m05s", "59m59s", "1h00m", "25h00m"],
    )
    expect([0, 1_023, 1_024, 1_536, 67_108_864, 5 * 1024 ** 3].map(showSize)).toEqual(["0 B", "1023 B", "1 KiB", "1.5 KiB", "64 MiB", "5 GiB"])
  })

  test("never round up to a number that the unit does not have", () => {
    expect([999.6, 59_600, 3_599_600].map(showDuration)).toEqual(["1s", "1m00s", "1h00m"])
  })
})
