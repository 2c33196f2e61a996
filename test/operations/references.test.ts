// `{"$ref": …}`: what it takes from earlier results, and what it must never reach.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { EarlierResults, hasReference, resolveReferences } from "../../src/operations/references.ts"
import { isRefusal } from "../../src/refusal.ts"
import { Harness } from "./harness.ts"

function earlier(results: { readonly [name: string]: unknown }): EarlierResults {
  const found = new EarlierResults()
  for (const [name, value] of Object.entries(results)) found.add(name, JSON.stringify(value))
  return found
}

function resolved(value: unknown, results: { readonly [name: string]: unknown } = { u: { id: "ada", data: { plan: { name: "free" } }, tags: ["a"], none: null } }): unknown {
  const found = resolveReferences(value, earlier(results))
  return isRefusal(found) ? `${found.code} ${found.pointer}` : found.value
}

describe("a reference", () => {
  test("is replaced by what it names, at any depth, whatever it is", () => {
    expect(resolved({ $ref: "u.id" })).toBe("ada")
    expect(resolved({ a: [{ b: { $ref: "u.data.plan.name" } }, 1], c: { $ref: "u.data" } })).toEqual({ a: [{ b: "free" }, 1], c: { plan: { name: "free" } } })
    expect(resolved({ $ref: "u.none" })).toBeNull()
    expect(resolved({ $ref: "u" })).toMatchObject({ id: "ada" })
  })

  test("that names nothing is refused with a pointer to it", () => {
    for (const path of ["", ".", "x", "x.id", "u.", "u.nothing", "u.id.length", "u.tags.0", "u.tags.length", "u.none.x", "u.__proto__", "u.constructor", "u.data.toString", "__proto__", "constructor.name"]) {
      expect([path, resolved({ a: [{ "b/c": { $ref: path } }] })]).toEqual([path, "malformed /a/0/b~1c"])
    }
  })

  test("stands alone in its object, and is a text", () => {
    for (const value of [{ $ref: 5 }, { $ref: null }, { $ref: ["u.id"] }, { $ref: { $ref: "u.id" } }, { $ref: "u.id", x: 1 }]) expect(resolved({ a: value })).toBe("malformed /a")
  })

  test("brings in data, which is not looked through for references again, nor taken for a refusal", () => {
    expect(resolved({ $ref: "u.value" }, { u: { value: { refused: true, code: "internal" } } })).toEqual({ refused: true, code: "internal" })
    expect(resolved({ $ref: "u.value" }, { u: { value: { a: { $ref: "u.id" } } } })).toEqual({ a: { $ref: "u.id" } })
  })

  test("is seen wherever it hides", () => {
    for (const value of [{ $ref: 1 }, [[{ $ref: "x" }]], { a: { b: [{ $ref: "x" }] } }]) expect(hasReference(value)).toBe(true)
    for (const value of [null, "$ref", ["$ref"], { a: "$ref" }, { ref: "u" }, undefined]) expect(hasReference(value)).toBe(false)
  })
})

describe("what references take is bounded", () => {
  test("in bytes, over the whole transaction", () => {
    const results = earlier({ u: { text: "é".repeat(bounds.referencedBytesMax / 4) } })
    const take = () => resolveReferences({ $ref: "u.text" }, results)
    expect([take(), take()].map(isRefusal)).toEqual([false, false])
    expect(take()).toMatchObject({ refused: true, code: "too-large", pointer: "" })
    expect(resolveReferences({ a: 1 }, results)).toEqual({ value: { a: 1 } })
  })

  test("in depth, together with where they stand", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })
    const inside = (levels: number): unknown => (levels === 0 ? { $ref: "u" } : [inside(levels - 1)])
    expect(resolved(inside(2), { u: nested(30) })).toEqual([[nested(30)]])
    expect(resolved(inside(3), { u: nested(30) })).toBe("malformed /0/0/0")
    expect(resolved({ $ref: "u" }, { u: nested(33) })).toBe("malformed ")
  })

  test("so results made of results do not double without end", async () => {
    const harness = new Harness()
    await harness.commit({ op: "collection.define", data: { name: "goals" } })
    const operations: object[] = [{ op: "document.create", data: { collection: "goals", value: { a: "x".repeat(1_000) } }, as: "r0" }]
    for (let n = 1; n < 30; n++) operations.push({ op: "document.create", data: { collection: "goals", value: { a: [{ $ref: `r${n - 1}.value.a` }, { $ref: `r${n - 1}.value.a` }] } }, as: `r${n}` })
    expect(await harness.refusal({ operations })).toMatchObject({ code: "too-large" })
  })
})

describe("in a transaction", () => {
  test("later operations see the results of earlier ones as clients are told them", async () => {
    const harness = new Harness()
    const [user, , goal] = await harness.commit(
      { op: "user.create", data: { email: "ada@x.org" }, as: "u" },
      { op: "collection.define", data: { name: "goals" } },
      { op: "document.create", data: { collection: "goals", value: { owner: { $ref: "u.id" }, since: { $ref: "u.createdAt" }, version: { $ref: "u.version" } } } },
    )
    expect(goal?.["value"]).toEqual({ owner: user?.["id"], since: user?.["createdAt"], version: 1 })
    expect(harness.record().operations).toContain('{"$ref":"u.id"}')
  })

  test("what they bring in is checked like anything else, and the target of `if` is what they name", async () => {
    const harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
    const touch = { op: "user.update", data: { id: "ada" }, as: "u" }
    expect(await harness.refusal({ operations: [touch, { op: "user.update", data: { id: { $ref: "u.verified" } } }] })).toMatchObject({ code: "invalid", operation: 1, issues: [{ operation: 1, pointer: "/id" }] })
    expect(await harness.refusal({ operations: [touch, { op: "user.update", data: { id: { $ref: "u.id" } }, if: { absent: true } }] })).toMatchObject({ code: "precondition-failed", operation: 1, version: 2 })
    expect(await harness.refusal({ operations: [{ op: "user.update", data: { id: { $ref: "u.id" } } }, touch] })).toMatchObject({ code: "malformed", operation: 0, pointer: "/id" })
  })
})
