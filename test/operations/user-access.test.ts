// Signing up, and what users may do to themselves.
import { beforeEach, describe, expect, test } from "bun:test"
import { logItem } from "../../src/operations/log-item.ts"
import { anonymous, type Principal } from "../../src/operations/scope.ts"
import { Harness, issuesOf, resultsOf } from "./harness.ts"

const password = "right horse"
const ada: Principal = { name: "user:ada", scopes: [], userId: "ada" }
const bob: Principal = { name: "user:bob", scopes: [], userId: "bob" }
const everything = { create: "public", read: "owner:id", update: "owner:id", delete: "owner:id" }

let harness: Harness

async function withRules(access: object): Promise<void> {
  harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org", verified: true } }, { op: "user.create", data: { id: "bob", email: "bob@x.org" } })
  await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password } }, { op: "collection.define", data: { name: "users", access } })
}

beforeEach(() => withRules(everything))

describe("signing up", () => {
  const signUp = (data: object = {}) => ({
    operations: [
      { op: "user.create", data: { email: "new@x.org", name: "New", ...data }, as: "u" },
      { op: "credential.setPassword", data: { userId: { $ref: "u.id" }, password } },
      { op: "session.create", data: { userId: { $ref: "u.id" } } },
    ],
  })

  test("makes a user, its password and its first session in one transaction, without any key", async () => {
    const [made, , session] = resultsOf(await harness.run(signUp(), { principal: anonymous }))
    expect(made).toMatchObject({ email: "new@x.org", verified: false, disabled: false })
    expect(session).toMatchObject({ userId: made?.["id"], token: expect.stringMatching(/^ts_/) })
    expect(resultsOf(await harness.run({ op: "session.create", data: { email: "new@x.org", password } }, { principal: anonymous }))).toMatchObject([{ userId: made?.["id"] }])
  })

  test("sets nothing that a server vouches for, and reaches nobody who is there already", async () => {
    expect(issuesOf(await harness.refusal(signUp({ id: "mine", verified: true }), { principal: anonymous }))).toEqual(["/id server", "/verified server"])
    expect(await harness.refusal(signUp({ email: "ADA@x.org" }), { principal: anonymous })).toMatchObject({ code: "unique", pointer: "/email" })
    for (const op of ["credential.setPassword", "session.create"]) {
      const operations = [signUp().operations[0], { op, data: { userId: "ada", ...(op === "session.create" ? {} : { password: "another horse" }) } }]
      expect(await harness.refusal({ operations }, { principal: anonymous })).toMatchObject({ code: "unauthenticated", operation: 1 })
      expect(await harness.refusal({ operations }, { principal: bob })).toMatchObject({ code: "entity-missing", operation: 1 })
    }
  })

  test("is not possible where the rules do not say so", async () => {
    for (const create of ["server", "owner:id"]) {
      await withRules({ ...everything, create })
      expect(await harness.refusal(signUp(), { principal: anonymous })).toMatchObject({ code: "unauthenticated", operation: 0 })
      expect(await harness.refusal(signUp(), { principal: ada })).toMatchObject({ code: "forbidden", operation: 0 })
    }
  })
})

describe("a user", () => {
  const update = (data: object, id = "ada") => ({ op: "user.update", data: { id, ...data } })

  test("changes its name, data and address, which is not verified then", async () => {
    expect(resultsOf(await harness.run(update({ name: "Ada", data: { theme: "dark" } }), { principal: ada }))).toMatchObject([{ name: "Ada", data: { theme: "dark" }, verified: true }])
    expect(resultsOf(await harness.run(update({ email: "ada@x.org" }), { principal: ada }))).toMatchObject([{ verified: true }])
    expect(resultsOf(await harness.run(update({ email: "countess@x.org" }), { principal: ada }))).toMatchObject([{ email: "countess@x.org", verified: false }])
  })

  test("neither verifies nor disables itself, and does not reach others", async () => {
    expect(issuesOf(await harness.refusal(update({ verified: true, disabled: false }), { principal: ada }))).toEqual(["/verified server", "/disabled server"])
    for (const data of [{ name: "x" }, { verified: true }]) {
      const [theirs, none] = [await harness.refusal(update(data, "bob"), { principal: ada }), await harness.refusal(update(data, "eve"), { principal: ada })]
      expect({ ...theirs, detail: theirs.detail.replace("bob", "eve") }).toEqual(none)
    }
    expect(await harness.refusal({ op: "user.delete", data: { id: "bob" } }, { principal: ada })).toMatchObject({ code: "entity-missing" })
    expect((await harness.run({ op: "user.delete", data: { id: "ada" } }, { principal: ada })).kind).toBe("record")
  })

  test("may not change itself at all unless the rules of users say so", async () => {
    harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
    for (const operation of [update({ name: "x" }), { op: "user.delete", data: { id: "ada" } }]) expect(await harness.refusal(operation, { principal: ada })).toMatchObject({ code: "entity-missing" })
  })
})

describe("a user's own password", () => {
  const change = (data: object = {}, userId = "ada") => ({ op: "credential.setPassword", data: { userId, password: "another horse battery", currentPassword: password, ...data } })
  const login = (text: string) => harness.run({ op: "session.create", data: { email: "ada@x.org", password: text } })

  test("is changed by who knows the one before, whatever the rules of users", async () => {
    await withRules({})
    expect(resultsOf(await harness.run(change(), { principal: ada }))).toEqual([{ userId: "ada" }])
    expect((await login("another horse battery")).kind).toBe("record")
    expect((await login(password)).kind).toBe("refused")
  })

  test("is not changed without it, with a wrong one, for somebody else, or by the public", async () => {
    const { currentPassword: _, ...without } = change().data
    expect(issuesOf(await harness.refusal({ op: "credential.setPassword", data: without }, { principal: ada }))).toEqual(["/currentPassword missing"])
    expect(await harness.refusal(change({ currentPassword: "wrong" }), { principal: ada })).toMatchObject({ code: "login-failed", pointer: "/currentPassword" })
    for (const id of ["ada", "eve"]) expect(await harness.refusal(change({}, id), { principal: bob })).toMatchObject({ code: "entity-missing", detail: `There is no user \`${id}\`.` })
    expect(await harness.refusal(change(), { principal: anonymous })).toMatchObject({ code: "unauthenticated" })
    expect(issuesOf(await harness.refusal(change()))).toEqual(["/currentPassword session"])
  })

  test("that was replaced while the check was under way lets nothing through", async () => {
    const parsed = await harness.parse(change(), { principal: ada })
    if ("refused" in parsed) throw new Error("refused before the batch")
    await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password: "a server's choice" } })
    expect(await harness.execute([parsed])).toMatchObject([{ kind: "refused", refusal: { code: "login-failed" } }])
  })

  test("answers a retry with what became of it, though the password is another one by then (I8)", async () => {
    expect(await harness.run(change(), { principal: ada, key: "k" })).toMatchObject({ kind: "record" })
    expect(await harness.run(change(), { principal: ada, key: "k" })).toMatchObject({ kind: "replay" })
    expect(await harness.refusal(change({ password: "yet another battery horse" }), { principal: ada, key: "k" })).toMatchObject({ code: "key-reused" })
  })

  test("ends the other sessions where it is asked to, in the same version, and not the one that asks", async () => {
    const [one, other] = await harness.commit({ op: "session.create", data: { userId: "ada" } }, { op: "session.create", data: { userId: "ada" } })
    await harness.run(change({ revokeSessions: true }), { principal: { ...ada, sessionId: String(one?.["id"]) } })
    expect([one, other].map((session) => harness.get("sessions", String(session?.["id"])) !== undefined)).toEqual([true, false])
  })

  test("is in no log, neither the new one nor the one before", async () => {
    await harness.run(change(), { principal: ada })
    const item = logItem(harness.record(), new Uint8Array(32))
    for (const secret of [password, "another horse battery", "hash of"]) expect(item).not.toContain(secret)
    expect(harness.disk()).not.toContain(Buffer.from("another horse battery").toString("hex"))
    expect(item).toContain('"principal":"user:ada"')
  })
})
