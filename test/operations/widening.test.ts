// Which changes of a definition no document can break.
import { expect, test } from "bun:test"
import type { Field, Fields } from "../../src/operations/definition.ts"
import { isWidening } from "../../src/operations/widening.ts"

const field = (before: Field, after: Field) => isWidening({ f: before }, { f: after })

test("more fields, looser bounds and fewer demands are widening", () => {
  const fields: Fields = { a: { type: "string", required: true, maxLength: 3, unique: true } }
  expect(isWidening(fields, null)).toBe(true)
  expect(isWidening(fields, fields)).toBe(true)
  expect(isWidening(fields, { ...fields, b: { type: "json" }, createdAt: { type: "time", index: true } })).toBe(true)
  expect(field({ type: "string", required: true, unique: true, minLength: 2, maxLength: 3 }, { type: "string", minLength: 1, maxLength: 4, index: true })).toBe(true)
  expect(field({ type: "integer", min: 1, max: 2 }, { type: "number", min: 0, max: 2, default: 1 })).toBe(true)
  expect(field({ type: "string", enum: ["a"] }, { type: "string", enum: ["a", "b"] })).toBe(true)
  expect(field({ type: "reference", to: "users" }, { type: "reference", to: "users", onDelete: "cascade" })).toBe(true)
})

test("everything else is looked at", () => {
  expect(isWidening(null, {})).toBe(false)
  expect(isWidening({ a: { type: "string" } }, {})).toBe(false)
  expect(isWidening({}, { a: { type: "string", required: true, default: "x" } })).toBe(false)
  expect(field({ type: "string" }, { type: "json" })).toBe(false)
  expect(field({ type: "string" }, { type: "string", required: true })).toBe(false)
  expect(field({ type: "string" }, { type: "string", unique: true })).toBe(false)
  expect(field({ type: "string" }, { type: "string", index: true })).toBe(false)
  expect(field({ type: "string" }, { type: "string", maxLength: 9 })).toBe(false)
  expect(field({ type: "string" }, { type: "string", minLength: 1 })).toBe(false)
  expect(field({ type: "string", minLength: 1 }, { type: "string", minLength: 2 })).toBe(false)
  expect(field({ type: "number", min: 1 }, { type: "number", min: 2 })).toBe(false)
  expect(field({ type: "number" }, { type: "number", max: 2 })).toBe(false)
  expect(field({ type: "string", enum: ["a", "b"] }, { type: "string", enum: ["a"] })).toBe(false)
  expect(field({ type: "reference", to: "users" }, { type: "reference", to: "goals" })).toBe(false)
})
