// From JSON to a transaction: what holds of every operation, whichever it is. Refusals one by one: http/refusals.test.ts.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { parseTransaction } from "../../src/operations/envelope.ts"
import { operations } from "../../src/operations/registry.ts"
import { allows, scopes } from "../../src/operations/scope.ts"
import { isRefusal } from "../../src/refusal.ts"
import { Harness, keyWith, root } from "./harness.ts"
import { emptyStore } from "./empty-store.ts"

const good = { op: "user.create", data: { email: "a@x.org" } }
const options = { principal: root, reader: emptyStore, allowTimes: false, hashPassword: async () => "hash", verifyLogin: async () => ({ match: false }) as const }

test("a transaction without secrets is parsed at once, without a promise", () => {
  expect(parseTransaction({ operations: [good] }, options)).not.toBeInstanceOf(Promise)
  expect(parseTransaction({ op: "key.create", data: { name: "k", scopes: ["read"] } }, options)).toBeInstanceOf(Promise)
})

describe.each(operations.map(({ name, scope }) => [name, scope] as const))("%s", (name, scope) => {
  test(`needs the scope ${scope}, before its data is looked at`, async () => {
    const harness = new Harness()
    for (const other of scopes) {
      const refusal = await harness.refusal({ operations: [{ op: name, data: { colour: "red" } }] }, { principal: keyWith(other) })
      expect([other, refusal.code]).toEqual([other, allows({ name: "", scopes: [other] }, scope) ? "invalid" : "forbidden"])
      if (refusal.code === "forbidden") expect(refusal).toMatchObject({ operation: 0, pointer: "/operations/0/op" })
    }
  })

  test("refuses unknown fields and data of another kind", async () => {
    const harness = new Harness()
    const unknown = await harness.refusalOf(name, { colour: "red" })
    expect(unknown.issues).toContainEqual({ operation: 0, pointer: "/colour", code: "unknown-field", message: "is not a field of this operation" })
    for (const data of [null, 5, "x", [], [{}]]) expect([data, (await harness.refusalOf(name, data)).code]).toEqual([data, "invalid"])
    expect((await harness.refusal({ operations: [{ op: name }] })).code).toBe("invalid")
  })

  test("is refused whole where its key lacks the scope of one other operation", async () => {
    if (scope === "admin") return
    const operations = [{ op: name, data: {} }, { op: "collection.define", data: { name: "goals" } }]
    expect((await new Harness().refusal({ operations }, { principal: keyWith(scope) })).code).toBe("forbidden")
  })
})

test("operations are in the order of their names, each once", () => {
  const names = operations.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)].sort())
})

describe("admin includes the other scopes, and each of them only itself", () => {
  test.each(scopes.map((scope) => [scope]))("%s", (scope) => {
    for (const other of scopes) expect(allows({ name: "", scopes: [scope] }, other)).toBe(scope === "admin" || scope === other)
    expect(allows({ name: "", scopes: [] }, scope)).toBe(false)
  })
})

describe("what a transaction weighs in the queue", () => {
  test("grows with what it holds", () => {
    const small = parseTransaction({ operations: [good] }, options)
    const large = parseTransaction({ operations: [{ ...good, data: { ...good.data, data: { text: "x".repeat(10_000) } } }] }, options)
    if (isRefusal(small) || isRefusal(large) || small instanceof Promise || large instanceof Promise) throw new Error("not parsed")
    expect(large.bytes - small.bytes).toBeGreaterThan(10_000)
  })
})

describe("a line of a stream", () => {
  const line = (more: object, allowTimes = false) => parseTransaction({ ...good, ...more }, { ...options, line: true, allowTimes })

  test("may have a key, and a time where times are kept", () => {
    expect(line({ key: "k", at: "2020-01-01T00:00:00Z" }, true)).toMatchObject({ atMs: Date.UTC(2020, 0, 1), key: { text: "k" } })
    expect(line({ at: "2020-01-01T00:00:00Z" })).toMatchObject({ code: "malformed", pointer: "/at" })
    for (const at of ["1969-12-31T23:59:59Z", "2020-02-30T00:00:00Z", "yesterday", 5, null]) expect(line({ at }, true)).toMatchObject({ code: "malformed", pointer: "/at" })
  })

  test("has no key but its own", () => {
    expect(parseTransaction(good, { ...options, line: true, key: "header" })).toMatchObject({ key: undefined })
  })
})

test("a note may be empty and have up to 1,024 characters", async () => {
  const harness = new Harness()
  for (const note of ["", "x".repeat(bounds.noteLengthMax), "line\nline"]) {
    await harness.run({ operations: [{ op: "collection.define", data: { name: "goals" } }], note })
    expect(harness.record().meta.note).toBe(note)
  }
})
