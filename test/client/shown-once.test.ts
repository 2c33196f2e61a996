// Secrets whose only answer was lost: another one is made, and what nobody has the secret of is taken away.
import { describe, expect, test } from "bun:test"
import { TandemError } from "../../src/client/tandem-error.ts"
import { type Asked, problem, refusalOf, type Scripted, ScriptedServer } from "./scripted-server.ts"

const done = (version: number, results: readonly object[], more: object = {}): Scripted => ({
  status: 200,
  body: { version, time: "2026-01-01T00:00:00.000Z", results, ...more },
})
const omitted = { secretsOmitted: true }

function operationsOf({ body }: Asked): readonly object[] {
  return (JSON.parse(body ?? "") as { readonly operations: readonly object[] }).operations
}

const create = { op: "session.create", data: { userId: "u1" } }
const revoke = (id: string) => ({ op: "session.revoke", data: { id } })

describe("a session whose token was lost with its answer", () => {
  test("is revoked, and another one made in the same transaction, under a key of its own", async () => {
    const server = new ScriptedServer(["cut", done(7, [{ id: "s1" }], omitted), done(8, [{ id: "s1" }, { id: "s2", token: "ts_2" }])])
    expect(await server.service.session.create({ userId: "u1" }, { note: "in", ifVersion: 6 })).toMatchObject({ id: "s2", token: "ts_2" })
    expect(server.asked.map(operationsOf)).toEqual([[create], [create], [revoke("s1"), create]])
    expect(server.keys).toEqual(["key-1", "key-1", "key-2"])
    // It held when the first was made; no version is that one again.
    expect(server.asked.map(({ body }) => (JSON.parse(body ?? "") as { ifVersion?: number }).ifVersion)).toEqual([6, 6, undefined])
  })

  test("is so again where the second answer is lost, too", async () => {
    const script = [done(7, [{ id: "s1" }], omitted), "cut", done(8, [{ id: "s1" }, { id: "s2" }], omitted), done(9, [{ id: "s2" }, { id: "s3", token: "ts_3" }])] as const
    const server = new ScriptedServer(script)
    expect((await server.service.session.create({ userId: "u1" })).token).toBe("ts_3")
    expect(server.asked.map(operationsOf).at(-1)).toEqual([revoke("s2"), create])
  })

  test("is left where it ended meanwhile, and another one is made all the same", async () => {
    const gone = problem(404, "entity-missing", { operation: 0 })
    const server = new ScriptedServer([done(7, [{ id: "s1" }], omitted), gone, done(8, [{ id: "s2", token: "ts_2" }]), gone])
    expect((await server.service.session.create({ userId: "u1" })).token).toBe("ts_2")
    expect(server.asked.map(operationsOf)).toEqual([[create], [revoke("s1"), create], [create], [revoke("s1")]])
  })

  test("is revoked by the session that is made in its place, where who asked may revoke nothing", async () => {
    const login = { email: "a@b.c", password: "correct horse" }
    const script = [done(7, [{ id: "s1" }], omitted), done(8, [{ id: "s2" }], omitted), done(9, [{ id: "s3", token: "ts_3" }]), done(10, [{ id: "s1" }]), done(11, [{ id: "s2" }])]
    const server = new ScriptedServer(script, { token: undefined })
    const { service, session } = await server.service.logIn(login)
    expect(session.token).toBe("ts_3")
    const asked = { op: "session.create", data: login }
    expect(server.asked.map(operationsOf)).toEqual([[asked], [asked], [asked], [revoke("s1")], [revoke("s2")]])
    expect(server.asked.map(({ headers }) => headers.get("authorization"))).toEqual([null, null, null, "Bearer ts_3", "Bearer ts_3"])
    await service.session.revoke("s3")
    expect(server.asked.at(-1)?.headers.get("authorization")).toBe("Bearer ts_3")
  })

  test("does not keep a log-in from its end where it cannot be revoked", async () => {
    const server = new ScriptedServer([done(7, [{ id: "s1" }], omitted), done(8, [{ id: "s2", token: "ts_2" }]), "cut"], { token: undefined })
    expect((await server.service.session.create({ email: "a@b.c", password: "correct horse" })).token).toBe("ts_2")
    expect(server.nowMs).toBeLessThan(5_000)
  })

  test("is not made again for a user who is gone", async () => {
    const server = new ScriptedServer([done(7, [{ id: "s1" }], omitted), problem(404, "entity-missing", { operation: 1 })])
    expect(await refusalOf(server.service.session.create({ userId: "u1" }), TandemError)).toMatchObject({ code: "entity-missing", operation: 1 })
    expect(server.asked).toHaveLength(2)
  })

  test("takes no longer than one call may", async () => {
    const server = new ScriptedServer([done(7, [{ id: "s1" }], omitted), "silent"], { timeoutMs: 5_000 })
    server.onAsked = () => (server.nowMs += 1_000)
    await refusalOf(server.service.session.create({ userId: "u1" }), TandemError)
    expect(server.nowMs).toBe(5_000)
  })
})

test("a key that was lost with its answer is revoked as another one is made", async () => {
  const server = new ScriptedServer([done(7, [{ id: "k1" }], omitted), done(8, [{ id: "k1" }, { id: "k2", key: "tk_2" }])])
  expect((await server.service.createKey({ name: "web", scopes: ["read"] })).key).toBe("tk_2")
  expect(operationsOf(server.asked[1] as Asked)).toEqual([
    { op: "key.revoke", data: { id: "k1" } },
    { op: "key.create", data: { name: "web", scopes: ["read"] } },
  ])
})

test("a one-time token that was lost with its answer ends by itself, and another one is made", async () => {
  const server = new ScriptedServer([done(7, [{ id: "o1" }], omitted), done(8, [{ id: "o2", token: "to_2" }])])
  expect((await server.service.createToken({ purpose: "reset" })).token).toBe("to_2")
  expect(operationsOf(server.asked[1] as Asked)).toHaveLength(1)
})

describe("a sign-up", () => {
  const asked = { email: "a@b.c", name: "Ada", password: "correct horse", idle: "1h" }
  const userId = { $ref: "u.id" }
  const all = [
    { op: "user.create", data: { email: "a@b.c", name: "Ada" }, as: "u" },
    { op: "credential.setPassword", data: { userId, password: "correct horse" } },
    { op: "session.create", data: { userId, idle: "1h" } },
  ]

  test("is one transaction, and what it gives acts as the user and reads what it wrote", async () => {
    const server = new ScriptedServer([{ status: 200, body: { version: 7, results: [{ id: "u1" }, {}, { id: "s1", token: "ts_1" }] }, headers: { "tandem-version": "7" } }, { status: 200, body: { id: "u1" } }])
    const { user, session, service } = await server.service.signUp(asked, { note: "sign-up" })
    expect([user.id, session.token, service.version]).toEqual(["u1", "ts_1", 7])
    await service.getUser(user.id)
    expect(server.asked.map(({ headers }) => [headers.get("authorization"), headers.get("tandem-min-version")])).toEqual([["Bearer a-token", null], ["Bearer ts_1", "7"]])
    expect(operationsOf(server.asked[0] as Asked)).toEqual(all)
  })

  test("whose answer was lost logs in with the password", async () => {
    const server = new ScriptedServer([done(7, [{ id: "u1" }, {}, { id: "s1" }], omitted), done(8, [{ id: "s2", token: "ts_2" }]), done(9, [{ id: "s1" }])], { token: undefined })
    const { user, session } = await server.service.signUp(asked)
    expect([user.id, session.token]).toEqual(["u1", "ts_2"])
    expect(server.asked.map(operationsOf)).toEqual([all, [{ op: "session.create", data: { email: "a@b.c", password: "correct horse", idle: "1h" } }], [revoke("s1")]])
  })
})
