// Index values as bytes: in the order of the values, without NUL, and with the bytes that docs/FORMAT.md says.
import { describe, expect, test } from "bun:test"
import { booleanValue, nullValue, numberValue, textValue, timeValue } from "../../src/store/term-value.ts"
import { Random } from "../sim/random.ts"

const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex")

function randomDouble(random: Random): number {
  const bytes = new DataView(new ArrayBuffer(8))
  for (;;) {
    for (let n = 0; n < 8; n++) bytes.setUint8(n, random.between(0, 255))
    const value = bytes.getFloat64(0)
    if (Number.isFinite(value)) return value
  }
}

describe("an index value", () => {
  test("has the bytes that the format says", () => {
    expect([nullValue, booleanValue(false), booleanValue(true)].map(hex)).toEqual(["01", "1031", "1032"])
    expect([0, 1, -1].map((value) => hex(numberValue(value)))).toEqual(["2081808080808080808080", "2081bff88080808080" + "8080", "2080c087ffffffffff" + "ffff"])
    expect(hex(textValue("aü"))).toBe("3061c3bc")
    expect(hex(timeValue("2026-11-25T10:00:00.000Z"))).toBe(`40${Buffer.from("2026-11-25T10:00:00.000Z").toString("hex")}`)
  })

  test("is in the order of numbers, whatever their size and sign, and has no NUL", () => {
    const random = new Random(3)
    const special = [0, 1, 2, 0.5, 1 / 3, Number.MIN_VALUE, 2 * Number.MIN_VALUE, 2 ** -1022, 2 ** -1022 - Number.MIN_VALUE, Number.EPSILON, 2 ** 31, 2 ** 32, 2 ** 53 - 1, Number.MAX_VALUE]
    const numbers = [...special, ...special.map((value) => -value), ...Array.from({ length: 2_000 }, () => randomDouble(random))]
    for (let n = 0; n < 1_000; n++) numbers.push(random.between(-1_000, 1_000) / random.pick([1, 2, 10]))
    for (const [n, a] of numbers.entries()) {
      const bytes = numberValue(a)
      expect([a, bytes.length, bytes.includes(0)]).toEqual([a, 11, false])
      for (const b of [...special, numbers[n - 1] ?? 0, random.pick(numbers), a]) {
        expect([a, b, Math.sign(Buffer.compare(bytes, numberValue(b)))]).toEqual([a, b, a < b ? -1 : a > b ? 1 : 0])
      }
    }
  })

  test("of -0 is that of 0", () => {
    expect(hex(numberValue(-0))).toBe(hex(numberValue(0)))
  })

  test("is of no number that JSON does not have", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) expect(() => numberValue(value)).toThrow(RangeError)
  })

  test("is in the order of texts' bytes, and in that of times", () => {
    const random = new Random(4)
    const letters = ["", "\u0001", " ", "Z", "a", "b", "\u007f", "ä", "語", "\uffee", "😀"]
    const texts = Array.from({ length: 500 }, () => Array.from({ length: random.between(0, 4) }, () => random.pick(letters)).join(""))
    for (const [n, a] of texts.entries()) {
      const b = texts[n - 1] ?? ""
      expect([a, b, Math.sign(Buffer.compare(textValue(a), textValue(b)))]).toEqual([a, b, Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))])
      expect(textValue(a).includes(0)).toBe(false)
    }
    const times = Array.from({ length: 500 }, () => random.between(-62_000_000, 253_000_000) * 1_000 + random.between(0, 999))
    const bytesOf = (time: number): Uint8Array => timeValue(new Date(time).toISOString())
    for (const [n, a] of times.entries()) {
      const b = times[n - 1] ?? 0
      expect([a, b, Math.sign(Buffer.compare(bytesOf(a), bytesOf(b)))]).toEqual([a, b, Math.sign(a - b)])
    }
  })

  test("is in the order of types: nothing, truth, number, text, time", () => {
    const values = [nullValue, booleanValue(false), booleanValue(true), numberValue(-1e300), numberValue(1e300), textValue(""), textValue("\u{10ffff}"), timeValue("0000-01-01T00:00:00.000Z")]
    expect([...values].sort(Buffer.compare).map(hex)).toEqual(values.map(hex))
  })
})
