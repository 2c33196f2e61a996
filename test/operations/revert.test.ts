// revert: one version, or one entity.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, issuesOf, type Json, keyWith, type Operation, resultsOf } from "./harness.ts"

const define = (name = "goals") => ({ op: "collection.define", data: { name } })
const drop = { op: "collection.drop", data: { name: "goals" } }
const put = (id: string, value: object = {}) => ({ op: "document.put", data: { collection: "goals", id, value } })
const remove = (id: string) => ({ op: "document.delete", data: { collection: "goals", id } })
const user = (id: string, email = `${id}@example.com`) => ({ op: "user.create", data: { id, email } })
const update = (id: string, more: object) => ({ op: "user.update", data: { id, ...more } })
const password = (userId: string) => ({ op: "credential.setPassword", data: { userId, password: "right horse" } })
const revert = (version: unknown, more: object = {}) => ({ op: "revert", data: { version, ...more } })
const takeBack = (id: string, to: unknown, more: object = {}) => ({ op: "revert", data: { collection: "goals", id, to, ...more } })

/** One transaction for each, from version 1 on. */
async function after(...transactions: readonly (Operation | readonly Operation[])[]): Promise<Harness> {
  const harness = new Harness()
  for (const one of transactions) {
    harness.nowMs += 1_000
    await harness.commit(...(Array.isArray(one) ? one : [one]))
  }
  harness.nowMs += 1_000
  return harness
}

/** A body without what differs when it comes back. */
function content(body: Json | undefined): Json | undefined {
  if (body === undefined) return undefined
  const { version: _, updatedAt: _u, ...rest } = body
  return rest
}

async function changesOf(harness: Harness, operation: Operation): Promise<readonly Json[]> {
  const [changes] = await harness.commit(operation)
  return changes as unknown as readonly Json[]
}

describe("a version", () => {
  test("that changed a document gives it its former value, as a new version", async () => {
    const harness = await after([define(), put("g", { n: 1 })], put("g", { n: 2 }))
    const changes = await changesOf(harness, revert(2))
    const body = harness.get("goals", "g")
    expect(changes).toEqual([{ collection: "goals", id: "g", change: "updated", value: body }])
    expect(body).toMatchObject({ value: { n: 1 }, version: 3, createdVersion: 1 })
    expect(content(body)).toEqual(content(harness.get("goals", "g", 1)))
    expect(harness.get("goals", "g", 2)).toMatchObject({ value: { n: 2 } })
  })

  test("that made something takes it away", async () => {
    const harness = await after(define(), [put("g"), user("ada")])
    expect(await changesOf(harness, revert(2))).toEqual([
      { collection: "users", id: "ada", change: "deleted", value: null },
      { collection: "goals", id: "g", change: "deleted", value: null },
    ])
    expect([harness.get("goals", "g"), harness.get("users", "ada")]).toEqual([undefined, undefined])
  })

  test("that deleted something brings it back under its id, with the day it was made", async () => {
    const harness = await after([define(), put("g", { n: 1 }), user("ada")], [remove("g"), { op: "user.delete", data: { id: "ada" } }])
    const changes = await changesOf(harness, revert(2))
    expect(changes.map(({ id, change }) => [id, change])).toEqual([["ada", "created"], ["g", "created"]])
    for (const [collection, id] of [["goals", "g"], ["users", "ada"]] as const) {
      expect(content(harness.get(collection, id))).toEqual(content(harness.get(collection, id, 1)))
      expect(harness.get(collection, id)).toMatchObject({ version: 3, createdVersion: 1 })
    }
    await harness.commit(put("g", { n: 2 }))
    expect(harness.get("goals", "g")).toMatchObject({ version: 4, createdVersion: 1 })
  })

  test("that is a revert is taken back as any other", async () => {
    const harness = await after([define(), put("a", { n: 1 }), put("b")], [put("a", { n: 2 }), remove("b"), put("c")], revert(2), revert(3))
    for (const id of ["a", "b", "c"]) expect(content(harness.get("goals", id))).toEqual(content(harness.get("goals", id, 2)))
    expect(harness.record().operations).toContain('"op":"revert"')
  })

  test("that changed nothing is reverted by changing nothing", async () => {
    const harness = await after(define(), [put("g"), remove("g")])
    expect(await changesOf(harness, revert(2))).toEqual([])
  })

  test("that does not exist is missing, and so are this one and those to come", async () => {
    const harness = await after(define())
    for (const version of [2, 3, 2 ** 40]) expect(await harness.refusal(revert(version))).toMatchObject({ code: "entity-missing", pointer: "/version", version: 1 })
    const own = { operations: [{ ...put("g"), as: "g" }, revert({ $ref: "g.version" })] }
    expect(await harness.refusal(own)).toMatchObject({ code: "entity-missing", operation: 1 })
  })

  test("of the same batch is reverted as one that is on the disk", async () => {
    const transactions = [[define(), put("a", { n: 1 }), put("b")], [put("a", { n: 2 }), remove("b")], revert(2), put("a", { n: 3 }), [put("b", { n: 4 })], revert(4), revert(5), takeBack("a", 3, { force: true }), revert(8), takeBack("b", 5)]
    const batched = new Harness()
    const executed = await batched.batch(transactions.map((one) => ({ operations: Array.isArray(one) ? one : [one] })))
    expect(executed.map(({ kind }) => kind)).toEqual(transactions.map(() => "record"))
    const single = new Harness()
    for (const one of transactions) await single.commit(...(Array.isArray(one) ? one : [one]))
    for (const { store } of [batched, single]) await store.flush()
    expect(batched.disk()).toBe(single.disk())
    expect(await batched.refusal(revert(11))).toMatchObject({ code: "entity-missing" })
  })
})

describe("what has changed since", () => {
  test("is not lost: the revert is refused, naming it, unless it is forced", async () => {
    const harness = await after([define(), put("a", { n: 1 }), put("b")], [put("a", { n: 2 }), put("b", { n: 2 })], put("a", { n: 3 }))
    expect(await harness.refusal(revert(2))).toMatchObject({ code: "conflict", pointer: "/version", detail: "What version 2 changed has changed since: `goals/a` at version 3." })
    await harness.commit(revert(2, { force: true }))
    expect([harness.get("goals", "a"), harness.get("goals", "b")]).toMatchObject([{ value: { n: 1 } }, { value: {} }])
  })

  test("also by being deleted, and by an earlier operation of the same transaction", async () => {
    const harness = await after([define(), put("a")], put("a", { n: 2 }), remove("a"))
    expect(await harness.refusal(revert(2))).toMatchObject({ code: "conflict", detail: expect.stringContaining("`goals/a` at version 3") })
    expect(await harness.refusal({ operations: [put("a"), revert(3)] })).toMatchObject({ code: "conflict", detail: expect.stringContaining("`goals/a` at version 4") })
    await harness.commit(revert(2, { force: true }))
    expect(harness.get("goals", "a")).toMatchObject({ value: {}, createdVersion: 1 })
  })

  test("of many names ten", async () => {
    const many = Array.from({ length: 12 }, (_, n) => put(`g${n}`))
    const harness = await after(define(), many, many)
    expect((await harness.refusal(revert(2))).detail).toMatch(/`goals\/g9` at version 3 and more\.$/)
  })

  test("and was taken back in between does not come back", async () => {
    const harness = await after([define(), put("a", { n: 1 })], put("a", { n: 2 }), put("a", { n: 3 }), revert(3))
    expect(await harness.refusal(revert(2))).toMatchObject({ code: "conflict" })
    expect(await harness.refusal(revert(3))).toMatchObject({ code: "conflict" })
  })
})

describe("one entity", () => {
  test("is taken back by its newest change, and by more of them where that is forced", async () => {
    const harness = await after([define(), put("a", { n: 1 })], put("a", { n: 2 }), put("b"), put("a", { n: 3 }))
    expect(await harness.refusal(takeBack("a", 1))).toMatchObject({ code: "conflict", pointer: "/to", version: 4, detail: "`goals/a` has changed 2 times since version 1, at last at version 4." })
    expect(await changesOf(harness, takeBack("a", 3))).toMatchObject([{ collection: "goals", id: "a", change: "updated", value: { value: { n: 2 }, version: 5, createdVersion: 1 } }])
    await harness.commit(takeBack("a", 1, { force: true }))
    expect(content(harness.get("goals", "a"))).toEqual(content(harness.get("goals", "a", 1)))
  })

  test("is deleted where it was not there, and comes back where it was", async () => {
    const harness = await after(define(), put("a", { n: 1 }), remove("a"))
    expect(await changesOf(harness, takeBack("a", 2))).toMatchObject([{ change: "created", value: { value: { n: 1 }, createdVersion: 2 } }])
    expect(await changesOf(harness, takeBack("a", 3))).toEqual([{ collection: "goals", id: "a", change: "deleted", value: null }])
    await harness.commit(takeBack("a", 2, { force: true }))
    await harness.commit(takeBack("a", 0, { force: true }))
    expect(harness.get("goals", "a")).toBeUndefined()
    expect(await changesOf(harness, takeBack("a", 1, { force: true }))).toEqual([])
  })

  test("that has not changed since stays as it is", async () => {
    const harness = await after([define(), put("a")], put("b"))
    expect(await changesOf(harness, takeBack("a", 1))).toEqual([])
    expect(harness.get("goals", "a")).toMatchObject({ version: 1 })
    expect(harness.record().writes).toEqual([])
  })

  test("is as it was before the transaction where `to` is the newest version", async () => {
    const harness = await after([define(), put("a", { n: 1 })])
    await harness.commit(put("a", { n: 2 }), takeBack("a", 1))
    expect(harness.get("goals", "a")).toMatchObject({ value: { n: 1 }, version: 2 })
    expect(await harness.refusal({ operations: [put("a"), takeBack("a", 3)] })).toMatchObject({ code: "entity-missing", pointer: "/to", version: 2 })
  })

  test("takes conditions", async () => {
    const harness = await after([define(), put("a", { n: 1 })], put("a", { n: 2 }))
    expect(await harness.refusal({ operations: [{ ...takeBack("a", 1), if: { version: 1 } }] })).toMatchObject({ code: "precondition-failed", version: 2 })
    await harness.commit({ ...takeBack("a", 1), if: { version: 2 } })
  })

  test("that never was is missing, and so is its collection where that is gone", async () => {
    const harness = await after([define(), put("a")], drop)
    expect(await harness.refusal(takeBack("b", 1))).toMatchObject({ code: "entity-missing", pointer: "/id" })
    expect(await harness.refusal(takeBack("a", 1))).toMatchObject({ code: "collection-missing" })
  })
})

describe("a unique value", () => {
  test("that another user has now does not come back", async () => {
    const harness = await after(user("ada"), update("ada", { email: "lovelace@example.com" }), user("eve", "ada@example.com"))
    for (const more of [{}, { force: true }]) {
      expect(await harness.refusal(revert(2, more))).toMatchObject({ code: "unique", detail: "`users/ada` cannot be brought back: Another user has this e-mail address." })
    }
    await harness.commit({ op: "user.delete", data: { id: "eve" } }, revert(2))
    expect(harness.get("users", "ada")).toMatchObject({ email: "ada@example.com" })
    await harness.refusalOf("user.create", { email: "ada@example.com" })
  })

  test("that two users passed to each other passes back", async () => {
    const swap = [update("ada", { email: "x@example.com" }), update("bob", { email: "ada@example.com" }), update("ada", { email: "bob@example.com" })]
    const harness = await after([user("ada"), user("bob")], swap, revert(2))
    expect([harness.get("users", "ada"), harness.get("users", "bob")]).toMatchObject([{ email: "ada@example.com" }, { email: "bob@example.com" }])
    expect(await harness.refusalOf("user.create", { email: "ada@example.com" })).toMatchObject({ code: "unique" })
  })
})

describe("secrets", () => {
  const credentialOf = (harness: Harness, id: string) => harness.get("credentials", id)

  test("never come back: a user who was deleted returns without a password", async () => {
    const harness = await after([user("ada"), password("ada")], { op: "user.delete", data: { id: "ada" } })
    expect(await changesOf(harness, revert(2))).toMatchObject([{ collection: "users", id: "ada", change: "created" }])
    expect(credentialOf(harness, "ada")).toBeUndefined()
    expect(JSON.stringify(harness.record().results)).not.toContain("hash")
  })

  test("stay as they are where nothing else changed, which is refused", async () => {
    const harness = await after(user("ada"), password("ada"), { op: "credential.remove", data: { userId: "ada" } })
    const [key] = await harness.commit({ op: "key.create", data: { name: "k", scopes: ["read"] } })
    await harness.commit({ op: "key.revoke", data: { id: key?.["id"] } })
    for (const version of [2, 3, 4, 5]) {
      for (const more of [{}, { force: true }]) expect(await harness.refusal(revert(version, more))).toMatchObject({ code: "conflict", pointer: "/version", detail: expect.stringContaining("only what is never shown") })
    }
    expect(credentialOf(harness, "ada")).toBeUndefined()
  })

  test("are left alone where other things changed with them", async () => {
    const harness = await after([define(), user("ada"), password("ada")], [put("g"), { op: "credential.remove", data: { userId: "ada" } }], password("ada"))
    const before = credentialOf(harness, "ada")
    expect(await changesOf(harness, revert(2))).toMatchObject([{ collection: "goals", id: "g" }])
    expect(credentialOf(harness, "ada")).toEqual(before)
  })

  test("go with a user whose making is reverted", async () => {
    const harness = await after(user("ada"), password("ada"), revert(1))
    expect([harness.get("users", "ada"), credentialOf(harness, "ada")]).toEqual([undefined, undefined])
  })

  test("of somebody who has the id now do not open the account of the one who had it before", async () => {
    const harness = await after([user("u", "ada@example.com"), password("u")], { op: "user.delete", data: { id: "u" } }, [user("u", "eve@example.com"), password("u")])
    await harness.commit(revert(2, { force: true }))
    expect(harness.get("users", "u")).toMatchObject({ email: "ada@example.com", createdVersion: 1 })
    expect(credentialOf(harness, "u")).toBeUndefined()
  })

  const enter = (userId: string) => [{ op: "session.create", data: { userId } }, { op: "token.create", data: { purpose: "reset", userId } }]
  const entriesOf = (harness: Harness) => ["sessions", "tokens"].map((collection) => harness.store.page(collection, { at: harness.store.position().head, after: undefined, limit: 9 }).rows.length)

  test("that a user was given since go with the user, and do not return", async () => {
    const harness = await after(user("ada"), enter("ada"))
    expect(entriesOf(harness)).toEqual([1, 1])
    await harness.commit(revert(1))
    expect(entriesOf(harness)).toEqual([0, 0])
    await harness.commit(revert(3))
    expect([harness.get("users", "ada"), entriesOf(harness)]).toMatchObject([{ email: "ada@example.com" }, [0, 0]])
    expect(await harness.refusal(revert(2, { force: true }))).toMatchObject({ code: "conflict" })
  })

  test("that were revoked stay so, and a user who is disabled again is logged out", async () => {
    const harness = await after([user("ada"), define()], update("ada", { disabled: true }), update("ada", { disabled: false }), enter("ada"))
    await harness.commit(revert(3))
    expect([harness.get("users", "ada"), entriesOf(harness)]).toMatchObject([{ disabled: true }, [0, 1]])
    await harness.commit(revert(5))
    await harness.commit(...enter("ada"))
    await harness.commit(put("g"), { op: "session.revokeAll", data: { userId: "ada" } })
    await harness.commit(revert(8))
    expect([harness.get("goals", "g"), entriesOf(harness)]).toEqual([undefined, [0, 2]])
  })

  test("cannot be named, nor can definitions", async () => {
    const harness = await after([define(), user("ada"), password("ada")])
    for (const collection of ["credentials", "keys", "sessions", "tokens", "collections", "Goals", "", 5]) {
      expect(await harness.refusalOf("revert", { collection, id: "ada", to: 0 })).toMatchObject({ code: "invalid", pointer: "/collection" })
    }
    await harness.commit({ op: "revert", data: { collection: "users", id: "ada", to: 0 } })
    expect([harness.get("users", "ada"), credentialOf(harness, "ada")]).toEqual([undefined, undefined])
  })
})

describe("definitions", () => {
  test("come back with the documents that a drop took", async () => {
    const harness = await after(define(), [put("a", { n: 1 }), put("b")], drop, revert(3))
    for (const id of ["a", "b"]) expect(content(harness.get("goals", id))).toEqual(content(harness.get("goals", id, 2)))
    expect(content(harness.get("collections", "goals"))).toEqual(content(harness.get("collections", "goals", 1)))
    await harness.commit(put("c"))
  })

  test("never leave documents without one, force or not", async () => {
    const harness = await after([define(), put("a")], put("b"))
    for (const more of [{}, { force: true }]) expect(await harness.refusal(revert(1, more))).toMatchObject({ code: "conflict", detail: expect.stringContaining("documents that other versions made") })
    await harness.commit(remove("b"), revert(1))
    expect([harness.get("goals", "a"), harness.get("collections", "goals")]).toEqual([undefined, undefined])
  })

  test("that are gone keep documents from coming back", async () => {
    const harness = await after([define(), put("a")], remove("a"), drop)
    for (const more of [{}, { force: true }]) expect(await harness.refusal(revert(2, more))).toMatchObject({ code: "collection-missing" })
  })

  test("that were made again stay what they were before, and keep the documents of other versions", async () => {
    const harness = await after([define(), put("b")], [define(), put("a")], revert(2))
    expect(content(harness.get("collections", "goals"))).toEqual(content(harness.get("collections", "goals", 1)))
    expect(harness.get("goals", "b")).toMatchObject({ version: 1 })
    expect(harness.get("goals", "a")).toBeUndefined()
  })

  test("need the scope admin, other versions only write", async () => {
    const harness = await after(define(), put("a"), drop)
    const principal = keyWith("write")
    expect(await harness.refusal(revert(3), { principal })).toMatchObject({ code: "forbidden", pointer: "/version" })
    await harness.commit(define())
    expect(resultsOf(await harness.run({ operations: [revert(2, { force: true })] }, { principal }))).toHaveLength(1)
    expect(await harness.refusal(revert(2), { principal: keyWith("read") })).toMatchObject({ code: "forbidden", pointer: "/op" })
  })
})

test("a dry run leaves no trace, and a retry answers the same and reverts once (P3)", async () => {
  const harness = await after([define(), put("a", { n: 1 })], put("a", { n: 2 }))
  const before = harness.disk()
  expect(resultsOf(await harness.run({ operations: [revert(2)], dryRun: true }))).toMatchObject([[{ id: "a", value: { value: { n: 1 } } }]])
  expect(harness.disk()).toBe(before)
  const first = resultsOf(await harness.run(revert(2), { key: "once" }))
  await harness.commit(put("a", { n: 3 }))
  expect(resultsOf(await harness.run(revert(2), { key: "once" }))).toEqual(first)
  expect(harness.get("goals", "a")).toMatchObject({ value: { n: 3 } })
})

test("a transaction reverts a bounded number of entities, also over and over", async () => {
  const harness = await after(define())
  const count = 8_000
  const write = async (part: number) => harness.commit(...Array.from({ length: 1_000 }, (_, n) => put(`${part}-${n}`)))
  for (let part = 0; part < count / 1_000; part++) await write(part)
  await harness.commit(drop)
  const dropped = harness.store.position().head
  const once = revert(dropped, { force: true })
  expect(await harness.refusal({ operations: [once, once, once] })).toMatchObject({ code: "conflict", operation: 2, detail: expect.stringContaining(String(bounds.revertEntitiesMax)) })
  expect(await changesOf(harness, revert(dropped))).toHaveLength(count + 1)
})

test("nor more than fits into memory, however small the version that is reverted", async () => {
  const harness = await after([define(), put("small")])
  const large = { filling: "x".repeat(900_000) }
  const ids = Array.from({ length: 70 }, (_, n) => `g${n}`)
  for (let n = 0; n < ids.length; n += 10) await harness.commit(...ids.slice(n, n + 10).map((id) => put(id, large)))
  await harness.commit(drop)
  const dropped = harness.store.position().head
  // What they were, and are again.
  await harness.commit(define(), ...ids.slice(60).map((id) => put(id, large)))
  expect(await harness.run(revert(dropped, { force: true }))).toMatchObject({ kind: "refused", refusal: { code: "too-large", pointer: "/version" } })
  // One by one they come back.
  await harness.commit(takeBack("g0", dropped - 1), takeBack("small", dropped - 1))
  expect(harness.get("goals", "g0")).toMatchObject({ value: large, createdVersion: 2 })
  expect(await harness.run({ operations: ids.slice(1, 41).map((id) => takeBack(id, dropped - 1)) })).toMatchObject({ kind: "refused", refusal: { code: "too-large" } })
})

test("it names a version, or an entity and a version, and nothing between", async () => {
  const harness = await after(define())
  const wrong: readonly (readonly [object, string[]])[] = [
    [{}, ["/version raw_check"]],
    [{ force: true }, ["/version raw_check"]],
    [{ collection: "goals" }, ["/id raw_check", "/to raw_check"]],
    [{ id: "a", to: 1 }, ["/collection raw_check"]],
    [{ version: 1, collection: "goals", id: "a", to: 1 }, ["/collection raw_check", "/id raw_check", "/to raw_check"]],
    [{ version: 0 }, ["/version min_value"]],
    [{ version: 1.5 }, ["/version safe_integer"]],
    [{ version: "1" }, ["/version number"]],
    [{ version: 1, force: "yes" }, ["/force boolean"]],
    [{ version: 1, colour: 1 }, ["/colour unknown-field"]],
    [{ collection: "goals", id: "a", to: -1 }, ["/to min_value"]],
  ]
  for (const [data, issues] of wrong) expect([data, issuesOf(await harness.refusalOf("revert", data))]).toEqual([data, issues])
})
