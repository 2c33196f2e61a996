// What each method of the service asks the server for.
import { describe, expect, test } from "bun:test"
import type { Service } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { committed, page, problem, refusalOf, ScriptedServer } from "./scripted-server.ts"

const identity = { issuer: "https://id.example.com", subject: "42" }
const operation = { if: { version: 3 }, note: "why", ifVersion: 5 }

describe("a method that writes asks for its one operation", () => {
  const writes: readonly (readonly [name: string, call: (service: Service) => Promise<unknown>, op: string, data: object])[] = [
    ["createUser", (s) => s.createUser({ email: "a@b.c" }, operation), "user.create", { email: "a@b.c" }],
    ["updateUser", (s) => s.updateUser("u1", { name: null }, operation), "user.update", { id: "u1", name: null }],
    ["deleteUser", (s) => s.deleteUser("u1", operation), "user.delete", { id: "u1" }],
    ["setPassword", (s) => s.setPassword("u1", "correct horse", operation), "credential.setPassword", { userId: "u1", password: "correct horse" }],
    ["setPassword that ends sessions", (s) => s.setPassword("u1", "correct horse", { ...operation, revokeSessions: true }), "credential.setPassword", { userId: "u1", password: "correct horse", revokeSessions: true }],
    ["linkIdentity", (s) => s.linkIdentity("u1", identity, operation), "credential.link", { userId: "u1", ...identity }],
    ["unlinkIdentity", (s) => s.unlinkIdentity(identity, operation), "credential.unlink", identity],
    ["session.create by password", (s) => s.session.create({ email: "a@b.c", password: "correct horse", ttl: "1h" }, operation), "session.create", { email: "a@b.c", password: "correct horse", ttl: "1h" }],
    ["session.create by id", (s) => s.session.create({ userId: "u1", idle: "30m", data: { of: "web" } }, operation), "session.create", { userId: "u1", idle: "30m", data: { of: "web" } }],
    ["session.touch", (s) => s.session.touch("s1", operation), "session.touch", { id: "s1" }],
    ["session.revoke", (s) => s.session.revoke("s1", operation), "session.revoke", { id: "s1" }],
    ["session.revokeAll", (s) => s.session.revokeAll("u1", operation), "session.revokeAll", { userId: "u1" }],
    ["session.revokeAll but one", (s) => s.session.revokeAll("u1", { ...operation, except: "s1" }), "session.revokeAll", { userId: "u1", except: "s1" }],
    ["createToken", (s) => s.createToken({ purpose: "reset", userId: "u1", ttl: "15m" }, operation), "token.create", { purpose: "reset", userId: "u1", ttl: "15m" }],
    ["consumeToken", (s) => s.consumeToken("to_1", "reset", operation), "token.consume", { token: "to_1", purpose: "reset" }],
    ["revert", (s) => s.revert(9, operation), "revert", { version: 9 }],
    ["revertUser", (s) => s.revertUser("u1", 8, { ...operation, force: true }), "revert", { collection: "users", id: "u1", to: 8, force: true }],
    ["removePassword", (s) => s.removePassword("u1", operation), "credential.remove", { userId: "u1" }],
    ["define", (s) => s.define({ name: "goals" }, operation), "collection.define", { name: "goals" }],
    ["dropCollection", (s) => s.dropCollection("goals", operation), "collection.drop", { name: "goals" }],
    ["createKey", (s) => s.createKey({ name: "web", scopes: ["read"] }, operation), "key.create", { name: "web", scopes: ["read"] }],
    ["revokeKey", (s) => s.revokeKey("k1", operation), "key.revoke", { id: "k1" }],
    ["create", (s) => s.collection("goals").create({ n: 1 }, operation), "document.create", { collection: "goals", value: { n: 1 } }],
    ["create with an id", (s) => s.collection("goals").create({ n: 1 }, { ...operation, id: "g1" }), "document.create", { collection: "goals", id: "g1", value: { n: 1 } }],
    ["put", (s) => s.collection("goals").put("g1", { n: 1 }, operation), "document.put", { collection: "goals", id: "g1", value: { n: 1 } }],
    ["patch", (s) => s.collection<{ n: number }>("goals").patch("g1", { n: null }, operation), "document.patch", { collection: "goals", id: "g1", patch: { n: null } }],
    ["increment", (s) => s.collection<{ n: number }>("goals").increment("g1", "n", 2, operation), "document.increment", { collection: "goals", id: "g1", field: "n", by: 2 }],
    ["increment within bounds", (s) => s.collection("goals").increment("g1", "n", -1, { ...operation, min: 0, max: 9 }), "document.increment", { collection: "goals", id: "g1", field: "n", by: -1, min: 0, max: 9 }],
    ["revert of a document", (s) => s.collection("goals").revert("g1", 8, operation), "revert", { collection: "goals", id: "g1", to: 8 }],
    ["delete", (s) => s.collection("goals").delete("g1", operation), "document.delete", { collection: "goals", id: "g1" }],
  ]
  test.each(writes)("%s", async (_, call, op, data) => {
    const server = new ScriptedServer([committed(7)])
    await call(server.service)
    const asked = server.asked[0]
    expect(asked?.url).toBe("http://a.test/do")
    expect(asked?.headers.get("authorization")).toBe("Bearer a-token")
    expect(asked?.headers.get("content-type")).toBe("application/json")
    expect(JSON.parse(asked?.body ?? "")).toEqual({ operations: [{ op, data, if: { version: 3 } }], note: "why", ifVersion: 5 })
  })
})

describe("a read", () => {
  const reads: readonly (readonly [name: string, call: (service: Service) => Promise<unknown>, path: string])[] = [
    ["getUser", (s) => s.getUser("ü/1"), "/users/%C3%BC%2F1"],
    ["getUserByEmail", (s) => s.getUserByEmail("a+b@c.d"), "/users?email=a%2Bb%40c.d"],
    ["getUserByIdentity", (s) => s.at(7).getUserByIdentity(identity), "/users?issuer=https%3A%2F%2Fid.example.com&subject=42&at=7"],
    ["pageOfUsers", (s) => s.pageOfUsers({ limit: 2 }), "/users?limit=2"],
    ["getCollection", (s) => s.getCollection("goals"), "/collections/goals"],
    ["get", (s) => s.collection("goals").get("g1"), "/goals/g1"],
    ["page as of a version", (s) => s.at(41).collection("goals").page({ limit: 2 }), "/goals?limit=2&at=41"],
    ["page at a cursor, which carries its version", (s) => s.at(41).collection("goals").page({ cursor: "c" }), "/goals?cursor=c"],
    ["getUserByEmail as of a time", (s) => s.atTime(new Date(0)).getUserByEmail("a@b.c"), "/users?email=a%40b.c&atTime=1970-01-01T00%3A00%3A00.000Z"],
    ["status", (s) => s.status(), "/status"],
    ["checkStore", (s) => s.checkStore(), "/status/verify"],
    ["pageOfLog", (s) => s.pageOfLog({ from: 3, limit: 2 }), "/log?from=3&limit=2"],
    ["getRecord", (s) => s.getRecord(3), "/log/3"],
    ["outcome", (s) => s.outcome("a/key"), "/do/a%2Fkey"],
  ]
  test.each(reads)("%s asks for its path", async (_, call, path) => {
    const server = new ScriptedServer([page([], 7, null)])
    await call(server.service)
    expect(server.urls).toEqual([`http://a.test${path}`])
    expect(server.keys).toEqual([null])
  })

  test("of what is not there gives undefined, and of a collection that is not there is refused", async () => {
    expect(await new ScriptedServer([problem(404, "entity-missing")]).service.getUser("u1")).toBeUndefined()
    const { service } = new ScriptedServer([problem(404, "collection-missing")])
    expect(await refusalOf(service.collection("goals").get("g1"), TandemError)).toMatchObject({ code: "collection-missing", status: 404 })
  })

  test.each(["", ".", "..", "\ud800"])("of an id that no path can name sends nothing (%j)", async (id) => {
    const server = new ScriptedServer([page([], 7, null)])
    expect(await refusalOf(server.service.getUser(id), TandemError)).toMatchObject({ code: "malformed" })
    expect(server.asked).toHaveLength(0)
  })
})

describe("a listing", () => {
  interface Goal {
    readonly owner: string
    readonly stars: number
    readonly done: boolean
    readonly due: string
  }
  const asked = async (list: (service: Service) => Promise<unknown>) => {
    const server = new ScriptedServer([page([], 7, null)])
    await list(server.service)
    return server.urls[0]?.replace("http://a.test", "")
  }

  test("names its filters, order, fields and count", async () => {
    const where = { owner: "ada & co", stars: { gte: 3, lt: 5.5 }, done: false, due: { gt: new Date(0), lte: "2026-01-01T00:00:00Z" }, createdAt: { lt: new Date(1) } }
    expect(await asked((s) => s.collection<Goal>("goals").page({ where, sort: "-stars", fields: ["owner", "done"], count: true, limit: 2 }))).toBe(
      "/goals?owner=ada%20%26%20co&stars.gte=3&stars.lt=5.5&done=false&due.gt=1970-01-01T00%3A00%3A00.000Z&due.lte=2026-01-01T00%3A00%3A00Z" +
        "&createdAt.lt=1970-01-01T00%3A00%3A00.001Z&sort=-stars&fields=owner%2Cdone&count=true&limit=2",
    )
    expect(await asked((s) => s.at(3).pageOfUsers({ where: { email: { gte: "a" }, plan: "free" }, sort: "email", fields: ["plan"] }))).toBe("/users?email.gte=a&plan=free&sort=email&fields=plan&at=3")
    expect(await asked((s) => s.collection<Goal>("goals").page({ where: { owner: undefined, stars: { gt: undefined } }, count: false }))).toBe("/goals")
  })

  test("repeats them with every cursor, and not what it is as of", async () => {
    const server = new ScriptedServer([page([1], 7, "c1"), page([2], 7, null)])
    for await (const _ of server.service.at(7).collection<Goal>("goals").list({ where: { stars: { gt: 3 } }, sort: "due" })) continue
    expect(server.urls).toEqual(["http://a.test/goals?stars.gt=3&sort=due&at=7", "http://a.test/goals?stars.gt=3&sort=due&cursor=c1"])
  })

  test("by null sends nothing, since no text stands for it", async () => {
    const server = new ScriptedServer([page([], 7, null)])
    const where = { owner: null } as unknown as { owner: string }
    expect(await refusalOf(server.service.collection<Goal>("goals").page({ where }), TandemError)).toMatchObject({ code: "malformed" })
    expect(server.asked).toHaveLength(0)
  })

  test("goes over all pages, and fetches one when it is needed", async () => {
    const server = new ScriptedServer([page([1, 2], 7, "c1"), page([3], 7, null)])
    const seen: number[] = []
    for await (const user of server.service.at(7).listUsers({ limit: 2 })) {
      seen.push(user as unknown as number)
      if (seen.length === 2) expect(server.asked).toHaveLength(1)
    }
    expect(seen).toEqual([1, 2, 3])
    expect(server.urls).toEqual(["http://a.test/users?limit=2&at=7", "http://a.test/users?limit=2&cursor=c1"])
  })

  test("of a user's sessions does the same", async () => {
    const server = new ScriptedServer([page([1], 7, "c1"), page([2], 7, null)])
    const seen: unknown[] = []
    for await (const session of server.service.listSessions("u1", { limit: 1 })) seen.push(session)
    expect(seen).toEqual([1, 2])
    expect(server.urls).toEqual(["http://a.test/users/u1/sessions?limit=1", "http://a.test/users/u1/sessions?limit=1&cursor=c1"])
  })

  test("of a history and of the log do the same", async () => {
    const server = new ScriptedServer([page([1], 7, "c1"), page([], 7, null), { status: 200, body: { items: [2], version: 7, next: 4 } }, page([], 7, null)])
    for await (const _ of server.service.collection("goals").history("g1")) break
    for await (const _ of server.service.userHistory("u1")) break
    for await (const _ of server.service.log({ from: 3, limit: 1 })) continue
    expect(server.urls).toEqual(["/goals/g1/history", "/users/u1/history", "/log?from=3&limit=1", "/log?from=4&limit=1"].map((path) => `http://a.test${path}`))
  })
})

test("verify gives the user's id where both belong together, and needs no key", async () => {
  const server = new ScriptedServer([{ status: 200, body: { match: true, userId: "u1" } }, { status: 200, body: { match: false } }])
  expect(await server.service.verify("a@b.c", "correct horse")).toBe("u1")
  expect(await server.service.verify("a@b.c", "wrong horse")).toBeUndefined()
  expect(server.asked.map(({ url, method }) => `${method} ${url}`)).toEqual(["POST http://a.test/verify", "POST http://a.test/verify"])
  expect(server.keys).toEqual([null, null])
})

test("an outcome that nobody knows of is said to be unheard of", async () => {
  expect(await new ScriptedServer([problem(404, "entity-missing")]).service.outcome("key")).toEqual({ outcome: "unheard-of" })
})

test("a token that cannot be consumed is undefined, and any other refusal is thrown", async () => {
  expect(await new ScriptedServer([problem(404, "entity-missing")]).service.consumeToken("to_1", "reset")).toBeUndefined()
  expect(await refusalOf(new ScriptedServer([problem(403, "forbidden")]).service.consumeToken("to_1", "reset"), TandemError)).toMatchObject({ code: "forbidden" })
})

test("who logs out is logged out, whatever it was that ended the session", async () => {
  const ends = [committed(7), problem(404, "entity-missing", { operation: 0 }), problem(401, "unauthenticated")]
  for (const end of ends) expect(await new ScriptedServer([end]).service.logOut("s1")).toBeUndefined()
  // The answer that ended it was lost, and its token opens nothing any more.
  expect(await new ScriptedServer(["cut", problem(401, "unauthenticated")]).service.logOut("s1")).toBeUndefined()
  expect(await refusalOf(new ScriptedServer([problem(403, "forbidden")]).service.logOut("s1"), TandemError)).toMatchObject({ code: "forbidden" })
})

describe("the indexes of a collection are waited for", () => {
  const definition = (...states: readonly string[]) => ({ status: 200, body: { name: "goals", indexes: Object.fromEntries(states.map((state, n) => [`f${n}`, { state }])) } })

  test("until all of them are ready, longer each time", async () => {
    const server = new ScriptedServer([definition("ready", "building"), definition("building"), definition("ready", "ready")])
    await server.service.whenIndexed("goals")
    expect(server.urls).toEqual(Array.from({ length: 3 }, () => "http://a.test/collections/goals"))
    expect(server.times).toEqual([0, 50, 150])
  })

  test("as long as the call may take, and no longer than it is wanted", async () => {
    const late = new ScriptedServer([definition("building")])
    expect(await refusalOf(late.service.whenIndexed("goals", { timeoutMs: 5_000 }), TandemError)).toMatchObject({ code: "unavailable", message: "Indexes of `goals` are still being built." })
    const controller = new AbortController()
    const aborted = new ScriptedServer([definition("building")])
    aborted.onAsked = () => controller.abort()
    expect(await refusalOf(aborted.service.whenIndexed("goals", { signal: controller.signal }), TandemError)).toMatchObject({ code: "aborted" })
  })
})
