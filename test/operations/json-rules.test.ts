// What JSON may look like before anyone looks at its meaning.
import { describe, expect, test } from "bun:test"
import { escapePointer, parseJson } from "../../src/operations/json-rules.ts"
import { isRefusal } from "../../src/refusal.ts"

/** The pointer to what is wrong; undefined where nothing is. */
function wrongAt(text: string): string | undefined {
  const parsed = parseJson(text)
  if (!isRefusal(parsed)) return undefined
  expect(parsed.code).toBe("malformed")
  return parsed.pointer
}

describe("a body that is not JSON", () => {
  const broken = ["", " ", "{", "{]", "nul", "{'a':1}", '{"a":1,}', "[1 2]", "01", "NaN", "Infinity", "-", '"\u0000"', '"\n"', '"\\x41"', "{} {}", "\ufeff{}", "// x\n{}"]
  test.each(broken)("is refused: %j", (text) => {
    expect(wrongAt(text)).toBe("")
  })
})

describe("keys that reach into prototypes", () => {
  test.each(["__proto__", "constructor", "prototype"])("%s is refused at any depth", (key) => {
    expect(wrongAt(`{"${key}":1}`)).toBe(`/${key}`)
    expect(wrongAt(`{"a":[{"b":{"${key}":{"x":1}}}]}`)).toBe(`/a/0/b/${key}`)
    expect(wrongAt(JSON.stringify({ value: key }))).toBeUndefined()
  })

  test("also where the key is written with escapes", () => {
    expect(wrongAt('{"\\u005f_proto__":1}')).toBe("/__proto__")
  })

  test("similar keys are allowed", () => {
    expect(wrongAt('{"__proto":1,"Constructor":1,"proto":1,"toString":1,"hasOwnProperty":1}')).toBeUndefined()
  })
})

describe("depth", () => {
  test("of 32 is allowed, of 33 refused", () => {
    expect(wrongAt(`${"[".repeat(32)}1${"]".repeat(32)}`)).toBeUndefined()
    expect(wrongAt(`${"[".repeat(33)}${"]".repeat(33)}`)).toBe("/0".repeat(32))
    expect(wrongAt(`${'{"a":'.repeat(32)}1${"}".repeat(32)}`)).toBeUndefined()
    expect(wrongAt(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`)).toBe("/a".repeat(32))
  })

  test("of half a million is refused like any other", () => {
    expect(wrongAt(`${"[".repeat(500_000)}${"]".repeat(500_000)}`)).toBeDefined()
    expect(wrongAt(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`)).toBeDefined()
    expect(wrongAt("[".repeat(500_000))).toBeDefined()
  })

  test("is not width", () => {
    expect(wrongAt(`[${"[],".repeat(10_000)}[]]`)).toBeUndefined()
  })
})

describe("strings", () => {
  test("with halves of surrogate pairs are refused, in values and keys", () => {
    for (const half of ["\\ud800", "\\udfff", "a\\ud83d", "\\ude00\\ud83d", "\\ud83d\\ud83d\\ude00"]) {
      expect(wrongAt(`{"a":["${half}"]}`)).toBe("/a/0")
      expect(wrongAt(`{"${half}":1}`)).toBeDefined()
    }
    expect(wrongAt('"\\ud83d\\ude00"')).toBeUndefined()
  })

  test("with NUL are refused, in values and keys", () => {
    expect(wrongAt('{"a":"x\\u0000y"}')).toBe("/a")
    expect(wrongAt('{"x\\u0000":1}')).toBeDefined()
    expect(wrongAt('{"a":"\\\\u0000"}')).toBeUndefined()
  })

  test("may hold any other control character, escaped", () => {
    expect(parseJson('"\\u0001\\n\\t\\u007f"')).toEqual({ value: "\u0001\n\t\u007f" })
  })
})

describe("numbers", () => {
  test("that are integers beyond 2^53 are refused, not rounded", () => {
    for (const text of ["9007199254740992", "-9007199254740992", "9007199254740993", "12345678901234567890", "1e16", "1e300", "-1E22", "1e400", "-1e400"]) {
      expect(wrongAt(`{"n":[${text}]}`)).toBe("/n/0")
    }
  })

  test("up to 2^53 - 1, and fractions, are taken", () => {
    expect(parseJson("[9007199254740991,-9007199254740991,0.1,1e15,-2.5e-300]")).toEqual({ value: [9_007_199_254_740_991, -9_007_199_254_740_991, 0.1, 1e15, -2.5e-300] })
  })
})

test("of duplicate keys the last one counts, and the rules hold for the last one", () => {
  expect(parseJson('{"a":1,"b":2,"a":3}')).toEqual({ value: { a: 3, b: 2 } })
  expect(wrongAt('{"a":1,"a":9007199254740992}')).toBe("/a")
})

test("a value that looks like a refusal is a value", () => {
  const parsed = parseJson('{"refused":true,"code":"internal","detail":"x"}')
  expect(isRefusal(parsed)).toBe(false)
  expect(parsed).toMatchObject({ value: { refused: true } })
})

test("pointers are escaped as RFC 6901 says", () => {
  expect(["a/b", "m~n", "~1", "/", ""].map(escapePointer)).toEqual(["a~1b", "m~0n", "~01", "~1", ""])
  expect(wrongAt('{"a/b~":{"__proto__":1}}')).toBe("/a~1b~0/__proto__")
})
