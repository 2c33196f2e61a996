// Valibot schemas as JSON Schema: what is named is referred to, what JSON Schema cannot say is said in words, nothing is lost.
import { expect, test } from "bun:test"
import * as v from "valibot"
import { JsonSchemas } from "../../../src/http/openapi/json-schemas.ts"

const short = v.pipe(v.string(), v.maxLength(3), v.check((text) => text !== "no", "must not be `no`"))

test("a schema with a name is referred to by all others, and one without stands where it is used", () => {
  const schemas = new JsonSchemas()
  schemas.name("Short", short)
  const pair = v.strictObject({ a: short, b: v.optional(short) })
  const [direct, inside, again] = [schemas.of(short), schemas.of(pair), schemas.of(v.array(pair))]
  expect(schemas.finish()).toEqual({ Short: { type: "string", maxLength: 3, description: "Must not be `no`." } })
  const reference = { $ref: "#/components/schemas/Short" }
  const whole = { type: "object", properties: { a: reference, b: reference }, required: ["a"], additionalProperties: false }
  expect([direct, inside, again]).toEqual([reference, whole, { type: "array", items: whole }])
})

test("rules in code are sentences behind what is said already", () => {
  const schemas = new JsonSchemas()
  const described = schemas.of(v.pipe(v.string(), v.description("A word."), v.check(() => true, "must rhyme"), v.check(() => true, "must be old")))
  schemas.finish()
  expect(described).toEqual({ type: "string", description: "A word. Must rhyme. Must be old." })
})

test("what stands behind a transformation is not said of what is sent", () => {
  const schemas = new JsonSchemas()
  const trimmed = schemas.of(v.pipe(v.string(), v.maxLength(9), v.transform((text) => text.trim()), v.maxLength(3)))
  schemas.finish()
  expect(trimmed).toEqual({ type: "string", maxLength: 9 })
})

test("what cannot be said is an error, and no schema that takes anything", () => {
  const schemas = new JsonSchemas()
  schemas.of(v.pipe(v.string(), v.creditCard()))
  expect(() => schemas.finish()).toThrow("credit_card")
  const others = new JsonSchemas()
  others.of(v.date())
  expect(() => others.finish()).toThrow("date")
})

test("of a text that is trimmed by an action of the library nothing false is said", () => {
  const schemas = new JsonSchemas()
  schemas.of(v.pipe(v.string(), v.trim(), v.maxLength(3)))
  expect(() => schemas.finish()).toThrow("trim")
})
