// References between entities: that they name something, and what happens to them when it goes.
import { describe, expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

const define = (name: string, fields: object) => ({ op: "collection.define", data: { name, fields } })
const create = (collection: string, id: string, value: object) => ({ op: "document.create", data: { collection, id, value } })
const remove = (collection: string, id: string) => ({ op: "document.delete", data: { collection, id } })
const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })
const to = (collection: string, onDelete?: string, more: object = {}) => ({ type: "reference", to: collection, ...(onDelete === undefined ? {} : { onDelete }), ...more })

test("a reference names something that is there, itself included, or is refused", async () => {
  const harness = new Harness()
  await harness.commit(define("goals", { owner: to("users"), parent: to("goals") }), user("ada"), create("goals", "g1", { owner: "ada", parent: "g1" }))
  const refusal = await harness.refusalOf("document.create", { collection: "goals", value: { owner: "eve", parent: "g9" } })
  expect(issuesOf(refusal)).toEqual(["/value/owner reference", "/value/parent reference"])
  expect(refusal.detail).toContain("`/value/owner` names nothing that is in `users`")
  expect(refusal.issues?.map(({ operation }) => operation)).toEqual([0, 0])
  // Beside what is wrong by itself.
  expect(issuesOf(await harness.refusalOf("document.create", { collection: "goals", value: { owner: "eve", parent: 1, more: 1 } }))).toEqual(["/value/more unknown-field", "/value/parent string", "/value/owner reference"])
  // Earlier in the same transaction, and in the same batch, is there as well.
  await harness.commit(user("bob"), create("goals", "g2", { owner: "bob", parent: null }))
  const executed = await harness.batch([user("carl"), create("goals", "g3", { owner: "carl" }), { op: "user.delete", data: { id: "carl" } }])
  expect(executed.map(({ kind }) => kind)).toEqual(["record", "record", "refused"])
})

test("a collection that is referenced must be there, and stays while it is", async () => {
  const harness = new Harness()
  expect(issuesOf(await harness.refusalOf("collection.define", { name: "goals", fields: { plan: to("plans") } }))).toEqual(["/fields/plan/to collection"])
  await harness.commit(define("plans", {}), define("goals", { plan: to("plans") }))
  expect(await harness.refusalOf("collection.drop", { name: "plans" })).toMatchObject({ code: "conflict", detail: "Collection `plans` is referenced by `goals`." })
  await harness.commit({ op: "collection.drop", data: { name: "goals" } }, { op: "collection.drop", data: { name: "plans" } })
})

describe("what is deleted", () => {
  test("with restrict, which is the default, stays, and ten that name it are named", async () => {
    const harness = new Harness()
    await harness.commit(define("goals", { owner: to("users") }), user("ada"), ...Array.from({ length: 12 }, (_, n) => create("goals", `g${n}`, { owner: "ada" })))
    const refusal = await harness.refusalOf("user.delete", { id: "ada" })
    expect(refusal.code).toBe("conflict")
    expect(refusal.detail.match(/goals\/g/g)).toHaveLength(10)
    await harness.commit(...Array.from({ length: 12 }, (_, n) => remove("goals", `g${n}`)), { op: "user.delete", data: { id: "ada" } })
  })

  test("with cascade takes along what names it, round circles too", async () => {
    const harness = new Harness()
    await harness.commit(define("nodes", { next: to("nodes", "cascade") }), create("nodes", "a", { next: "a" }))
    await harness.commit(create("nodes", "b", { next: "a" }), create("nodes", "c", { next: "b" }), create("nodes", "d", { next: "c" }), create("nodes", "alone", {}))
    await harness.commit({ op: "document.patch", data: { collection: "nodes", id: "a", patch: { next: "c" } } })
    await harness.commit(remove("nodes", "b"))
    expect(harness.store.page("nodes", { at: harness.store.position().head, after: undefined, limit: 10 }).rows.map(({ id }) => id)).toEqual(["alone"])
  })

  test("with setNull is let go of, by users too", async () => {
    const harness = new Harness()
    await harness.commit(define("teams", {}), define("users", { team: to("teams", "setNull"), level: { type: "integer", index: true } }), create("teams", "t", {}))
    await harness.commit(define("notes", { team: to("teams", "setNull") }), create("notes", "n", { team: "t" }), { op: "user.create", data: { id: "ada", email: "ada@example.com", data: { team: "t", level: 3 } } })
    await harness.commit(remove("teams", "t"))
    expect(harness.get("notes", "n")).toMatchObject({ value: { team: null }, version: 3 })
    expect(harness.get("users", "ada")).toMatchObject({ email: "ada@example.com", data: { team: null, level: 3 }, version: 3 })
    expect(harness.store.lookup("users", "email", Buffer.from("0ada@example.com"), 3)).toBe("ada")
  })

  test("stays where something restricts what would go with it, unless that goes as well", async () => {
    const harness = new Harness()
    await harness.commit(define("goals", { owner: to("users", "cascade") }), define("steps", { goal: to("goals"), owner: to("users", "cascade") }))
    await harness.commit(user("ada"), user("bob"), create("goals", "g", { owner: "ada" }), create("steps", "s", { goal: "g", owner: "bob" }))
    expect((await harness.refusalOf("user.delete", { id: "ada" })).detail).toContain("`steps/s` by its `goal`")
    await harness.commit({ op: "document.patch", data: { collection: "steps", id: "s", patch: { owner: "ada" } } })
    await harness.commit({ op: "user.delete", data: { id: "ada" } })
    expect([harness.get("goals", "g"), harness.get("steps", "s")]).toEqual([undefined, undefined])
  })

  test("takes 10,000 with it at most", async () => {
    const harness = new Harness()
    await harness.commit(define("goals", { owner: to("users", "cascade") }), user("ada"))
    for (let from = 0; from <= 10_000; from += 1_000) {
      await harness.commit(...Array.from({ length: Math.min(1_000, 10_001 - from) }, (_, n) => create("goals", `g${from + n}`, { owner: "ada" })))
    }
    expect((await harness.refusalOf("user.delete", { id: "ada" })).detail).toContain("More than 10000 documents")
    await harness.commit(remove("goals", "g0"))
    await harness.commit({ op: "user.delete", data: { id: "ada" } })
    expect(harness.store.page("goals", { at: harness.store.position().head, after: undefined, limit: 1 }).rows).toHaveLength(0)
  })
})

describe("a revert", () => {
  test("brings back entities that name each other, in whatever order", async () => {
    const harness = new Harness()
    await harness.commit(define("a", {}), define("z", {}))
    await harness.commit(define("a", { z: to("z") }), define("z", { a: to("a") }))
    await harness.commit(create("z", "1", {}), create("a", "1", { z: "1" }), { op: "document.patch", data: { collection: "z", id: "1", patch: { a: "1" } } })
    await harness.commit({ op: "document.patch", data: { collection: "z", id: "1", patch: { a: null } } }, remove("a", "1"), remove("z", "1"))
    await harness.commit({ op: "revert", data: { version: 4 } })
    expect([harness.get("a", "1")?.["value"], harness.get("z", "1")?.["value"]]).toEqual([{ z: "1" }, { a: "1" }])
  })

  test("neither leaves nor brings back a reference to nothing", async () => {
    const harness = new Harness()
    await harness.commit(define("goals", { owner: to("users", "cascade") }))
    await harness.commit(user("ada"))
    await harness.commit(create("goals", "g", { owner: "ada" }))
    expect(await harness.refusalOf("revert", { version: 2 })).toMatchObject({ code: "conflict", detail: "`users/ada` is referenced: `goals/g` by its `owner`." })
    await harness.commit({ op: "user.delete", data: { id: "ada" } })
    expect(await harness.refusalOf("revert", { collection: "goals", id: "g", to: 3 })).toMatchObject({ code: "conflict" })
    await harness.commit({ op: "revert", data: { version: 4 } })
    expect(harness.get("goals", "g")).toMatchObject({ value: { owner: "ada" } })
  })
})
