// What is drawn at random: ids in order, tokens that cannot be guessed.
import { describe, expect, test } from "bun:test"
import { randomBytes, randomToken, sessionId, uuidv7 } from "../../src/runtime/random.ts"

const many = 20_000

describe("a UUID", () => {
  test("has the form of version 7 and the time that it was made at", () => {
    const timeMs = Date.parse("2101-02-03T04:05:06.789Z")
    const id = uuidv7(timeMs)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.slice(0, 13).replace("-", ""), 16)).toBe(timeMs)
  })

  test("sorts after those made before it, within a millisecond, over the counter's end and when the clock goes back", () => {
    const timeMs = Date.parse("2102-01-01T00:00:00Z")
    const ids = Array.from({ length: many }, (_, n) => uuidv7(timeMs - (n % 7) * 1_000))
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(many)
    const later = uuidv7(timeMs + 60_000)
    expect(later > (ids.at(-1) ?? "")).toBe(true)
  })

  test("shares its random half with no other", () => {
    const timeMs = Date.parse("2103-01-01T00:00:00Z")
    const halves = Array.from({ length: many }, () => uuidv7(timeMs).slice(19))
    expect(new Set(halves).size).toBe(many)
  })
})

describe("a token", () => {
  test("has its prefix and 256 random bits", () => {
    const token = randomToken("tk_")
    expect(token).toMatch(/^tk_[A-Za-z0-9_-]{43}$/)
    expect(Buffer.from(token.slice(3), "base64url")).toHaveLength(32)
  })

  test("has every bit as often set as not, and is never the same", () => {
    const tokens = Array.from({ length: 4_000 }, () => randomToken(""))
    expect(new Set(tokens).size).toBe(tokens.length)
    const set = new Array<number>(256).fill(0)
    for (const token of tokens) {
      const bytes = Buffer.from(token, "base64url")
      for (let bit = 0; bit < 256; bit++) set[bit] = (set[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1)
    }
    // Ten standard deviations: chance alone never gets there.
    for (const times of set) expect(Math.abs(times - 2_000)).toBeLessThan(10 * Math.sqrt(1_000))
  })
})

test("a session id has 128 random bits in hexadecimal", () => {
  expect(sessionId()).toMatch(/^[0-9a-f]{32}$/)
  expect(sessionId()).not.toBe(sessionId())
})

test("random bytes are as many as asked for", () => {
  for (const count of [0, 1, 16, 1_000]) expect(randomBytes(count)).toHaveLength(count)
})
