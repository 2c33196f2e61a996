// What collection.define is given: every fault of a definition, named where it stands.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

/** The issues of a definition with one field, each as `pointer: message`. */
async function faultsOf(field: object, name = "f"): Promise<string[]> {
  const refusal = await new Harness().refusalOf("collection.define", { name: "goals", fields: { [name]: field } })
  expect(refusal.code).toBe("invalid")
  return (refusal.issues ?? []).map(({ pointer, message }) => `${pointer}: ${message}`)
}

test("what a field cannot have is named with what it is for", async () => {
  const f = "/fields/f"
  expect(await faultsOf({})).toEqual([`${f}/type: is missing`])
  expect(await faultsOf({ type: "text" })).toEqual([`${f}/type: must be one of string, integer, number, boolean, time, json, reference`])
  expect(await faultsOf({ type: "string", min: 1, max: 2, to: "users", onDelete: "cascade" })).toEqual([
    `${f}/min: is for numbers only`,
    `${f}/max: is for numbers only`,
    `${f}/to: is for references only`,
    `${f}/onDelete: is for references only`,
  ])
  expect(await faultsOf({ type: "number", minLength: 1, maxLength: 3 })).toEqual([`${f}/minLength: is for strings only`, `${f}/maxLength: is for strings only`])
  expect(await faultsOf({ type: "string", minLength: 2, maxLength: 1 })).toEqual([`${f}/maxLength: is less than \`minLength\``])
  expect(await faultsOf({ type: "string", minLength: 0 })).toEqual([`${f}/minLength: must be at least 1`])
  expect(await faultsOf({ type: "string", minLength: 1, default: "" })).toEqual([`${f}/default: must not be empty`])
  expect(await faultsOf({ type: "boolean", enum: ["true"] })).toEqual([`${f}/enum: is for strings and numbers only`])
  expect(await faultsOf({ type: "json", index: true, unique: true })).toEqual([`${f}/index: cannot be for a field of type json`, `${f}/unique: cannot be for a field of type json`])
  expect(await faultsOf({ type: "reference" })).toEqual([`${f}/to: is missing: the collection that is referenced`])
  expect(await faultsOf({ type: "reference", to: "users", required: true, onDelete: "setNull" })).toEqual([`${f}/onDelete: cannot be setNull where the field is required`])
  expect(await faultsOf({ type: "number", min: 2, max: 1 })).toEqual([`${f}/max: is less than \`min\``])
  expect(await faultsOf({ type: "integer", enum: [1, "2"] })).toEqual([`${f}/enum: must hold values that the field may have`])
  expect(await faultsOf({ type: "integer", max: 3, default: 4 })).toEqual([`${f}/default: must be at most 3`])
  expect(await faultsOf({ type: "string", enum: ["a"], default: "b" })).toEqual([`${f}/default: must be one of ["a"]`])
  expect(await faultsOf({ type: "string", unique: true, default: "a" })).toEqual([`${f}/default: cannot be for a reference or a unique field`])
  expect(await faultsOf({ type: "string", colour: "red" })).toEqual([`${f}/colour: is not a field of this operation`])
})

test("names of fields are letters, digits and _, and what is indexed is no parameter of lists", async () => {
  for (const name of ["", "1a", "_a", "a-b", "a.b", "a b", "é", "a".repeat(64)]) expect(await faultsOf({ type: "string" }, name)).toHaveLength(1)
  for (const name of ["limit", "cursor", "sort", "at", "atTime", "fields", "count"]) {
    expect(await faultsOf({ type: "string", index: true }, name)).toEqual([`/fields/${name}: cannot have an index: \`${name}\` is a parameter of lists`])
    await new Harness().commit({ op: "collection.define", data: { name: "goals", fields: { [name]: { type: "string" } } } })
  }
})

test("what names users already is no field of their data that has an index", async () => {
  const fields = Object.fromEntries(["email", "issuer", "subject"].map((name) => [name, { type: "string", index: true }]))
  const refusal = await new Harness().refusalOf("collection.define", { name: "users", fields })
  expect(issuesOf(refusal)).toEqual(["/fields/email parameter", "/fields/issuer parameter", "/fields/subject parameter"])
  await new Harness().commit({ op: "collection.define", data: { name: "goals", fields } })
})

test("createdAt and updatedAt are the server's own: they can be indexed, and that is all", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals", fields: { createdAt: { type: "time", index: true } } } })
  for (const field of [{ type: "time" }, { type: "string", index: true }, { type: "time", index: true, required: true }]) expect(await faultsOf(field, "updatedAt")).toHaveLength(1)
  expect(issuesOf(await harness.refusalOf("document.create", { collection: "goals", value: { createdAt: "2026-01-31T12:00:00Z" } }))).toEqual(["/value/createdAt unknown-field"])
})

test("all faults of all fields are said at once", async () => {
  const fields = { a: { type: "string", min: 1 }, b: { type: "reference" }, c: { type: "nothing" } }
  // Faults that only a sound shape can have come once the shape is sound.
  expect(issuesOf(await new Harness().refusalOf("collection.define", { name: "goals", fields }))).toEqual(["/fields/c/type picklist"])
  const { c: _, ...sound } = fields
  expect(issuesOf(await new Harness().refusalOf("collection.define", { name: "goals", fields: sound }))).toEqual(["/fields/a/min raw_check", "/fields/b/to raw_check"])
})

test("a definition is bounded in fields, indexes and length", async () => {
  const many = (count: number, field: object) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, field]))
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals", fields: many(100, { type: "string" }) } })
  await harness.commit({ op: "collection.define", data: { name: "plans", fields: many(16, { type: "string", index: true }) } })
  expect((await harness.refusalOf("collection.define", { name: "c", fields: many(101, { type: "string" }) })).issues?.[0]?.message).toBe("must be at most 100 fields")
  expect((await harness.refusalOf("collection.define", { name: "c", fields: many(17, { type: "string", index: true }) })).issues?.[0]?.message).toContain("at most 16 indexes")
  const long = many(100, { type: "string", enum: ["x".repeat(1_000)] })
  expect((await harness.refusalOf("collection.define", { name: "c", fields: long })).issues?.[0]?.message).toContain("at most 65536 characters")
})

test("access is one of four rules for each action", async () => {
  const harness = new Harness()
  const owned = { name: "goals", fields: { owner: { type: "reference", to: "users" } }, access: { read: "public", create: "user", update: "owner:owner" } }
  const [definition] = await harness.commit({ op: "collection.define", data: owned })
  expect(definition?.["access"]).toEqual({ create: "user", read: "public", update: "owner:owner", delete: "server" })
  for (const rule of ["", "anybody", "owner", "owner:", "owner:a b", 1]) expect((await harness.refusalOf("collection.define", { name: "goals", access: { read: rule } })).pointer).toBe("/access/read")
  expect(issuesOf(await harness.refusalOf("collection.define", { name: "goals", access: { drop: "user" } }))).toEqual(["/access/drop unknown-field"])
  // Only a reference to users says who owns.
  for (const fields of [{}, { owner: { type: "string" } }, { owner: { type: "reference", to: "goals" } }]) {
    expect(issuesOf(await harness.refusalOf("collection.define", { name: "plans", fields, access: { update: "owner:owner" } }))).toContain("/access/update owner")
  }
  expect(issuesOf(await harness.refusalOf("collection.define", { name: "goals", fields: {} }))).toEqual(["/access/update owner"])
})

test("a field is not called as something that every object has", async () => {
  for (const name of ["toString", "valueOf", "hasOwnProperty", "isPrototypeOf", "toLocaleString", "propertyIsEnumerable"]) {
    const refusal = await new Harness().refusalOf("collection.define", { name: "goals", fields: { [name]: { type: "string", index: true } } })
    expect(refusal).toMatchObject({ code: "invalid", issues: [{ message: "is the name of something that every object has" }] })
  }
})

test("an empty list is no object", async () => {
  for (const data of [{ fields: [] }, { access: [] }, { fields: { a: [] } }]) expect(await new Harness().refusalOf("collection.define", { name: "goals", ...data })).toMatchObject({ code: "invalid" })
})
