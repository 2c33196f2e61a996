// Documents in the hands of users: what they own, hand on, undo and never touch.
import { beforeEach, describe, expect, test } from "bun:test"
import { anonymous, type Principal } from "../../src/operations/scope.ts"
import { Harness, issuesOf, resultsOf } from "./harness.ts"

const user = (userId: string): Principal => ({ name: `user:${userId}`, scopes: [], userId })
const ada = { principal: user("ada") }
const bob = { principal: user("bob") }
const owned = { create: "owner:owner", read: "owner:owner", update: "owner:owner", delete: "owner:owner" }

const fields = { owner: { type: "reference", to: "users" }, title: { type: "string" }, text: { type: "string" }, n: { type: "number" }, done: { type: "boolean" } }
const closed = { create: "server", read: "server", update: "server", delete: "server" }

let harness: Harness

async function withRules(access: object): Promise<void> {
  harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, { op: "user.create", data: { id: "bob", email: "bob@x.org" } }, { op: "collection.define", data: { name: "goals", fields, access } })
}

beforeEach(() => withRules(owned))

const doing = (op: string, data: object, more: object = {}) => ({ op, data: { collection: "goals", ...data }, ...more })
const make = (id: string, value: object = {}) => doing("document.create", { id, value })

describe("what a user owns", () => {
  test("is made in its name, also where that is left out, and in no other's", async () => {
    expect(resultsOf(await harness.run(make("g", { title: "x" }), ada))).toMatchObject([{ value: { title: "x", owner: "ada" } }])
    expect(harness.record().meta.principal).toBe("user:ada")
    expect(resultsOf(await harness.run(make("h", { owner: "ada" }), ada))).toMatchObject([{ value: { owner: "ada" } }])
    for (const owner of ["bob", null, ["ada"], ""]) expect(issuesOf(await harness.refusal(make("i", { owner }), ada))).toEqual(["/value/owner owner"])
  })

  test("cannot be handed on by patch, put or increment, nor taken", async () => {
    await harness.run(make("g", { n: 1 }), ada)
    for (const [operation, pointer] of [
      [doing("document.patch", { id: "g", patch: { owner: "bob" } }), "/patch/owner"],
      [doing("document.patch", { id: "g", patch: { owner: null } }), "/patch/owner"],
      [doing("document.put", { id: "g", value: { owner: "bob" } }), "/value/owner"],
    ] as const) {
      expect(issuesOf(await harness.refusal(operation, ada))).toEqual([`${pointer} owner`])
      expect(await harness.refusal(operation, bob)).toMatchObject({ code: "entity-missing", detail: "There is no `g` in `goals`." })
    }
    expect(resultsOf(await harness.run(doing("document.put", { id: "g", value: { n: 5 } }), ada))).toMatchObject([{ value: { n: 5, owner: "ada" } }])
  })

  test("tells others nothing by a condition, of any kind", async () => {
    await harness.run(make("g"), ada)
    for (const condition of [{ version: 2 }, { version: 1 }, { present: true }, { absent: true }]) {
      for (const [op, data] of [["document.patch", { patch: {} }], ["document.increment", { field: "n", by: 1 }], ["document.delete", {}], ["revert", { to: 1 }]] as const) {
        const [there, missing] = [await harness.refusal(doing(op, { id: "g", ...data }, { if: condition }), bob), await harness.refusal(doing(op, { id: "h", ...data }, { if: condition }), bob)]
        expect({ ...there, detail: there.detail.replace("`g`", "`h`") }).toEqual(missing)
      }
    }
  })

  test("within one transaction is judged as it is by then", async () => {
    const operations = [make("g"), doing("document.patch", { id: "g", patch: { done: true } }), doing("document.delete", { id: "g" }), doing("document.patch", { id: "g", patch: {} })]
    expect(await harness.refusal({ operations }, ada)).toMatchObject({ code: "entity-missing", operation: 3 })
    expect((await harness.run({ operations: operations.slice(0, 3) }, ada)).kind).toBe("record")
  })

  test("is no longer its own once a server has given it to somebody else, nor is its past to be brought back", async () => {
    await harness.run(make("g"), ada)
    await harness.commit(doing("document.patch", { id: "g", patch: { owner: "bob" } }))
    expect(await harness.refusal(doing("document.patch", { id: "g", patch: {} }), ada)).toMatchObject({ code: "entity-missing" })
    expect(await harness.refusal(doing("revert", { id: "g", to: 2 }), ada)).toMatchObject({ code: "entity-missing" })
    expect(await harness.refusal(doing("revert", { id: "g", to: 2 }), bob)).toMatchObject({ code: "entity-missing", detail: "There is no `g` in `goals`." })
  })
})

describe("revert by a user", () => {
  test("undoes a change, a deletion and the making of a document", async () => {
    await harness.run(make("g", { n: 1 }), ada)
    await harness.run(doing("document.patch", { id: "g", patch: { n: 2 } }), ada)
    expect(resultsOf(await harness.run(doing("revert", { id: "g", to: 2 }), ada))).toMatchObject([[{ change: "updated", value: { value: { n: 1 } } }]])
    await harness.run(doing("document.delete", { id: "g" }), ada)
    expect(await harness.refusal(doing("revert", { id: "g", to: 4 }), bob)).toMatchObject({ code: "entity-missing" })
    expect(resultsOf(await harness.run(doing("revert", { id: "g", to: 4 }), ada))).toMatchObject([[{ change: "created", value: { value: { n: 1, owner: "ada" } } }]])
    expect((await harness.run(doing("revert", { id: "g", to: 1, force: true }), ada)).kind).toBe("record")
    expect(harness.get("goals", "g")).toBeUndefined()
  })

  test("needs what it amounts to: to delete where it removes, to create where it brings back", async () => {
    await withRules({ ...owned, delete: "server" })
    await harness.run(make("g"), ada)
    expect(await harness.refusal(doing("revert", { id: "g", to: 1 }), ada)).toMatchObject({ code: "entity-missing" })
    await withRules({ ...owned, create: "server" })
    await harness.commit(doing("document.create", { id: "g", value: { owner: "ada" } }))
    await harness.run(doing("document.delete", { id: "g" }), ada)
    expect(await harness.refusal(doing("revert", { id: "g", to: 2 }), ada)).toMatchObject({ code: "entity-missing" })
  })

  test("is never of a version, of a user or of a definition", async () => {
    for (const data of [{ version: 1 }, { collection: "users", id: "ada", to: 0, force: true }]) {
      expect(await harness.refusal({ op: "revert", data }, ada)).toMatchObject({ code: "forbidden" })
      expect(await harness.refusal({ op: "revert", data }, { principal: anonymous })).toMatchObject({ code: "unauthenticated" })
    }
  })
})

describe("rules that differ by action", () => {
  test("a letter box: everybody may put something in, and nobody sees it", async () => {
    await withRules({ create: "public" })
    expect(resultsOf(await harness.run(make("g", { text: "hello" }), { principal: anonymous }))).toMatchObject([{ id: "g" }])
    expect(harness.record().meta.principal).toBe("public")
    for (const operation of [doing("document.patch", { id: "g", patch: {} }), doing("document.delete", { id: "g" }), doing("revert", { id: "g", to: 1 })]) {
      expect(await harness.refusal(operation, { principal: anonymous })).toMatchObject({ code: "unauthenticated" })
      expect(await harness.refusal(operation, ada)).toMatchObject({ code: "collection-missing" })
    }
  })

  test("what may not be read may not be changed either: the result would show it", async () => {
    await withRules({ ...owned, read: "server", update: "user" })
    await harness.commit(doing("document.create", { id: "g", value: { owner: "ada" } }))
    expect(await harness.refusal(doing("document.patch", { id: "g", patch: {} }), ada)).toMatchObject({ code: "collection-missing" })
  })

  test("what all users may change stays whoever's it is", async () => {
    await withRules({ create: "owner:owner", read: "public", update: "user", delete: "owner:owner" })
    await harness.run(make("g"), ada)
    expect((await harness.run(doing("document.patch", { id: "g", patch: { n: 1 } }), bob)).kind).toBe("record")
    expect(await harness.refusal(doing("document.delete", { id: "g" }), bob)).toMatchObject({ code: "entity-missing" })
  })

  test("are those of now: changed, or gone with the collection", async () => {
    await harness.run(make("g"), ada)
    await harness.commit({ op: "collection.define", data: { name: "goals", access: closed } })
    expect(await harness.refusal(doing("document.patch", { id: "g", patch: {} }), ada)).toMatchObject({ code: "collection-missing" })
    await harness.commit({ op: "collection.drop", data: { name: "goals" } })
    expect(await harness.refusal(make("h"), ada)).toMatchObject({ code: "collection-missing" })
  })
})

test("what keeps a document from being deleted is not named to who may not see it", async () => {
  await harness.run(make("g"), ada)
  await harness.commit(
    { op: "collection.define", data: { name: "audits", fields: { about: { type: "reference", to: "goals" } } } },
    { op: "document.create", data: { collection: "audits", id: "hidden", value: { about: "g" } } },
  )
  expect(await harness.refusal(doing("document.delete", { id: "g" }), ada)).toEqual({ refused: true, code: "conflict", detail: "`goals/g` is referenced.", pointer: "/id", operation: 0 })
  expect((await harness.refusal(doing("document.delete", { id: "g" }))).detail).toContain("audits/hidden")
})
