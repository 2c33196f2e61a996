// Values against definitions.
import { describe, expect, test } from "bun:test"
import type { Definition, Field, Fields } from "../../src/operations/definition.ts"
import { serverOnly } from "../../src/operations/access.ts"
import { checkValue } from "../../src/operations/document-value.ts"
import type { JsonObject } from "../../src/operations/fields.ts"
import { Random } from "../sim/random.ts"

function defined(fields: Fields | null): Definition {
  return { name: "goals", fields, access: serverOnly, indexes: {} }
}

function issues(fields: Fields, value: JsonObject): string[] {
  const checked = checkValue(defined(fields), value, "/value")
  return "issues" in checked ? checked.issues.map(({ pointer, message }) => `${pointer} ${message}`) : []
}

describe("a value", () => {
  test("of a collection without fields is any object", () => {
    expect(checkValue(defined(null), { a: [1, { b: null }] }, "/value")).toEqual({ value: { a: [1, { b: null }] } })
  })

  test("is told all that is wrong with it at once", () => {
    const fields: Fields = {
      title: { type: "string", required: true, maxLength: 3 },
      name: { type: "string", minLength: 1 },
      code: { type: "string", minLength: 2 },
      count: { type: "integer", min: 0 },
      ratio: { type: "number", max: 1 },
      done: { type: "boolean" },
      due: { type: "time" },
      owner: { type: "reference", to: "users" },
      kind: { type: "string", enum: ["a", "b"] },
      extra: { type: "json", required: true },
    }
    const wrong = { title: "long", name: "", code: "x", count: -1, ratio: 2, done: "yes", due: "tomorrow", owner: 7, kind: "c", "un/known": 1, other: 2 }
    expect(issues(fields, wrong).sort()).toEqual([
      "/value/code must have at least 2 characters",
      "/value/count must be at least 0",
      "/value/done must be true or false",
      "/value/due must be a time such as 2026-01-31T12:00:00Z",
      "/value/extra is missing",
      '/value/kind must be one of ["a","b"]',
      "/value/name must not be empty",
      "/value/other is not a field of this collection",
      "/value/owner must be an id",
      "/value/ratio must be at most 1",
      "/value/title must have at most 3 characters",
      "/value/un~1known is not a field of this collection",
    ])
    expect(issues(fields, {})).toEqual(["/value/title is missing", "/value/extra is missing"])
  })

  test("gets its defaults where a field is missing, and keeps null where it is given", () => {
    const fields: Fields = { done: { type: "boolean", default: false }, due: { type: "time", default: "2026-01-31T12:00:00+02:00" }, state: { type: "string", required: true, default: "new" } }
    expect(checkValue(defined(fields), {}, "")).toEqual({ value: { done: false, due: "2026-01-31T10:00:00.000Z", state: "new" } })
    expect(checkValue(defined(fields), { done: null, due: null, state: "old" }, "")).toEqual({ value: { done: null, due: null, state: "old" } })
    expect(issues(fields, { state: null })).toEqual(["/value/state must be a text"])
  })

  test("has times in UTC, of years with four digits", () => {
    expect(checkValue(defined({ t: { type: "time" } }), { t: "2026-01-31t12:00:00.1234+01:00" }, "")).toEqual({ value: { t: "2026-01-31T11:00:00.123Z" } })
    expect(issues({ t: { type: "time" } }, { t: "9999-12-31T23:30:00-01:00" })).toEqual(["/value/t must be a time such as 2026-01-31T12:00:00Z"])
  })

  test("has short texts where they are indexed", () => {
    for (const field of [{ type: "string", index: true }, { type: "string", unique: true }] as const) {
      expect(issues({ t: field }, { t: "é".repeat(256) })).toEqual([])
      expect(issues({ t: field }, { t: "é".repeat(257) })).toEqual(["/value/t must have at most 512 bytes as UTF-8, because it is indexed"])
    }
    expect(issues({ t: { type: "string" } }, { t: "é".repeat(10_000) })).toEqual([])
  })

  test("is judged as a plain reading of the definition judges it", () => {
    const random = new Random(7)
    for (let round = 0; round < 3_000; round++) {
      const fields: Fields = Object.fromEntries(["a", "b", "c"].map((name) => [name, randomField(random)]))
      const value = Object.fromEntries(["a", "b", "c", "d"].filter(() => random.chance(0.8)).map((name) => [name, random.pick(samples)]))
      const expected = Object.keys({ ...fields, ...value }).filter((name) => !plainlyFits(fields[name], value[name], name in value)).map((name) => `/value/${name}`)
      const checked = checkValue(defined(fields), value, "/value")
      const found = "issues" in checked ? checked.issues.map(({ pointer }) => pointer) : []
      expect({ fields, value, wrong: [...new Set(found)].sort() }).toEqual({ fields, value, wrong: expected.sort() })
    }
  })
})

const samples: readonly unknown[] = [null, true, false, 0, 1, -1, 2.5, 1e300, "", "a", "abc", "2026-01-31T12:00:00Z", [], {}, { n: 1 }]

function randomField(random: Random): Field {
  const required = random.chance(0.4) ? { required: true as const } : {}
  const type = random.pick(["string", "integer", "number", "boolean", "time", "json", "reference"] as const)
  if (type === "string" && random.chance(0.5)) return { type, ...required, minLength: 1, maxLength: 2 }
  if (type === "string" && random.chance(0.3)) return { type, ...required, enum: ["a", ""] }
  if ((type === "integer" || type === "number") && random.chance(0.5)) return { type, ...required, min: 0, max: 2 }
  return { type, ...required }
}

/** Written without the library, on purpose. */
function plainlyFits(field: Field | undefined, value: unknown, isGiven: boolean): boolean {
  if (field === undefined) return false
  if (!isGiven || value === null) return field.required !== true
  if (field.enum !== undefined && !field.enum.some((one) => one === value)) return false
  switch (field.type) {
    case "string":
      return typeof value === "string" && value.length >= (field.minLength ?? 0) && value.length <= (field.maxLength ?? value.length)
    case "integer":
    case "number":
      return typeof value === "number" && (field.type === "number" || Number.isSafeInteger(value)) && value >= (field.min ?? value) && value <= (field.max ?? value)
    case "boolean":
      return value === true || value === false
    case "time":
      return value === "2026-01-31T12:00:00Z"
    case "json":
      return true
    case "reference":
      return typeof value === "string" && value !== ""
    default:
      return field.type satisfies never
  }
}
