// Which operation a history names for a version of an entity.
import { expect, test } from "bun:test"
import { operationOn } from "../../src/http/operation-on.ts"
import { Harness } from "../operations/harness.ts"

const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })
const goal = (op: string, id: string, more: object = {}) => ({ op: `document.${op}`, data: { collection: "goals", id, ...more } })

async function named(harness: Harness, collection: string, id: string): Promise<string | null> {
  return operationOn(harness.record(), collection, id)
}

test("the one that there is", async () => {
  const harness = new Harness()
  await harness.commit(user("a"))
  expect(await named(harness, "users", "a")).toBe("user.create")
})

test("the last one about it, among several", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, goal("create", "a", { value: {} }), goal("create", "b", { value: {} }), goal("patch", "a", { patch: {} }), user("a"))
  expect(await named(harness, "goals", "a")).toBe("document.patch")
  expect(await named(harness, "goals", "b")).toBe("document.create")
  expect(await named(harness, "users", "a")).toBe("user.create")
  expect(await named(harness, "collections", "goals")).toBe("collection.define")
})

test("one whose id the server made, or a reference brought in", async () => {
  const harness = new Harness()
  await harness.commit(user("z"), { op: "collection.define", data: { name: "goals" } })
  const [made] = await harness.commit({ op: "document.create", data: { collection: "goals", value: {} }, as: "g" }, { op: "user.update", data: { id: "z" } })
  expect(await named(harness, "goals", String(made?.["id"]))).toBe("document.create")
  const [again] = await harness.commit({ op: "document.create", data: { collection: "goals", value: {} }, as: "g" }, { op: "document.patch", data: { collection: "goals", id: { $ref: "g.id" }, patch: { n: 1 } } }, user("y"))
  expect(await named(harness, "goals", String(again?.["id"]))).toBe("document.patch")
})

test("of what a drop took with it, the drop", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, goal("create", "a", { value: {} }))
  await harness.commit(user("a"), { op: "collection.drop", data: { name: "goals" } }, user("b"))
  expect(await named(harness, "goals", "a")).toBe("collection.drop")
  expect(await named(harness, "collections", "goals")).toBe("collection.drop")
})

test("a revert, of all that it changed and of nothing else", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, goal("create", "c", { value: {} }), user("z"))
  await harness.commit(goal("create", "a", { value: {} }), goal("create", "b", { value: {} }), goal("patch", "c", { patch: { n: 1 } }))
  await harness.commit(goal("patch", "c", { patch: { n: 2 } }), goal("create", "e", { value: {} }), { op: "revert", data: { version: 2, force: true } }, goal("create", "d", { value: {} }), goal("put", "a", { value: {} }), { op: "user.delete", data: { id: "z" } })
  expect(await named(harness, "goals", "b")).toBe("revert")
  expect(await named(harness, "goals", "c")).toBe("revert")
  for (const id of ["d", "e"]) expect(await named(harness, "goals", id)).toBe("document.create")
  expect(await named(harness, "goals", "a")).toBe("document.put")
  expect(await named(harness, "users", "z")).toBe("user.delete")
  await harness.commit({ op: "revert", data: { collection: "goals", id: "c", to: 2 } }, user("y"))
  expect(await named(harness, "goals", "c")).toBe("revert")
})

test("one that a reference pointed at it, also where it left nothing but a tombstone", async () => {
  const harness = new Harness()
  await harness.commit(user("z"), { op: "collection.define", data: { name: "goals" } }, goal("create", "a", { value: { user: "z" } }))
  await harness.commit({ ...goal("patch", "a", { patch: {} }), as: "g" }, { op: "user.delete", data: { id: { $ref: "g.value.user" } } }, { op: "document.delete", data: { collection: { $ref: "g.collection" }, id: { $ref: "g.id" } } })
  expect(await named(harness, "users", "z")).toBe("user.delete")
  expect(await named(harness, "goals", "a")).toBe("document.delete")
})
