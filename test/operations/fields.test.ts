// Ids and names, as every operation takes them.
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bounds } from "../../src/bounds.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { Harness, issuesOf } from "./harness.ts"

const idTakers: readonly (readonly [op: string, field: string, rest: object])[] = [
  ["user.create", "id", { email: "a@b.c" }],
  ["user.update", "id", {}],
  ["user.delete", "id", {}],
  ["credential.setPassword", "userId", { password: "correct horse" }],
  ["credential.remove", "userId", {}],
  ["document.create", "id", { collection: "goals", value: {} }],
  ["document.put", "id", { collection: "goals", value: {} }],
  ["document.patch", "id", { collection: "goals", patch: {} }],
  ["document.delete", "id", { collection: "goals" }],
  ["key.revoke", "id", {}],
]

describe.each(idTakers)("the id of %s", (op, field, rest) => {
  test("has 1 to 256 characters, no control characters, in normal form C", async () => {
    const harness = new Harness()
    const wrong = ["", ".", "..", "a".repeat(257), "a".repeat(1_000_000), "a\u0001", "a\n", "\u007f", "a\u0085", "e\u0301", "\u212b", 5, null, {}, ["a"]]
    for (const id of wrong) {
      const refusal = await harness.refusalOf(op, { ...rest, [field]: id })
      expect({ id: String(id).slice(0, 8), code: refusal.code, pointer: refusal.issues?.[0]?.pointer }).toEqual({ id: String(id).slice(0, 8), code: "invalid", pointer: `/${field}` })
    }
  })
})

test("an id may be any other text", async () => {
  const harness = new Harness()
  const ids = ["a", " ", "...", ".a", "a/b", "../x", "%00", "é", "用户", "\u{1f600}".repeat(128), "__proto__", "constructor", "null", "a\u202eb", '"\\']
  await harness.commit(...ids.map((id, n) => ({ op: "user.create", data: { id, email: `u${n}@x.org` } })))
  expect(ids.filter((id) => harness.get("users", id)?.["id"] !== id)).toEqual([])
})

test("the longest collection name and id stay within the bound of keys together", () => {
  expect(bounds.collectionNameLengthMax + 3 * bounds.idLengthMax).toBeLessThanOrEqual(bounds.keyBytesMax)
})

test("the longest id and address that go together fit into the keys of the engine, their past too", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tandem-fields-"))
  const engine = openEnvironment(directory)
  try {
    const harness = new Harness(engine)
    const id = "用".repeat(256)
    const email = (first: string) => `${first}${"用".repeat(82)}@b`
    await harness.commit({ op: "user.create", data: { id, email: email("a") } })
    await harness.commit({ op: "user.update", data: { id, email: email("b") } })
    await harness.commit({ op: "user.delete", data: { id } })
    await harness.commit({ op: "user.create", data: { id: "b", email: email("b") } })
    expect(harness.get("users", id, 1)?.["email"]).toBe(email("a"))
    expect(harness.get("users", id)).toBeUndefined()
    await harness.commit({ op: "user.create", data: { id, email: `${"用".repeat(82)}abc@b` } })
  } finally {
    await engine.close()
    rmSync(directory, { recursive: true })
  }
})

test("an id and an address that are too long together are refused", async () => {
  const harness = new Harness()
  const id = "用".repeat(256)
  const email = `${"用".repeat(82)}abcd@b`
  const refused = { code: "invalid", pointer: "/email", issues: [{ pointer: "/email", code: "key_bytes" }] }
  expect(await harness.refusalOf("user.create", { id, email })).toMatchObject(refused)
  await harness.commit({ op: "user.create", data: { id, email: "a@b" } }, { op: "user.create", data: { id: "short", email } })
  expect(await harness.refusalOf("user.update", { id, email: `x${email}` })).toMatchObject(refused)
})

test("a name has 1 to 256 characters and no control characters", async () => {
  const harness = new Harness()
  const operations: readonly (readonly [string, object])[] = [
    ["user.create", { email: "a@b.c" }],
    ["key.create", { scopes: ["read"] }],
  ]
  for (const [op, rest] of operations) {
    for (const name of ["", "a".repeat(257), "a\tb", "e\u0301", 5]) {
      expect(issuesOf(await harness.refusalOf(op, { ...rest, name }))).toHaveLength(1)
    }
    await harness.run({ op, data: { ...rest, name: "a".repeat(256) } })
  }
})

test("no text is normalised before its length is known: that takes the square of a run of combining marks", async () => {
  const harness = new Harness()
  const marks = "\u0301\u0327".repeat(2_000)
  const { normalize } = String.prototype
  let longest = 0
  String.prototype.normalize = function (this: string, form?: string): string {
    longest = Math.max(longest, this.length)
    return normalize.call(this, form)
  }
  try {
    for (const [op, field, rest] of idTakers) await harness.refusalOf(op, { ...rest, [field]: marks })
    for (const field of ["email", "name"]) await harness.refusalOf("user.create", { email: "a@b.c", [field]: `a@b${marks}` })
    await harness.refusalOf("key.create", { name: marks, scopes: ["read"] })
    await harness.refusalOf("credential.setPassword", { userId: "a", password: marks })
    await harness.refusal({ operations: [{ op: "user.create", data: { id: "a", email: "a@b.c", data: { marks } }, as: "u" }, { op: "user.update", data: { id: "a", name: { $ref: "u.data.marks" } } }] })
    await harness.refusal({ operations: [{ op: "user.create", data: { id: "a", email: "a@b.c", data: { marks } }, as: "u" }, { op: "user.create", data: { email: { $ref: "u.data.marks" } } }] })
  } finally {
    String.prototype.normalize = normalize
  }
  expect(longest).toBeLessThanOrEqual(bounds.passwordLengthMax)
})
