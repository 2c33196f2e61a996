// JSON merge patch: every case of RFC 7396, appendix A, and what prototypes must not do to it.
import { describe, expect, test } from "bun:test"
import { mergePatch } from "../../src/operations/merge-patch.ts"

const cases: readonly (readonly [original: string, patch: string, result: string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', "{}"],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', "null", "null"],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
  ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
]

describe("RFC 7396, appendix A", () => {
  test.each(cases)("%s patched with %s is %s", (original, patch, result) => {
    expect(JSON.stringify(mergePatch(JSON.parse(original), JSON.parse(patch)))).toBe(result)
  })

  test("the example of section 3", () => {
    const original = { title: "Goodbye!", author: { givenName: "John", familyName: "Doe" }, tags: ["example", "sample"], content: "This will be unchanged" }
    const patch = { title: "Hello!", phoneNumber: "+01-123-456-7890", author: { familyName: null }, tags: ["example"] }
    expect(mergePatch(original, patch)).toEqual({
      title: "Hello!", author: { givenName: "John" }, tags: ["example"], content: "This will be unchanged", phoneNumber: "+01-123-456-7890",
    })
  })
})

test("neither the target nor the patch is changed", () => {
  const target = Object.freeze({ a: Object.freeze({ b: 1 }) })
  const patch = Object.freeze({ a: Object.freeze({ b: null, c: Object.freeze({}) }) })
  expect(mergePatch(target, patch)).toEqual({ a: { c: {} } })
})

test("members with the names of inherited ones are members like any other", () => {
  const merged = mergePatch({}, { toString: { a: 1 }, hasOwnProperty: "x", valueOf: null })
  expect(JSON.stringify(merged)).toBe('{"toString":{"a":1},"hasOwnProperty":"x"}')
})

test("no patch reaches a prototype", () => {
  mergePatch({}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'))
  expect("polluted" in {}).toBe(false)
  expect("polluted" in Object).toBe(false)
})
