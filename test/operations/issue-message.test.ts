// What is wrong with a value, in words that never quote it.
import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { issueMessage } from "../../src/operations/issue-message.ts"

const text = v.pipe(v.string(), v.minLength(3), v.maxLength(5))
const cases: readonly (readonly [v.GenericSchema, unknown, string])[] = [
  [text, 12345678, "must be a text"],
  [text, "ab", "must have at least 3 characters"],
  [text, "sekrit7", "must have at most 5 characters"],
  [v.pipe(v.string(), v.minLength(1)), "", "must not be empty"],
  [v.pipe(v.array(v.string()), v.maxLength(1)), ["sekrit7", "b"], "must have at most 1 values"],
  [v.number(), "sekrit7", "must be a number"],
  [v.pipe(v.number(), v.safeInteger()), 12345678.5, "must be a whole number"],
  [v.pipe(v.number(), v.minValue(3)), 2, "must be at least 3"],
  [v.pipe(v.number(), v.maxValue(3)), 12345678, "must be at most 3"],
  [v.boolean(), "sekrit7", "must be true or false"],
  [v.array(v.string()), "sekrit7", "must be a list"],
  [v.strictObject({}), "sekrit7", "must be an object"],
  [v.record(v.string(), v.string()), "sekrit7", "must be an object"],
  [v.picklist(["read", "write"]), "sekrit7", "must be one of read, write"],
  [v.pipe(v.string(), v.regex(/^a$/)), "sekrit7", "is invalid"],
  [v.pipe(v.string(), v.check(() => false, "must be a good one")), "sekrit7", "must be a good one"],
]

describe("a message", () => {
  test.each(cases)("%#", (schema, value, message) => {
    const [issue] = v.safeParse(schema, value).issues ?? []
    expect(issue && issueMessage(issue)).toBe(message)
  })

  test("of what is not there says so", () => {
    const [issue] = v.safeParse(v.object({ a: v.string() }), {}).issues ?? []
    expect(issue && issueMessage(issue)).toBe("is missing")
  })
})
