// Random definitions and random writes, several in a transaction, reverts among them: whatever commits, what is there is what its
// definition asks for, names only what is there, and has one entry in each index. A failing seed says so in its test's name.
import { expect, test } from "bun:test"
import { checkValue } from "../../src/operations/document-value.ts"
import { type Definition, definitionAt, type Field, type Fields, stampFields } from "../../src/operations/definition.ts"
import { fieldValue } from "../../src/operations/document-terms.ts"
import type { JsonObject } from "../../src/operations/fields.ts"
import { rowDeleted, rowTerms, rowText } from "../../src/store/row.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Random } from "../sim/random.ts"
import { Harness, type Json, type Operation } from "./harness.ts"

const seeds = Array.from({ length: 40 }, (_, n) => n + 1)
const collections = ["goals", "notes", "plans"]
const ids = ["a", "b", "c"]

function field(random: Random): object {
  const required = random.chance(0.2) ? { required: true } : {}
  const indexed = random.pick([{}, {}, { index: true }, { unique: true }])
  const to = random.pick([...collections, "users"])
  return random.pick<object>([
    { type: "string", ...required, ...indexed },
    { type: "integer", default: 1, ...(random.chance(0.5) ? { index: true } : {}) },
    { type: "json" },
    { type: "reference", to, onDelete: "cascade", ...(random.chance(0.3) ? { unique: true } : {}) },
    { type: "reference", to, onDelete: "setNull" },
    { type: "reference", to, ...required },
  ])
}

/** Often what it was but for a little: that fits what is there, or nearly. */
function definition(random: Random, name: string, before: Fields): Operation {
  if (random.chance(0.15)) return { op: "collection.define", data: { name, fields: null } }
  const fields: { [name: string]: object } = {}
  for (const one of ["x", "y"]) {
    const was = before[one]
    fields[one] = was === undefined || random.chance(0.2) ? field(random) : random.chance(0.5) ? was : little(random, was)
  }
  if (random.chance(0.3)) fields["updatedAt"] = { type: "time", index: true }
  return { op: "collection.define", data: { name, fields } }
}

function little(random: Random, before: Field): object {
  const { unique, required, default: _, onDelete: _o, ...rest } = before
  const flags = { ...(unique === true ? { unique } : {}), ...(required === true ? { required } : {}) }
  return random.pick<object>([
    { ...rest, unique: before.type !== "json" && unique !== true },
    { ...rest, required: required !== true },
    before.type === "reference" ? { ...rest, ...flags, to: random.pick([...collections, "users"]) } : { ...rest, ...flags },
    before.type === "string" ? { type: "reference", to: random.pick(collections), ...flags } : { type: "string", index: true },
  ])
}

function value(random: Random): object {
  const one = () => random.pick<unknown>([...ids, ...ids, ...ids, 1, null])
  return random.pick([{ x: one(), y: one() }, { x: one(), y: one() }, { x: one() }, { y: one() }, {}])
}

function operation(random: Random, head: number, fieldsOf: (name: string) => Fields | undefined): Operation {
  const [collection, id] = [random.pick(collections), random.pick(ids)]
  if (fieldsOf(collection) === undefined || random.chance(0.1)) {
    const name = random.chance(0.8) ? collection : "users"
    return definition(random, name, fieldsOf(name) ?? {})
  }
  if (random.chance(0.02)) return { op: "collection.drop", data: { name: collection } }
  return random.pick<() => Operation>([
    () => ({ op: "document.put", data: { collection, id, value: value(random) } }),
    () => ({ op: "document.put", data: { collection, id, value: value(random) } }),
    () => ({ op: "document.put", data: { collection, id, value: value(random) } }),
    () => ({ op: "document.patch", data: { collection, id, patch: value(random) } }),
    () => ({ op: "document.delete", data: { collection, id } }),
    () => ({ op: "user.create", data: { id, email: `${id}@example.com`, data: value(random) } }),
    () => ({ op: "user.create", data: { id, email: `${id}@example.com`, data: value(random) } }),
    () => ({ op: "user.update", data: { id, data: value(random) } }),
    () => ({ op: "user.delete", data: { id } }),
    () => ({ op: "revert", data: { version: random.between(Math.max(1, head - 10), Math.max(1, head)), force: true } }),
    () => ({ op: "revert", data: { collection: random.pick([collection, "users"]), id, to: random.between(0, head), force: true } }),
  ])()
}

/** What is live now, by id. */
function live(harness: Harness, collection: string): Map<string, Json> {
  return new Map(ids.flatMap((id) => {
    const body = harness.get(collection, id)
    return body === undefined ? [] : [[id, body] as const]
  }))
}

function expectSound(harness: Harness): void {
  const at = harness.store.position().committed
  for (const name of [...collections, "users"]) {
    const defined = definitionAt(harness.store, name, at)
    const entities = live(harness, name)
    if (defined === undefined) {
      expect([...entities.keys()]).toEqual([])
      continue
    }
    for (const { to } of Object.values(defined.fields ?? {})) if (to !== undefined) expect(definitionAt(harness.store, to, at)).toBeDefined()
    for (const [id, body] of entities) expectFits(harness, defined, id, body, at)
    for (const fieldName of Object.keys(defined.indexes)) expectIndexed(harness, defined, fieldName, entities, at)
  }
}

function own(name: string, body: Json): JsonObject {
  return body[name === "users" ? "data" : "value"] as JsonObject
}

function expectFits(harness: Harness, defined: Definition, id: string, body: Json, at: number): void {
  const given = own(defined.name, body)
  const checked = checkValue(defined, given, "")
  expect("issues" in checked ? [id, ...checked.issues] : []).toEqual([])
  for (const [fieldName, { to }] of Object.entries(defined.fields ?? {})) {
    const target = given[fieldName]
    if (to !== undefined && target !== undefined && target !== null) expect([fieldName, to, target, harness.get(to, String(target)) !== undefined]).toEqual([fieldName, to, target, true])
  }
  const row = harness.store.row(defined.name, id, at) ?? new Uint8Array()
  expect(rowDeleted(row)).toBe(false)
  expect(rowText(row)).toBe(JSON.stringify(body))
  for (const { term, unique } of Object.values(defined.indexes)) {
    const terms = rowTerms(row).filter((one) => one.field === term)
    expect(terms).toHaveLength(1)
    expect(terms[0]?.unique === true && !unique).toBe(false)
  }
}

/** A walk by the index is a scan, sorted. */
function expectIndexed(harness: Harness, defined: Definition, name: string, entities: ReadonlyMap<string, Json>, at: number): void {
  const [index, shape] = [defined.indexes[name], defined.fields?.[name]]
  if (index === undefined || shape === undefined) throw new Error(`an index without a field: ${name}`)
  expect(index).toMatchObject({ unique: shape.unique === true, state: "ready" })
  const { entries } = harness.store.walk(defined.name, index.term, { at, reverse: false, limit: 100 })
  const scanned = [...entities].map(([id, body]) => `${Buffer.from(fieldValue(shape, stampFields.includes(name) ? body[name] : own(defined.name, body)[name])).toString("hex")} ${id}`)
  expect(entries.map((one) => `${Buffer.from(one.value).toString("hex")} ${one.id}`)).toEqual(scanned.sort())
  const held = [...entities.values()].map((body) => own(defined.name, body)[name]).filter((one) => one !== undefined && one !== null)
  if (index.unique) expect(held).toHaveLength(new Set(held).size)
}

test.each(seeds)("what is there is what its definition asks for, seed %d", async (seed) => {
  const random = new Random(seed)
  const harness = new Harness()
  for (const name of collections) await harness.commit({ op: "collection.define", data: { name } })
  for (let round = 0; round < 250; round++) {
    const { head } = harness.store.position()
    harness.nowMs += random.between(0, 2)
    const fieldsOf = (name: string) => {
      const defined = definitionAt(harness.store, name, head)
      return defined && (defined.fields ?? {})
    }
    // Several transactions in a batch, several operations in each.
    const transactions = Array.from({ length: random.between(1, 3) }, () => ({
      operations: Array.from({ length: random.pick([1, 1, 2, 3]) }, () => operation(random, head, fieldsOf)),
    }))
    const parsed = (await Promise.all(transactions.map((one) => harness.parse(one)))).flatMap((one) => ("refused" in one ? [] : [one]))
    await harness.execute(parsed)
    expectSound(harness)
  }
  expect(harness.store.position().head).toBeGreaterThan(50)
  expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
})
