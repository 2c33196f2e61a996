// How a call comes to its one true end: what is tried again and where, how long it waits, what it says when it gives up.
import { describe, expect, test } from "bun:test"
import { inspect } from "node:util"
import { TandemError } from "../../src/client/tandem-error.ts"
import { committed, page, problem, refusalOf, ScriptedServer } from "./scripted-server.ts"

const ada = { email: "ada@example.com" }
const two = { replicaUrl: "http://b.test" }

describe("a write", () => {
  test("whose connection is cut is sent again, the same bytes under the same key, until the answer is known (P3)", async () => {
    const server = new ScriptedServer(["cut", "cut", committed(7)])
    const { version, results } = await server.service.do([{ op: "user.create", data: ada }])
    expect(version).toBe(7)
    expect(results[0].id).toBe("u1")
    expect(server.keys).toEqual(["key-1", "key-1", "key-1"])
    expect(new Set(server.asked.map(({ body }) => body)).size).toBe(1)
    expect(server.keysMade).toBe(1)
  })

  test("whose outcome the node does not know is sent again under its key (P3)", async () => {
    const server = new ScriptedServer([problem(500, "outcome-unknown", { key: "key-1" }), committed(7)])
    await server.service.createUser(ada)
    expect(server.keys).toEqual(["key-1", "key-1"])
  })

  test("whose answer is cut, or comes from a proxy, is sent again under its key (P3)", async () => {
    const server = new ScriptedServer([{ status: 200, body: '{"version":7,"ti' }, { status: 502, body: "<html>" }, { status: 503, body: "{}" }, committed(7)])
    await server.service.createUser(ada)
    expect(server.keys).toEqual(["key-1", "key-1", "key-1", "key-1"])
  })

  test("that gets no answer within ten seconds is sent again", async () => {
    const server = new ScriptedServer(["silent", committed(7)])
    await server.service.createUser(ada)
    expect(server.times).toEqual([0, 10_050])
  })

  test("keeps the key that it was given", async () => {
    const server = new ScriptedServer(["cut", committed(7)])
    await server.service.createUser(ada, { key: "mine" })
    expect(server.keys).toEqual(["mine", "mine"])
    expect(server.keysMade).toBe(0)
  })

  test("that is a dry run needs no key, and its outcome is known without an answer", async () => {
    const server = new ScriptedServer(["cut"])
    const error = await refusalOf(server.service.do([{ op: "user.create", data: ada }], { dryRun: true }), TandemError)
    expect(error).toMatchObject({ code: "unreachable", outcome: "not-committed", key: undefined })
    expect(new Set(server.keys)).toEqual(new Set([null]))
  })

  test("that a replica refuses follows to the primary at once, and the next one goes there first", async () => {
    const server = new ScriptedServer([problem(421, "not-primary", { primary: "http://c.test/" }), committed(7), committed(8)])
    await server.service.createUser(ada)
    await server.service.createUser(ada)
    expect(server.urls).toEqual(["http://a.test/do", "http://c.test/do", "http://c.test/do"])
    expect(server.times).toEqual([0, 0, 0])
    expect(server.keys).toEqual(["key-1", "key-1", "key-2"])
  })

  test("no longer goes first to a primary that does not answer any more", async () => {
    const server = new ScriptedServer([problem(421, "not-primary", { primary: "http://c.test" }), committed(7), "cut", committed(8), committed(9)])
    await server.service.createUser(ada)
    await server.service.createUser(ada)
    await server.service.createUser(ada)
    expect(server.urls.map((url) => new URL(url).host)).toEqual(["a.test", "c.test", "c.test", "a.test", "a.test"])
  })

  test("that two replicas send to each other waits between its tries", async () => {
    const server = new ScriptedServer([problem(421, "not-primary", { primary: "http://b.test" }), problem(421, "not-primary", { primary: "http://a.test" }), problem(421, "not-primary", { primary: "http://b.test" }), committed(7)], two)
    await server.service.createUser(ada)
    expect(server.urls).toEqual(["http://a.test/do", "http://b.test/do", "http://a.test/do", "http://b.test/do"])
    expect(server.times).toEqual([0, 0, 50, 150])
  })

  test("never takes a token that was meant for https to http", async () => {
    const server = new ScriptedServer([problem(421, "not-primary", { primary: "http://c.test" }), committed(7)], { url: "https://a.test" })
    await server.service.createUser(ada)
    expect(server.urls).toEqual(["https://a.test/do", "https://a.test/do"])
  })

  test("asks the other node where one does not answer", async () => {
    const server = new ScriptedServer(["cut", committed(7)], two)
    await server.service.createUser(ada)
    expect(server.urls).toEqual(["http://a.test/do", "http://b.test/do"])
    expect(server.keys).toEqual(["key-1", "key-1"])
  })

  test("that is refused is not tried again, and says so with all there is to say (P3)", async () => {
    const issues = [{ operation: 0, pointer: "/email", code: "regex", message: "must be an e-mail address" }]
    const server = new ScriptedServer([problem(422, "invalid", { issues, operation: 0, pointer: "/email", hint: "Look at it." })])
    const error = await refusalOf(server.service.createUser({ email: "ada" }), TandemError)
    expect(error).toMatchObject({ code: "invalid", status: 422, issues, operation: 0, pointer: "/email", hint: "Look at it.", outcome: "not-committed", key: "key-1" })
    expect(server.asked).toHaveLength(1)
  })

  test("that a bug refuses is not tried again, and its outcome is unknown (P3)", async () => {
    const server = new ScriptedServer([problem(500, "internal")])
    expect(await refusalOf(server.service.createUser(ada), TandemError)).toMatchObject({ code: "internal", status: 500, outcome: "unknown" })
    expect(server.asked).toHaveLength(1)
  })

  test.each([[401, "unauthenticated"], [429, "too-many-requests"], [507, "disk-full"]] as const)("that is refused with %d after a cut connection has an unknown outcome (P3)", async (status, code) => {
    const server = new ScriptedServer(["cut", problem(status, code)])
    expect(await refusalOf(server.service.createUser(ada), TandemError)).toMatchObject({ code, status, outcome: "unknown", key: "key-1" })
  })

  test("that is refused for what it asks after a cut connection is not committed (P3)", async () => {
    const server = new ScriptedServer(["cut", problem(409, "unique")])
    expect(await refusalOf(server.service.createUser(ada), TandemError)).toMatchObject({ code: "unique", outcome: "not-committed" })
  })

  test("that gives up after a cut connection says that its outcome is unknown, whatever came last (P3)", async () => {
    const server = new ScriptedServer(["cut", problem(503, "unavailable", { retryAfter: 1 })])
    const error = await refusalOf(server.service.createUser(ada, { timeoutMs: 5_000 }), TandemError)
    expect(error).toMatchObject({ code: "outcome-unknown", status: 503, outcome: "unknown", key: "key-1" })
    expect(server.nowMs).toBeLessThanOrEqual(5_000)
  })

  test("that was only ever refused as unavailable is not committed when it gives up (P3)", async () => {
    const server = new ScriptedServer([problem(503, "unavailable", { retryAfter: 1 })])
    expect(await refusalOf(server.service.createUser(ada, { timeoutMs: 5_000 }), TandemError)).toMatchObject({ code: "unavailable", status: 503, outcome: "not-committed" })
  })
})

describe("waiting", () => {
  test("grows up to a bound, and ends with the call's time", async () => {
    const server = new ScriptedServer(["cut"], { timeoutMs: 10_000 })
    const error = await refusalOf(server.service.getUser("u1"), TandemError)
    expect(server.times).toEqual([0, 50, 150, 350, 750, 1_550, 3_050, 4_550, 6_050, 7_550, 9_050])
    expect(error).toMatchObject({ code: "unreachable", status: 0, outcome: "not-committed" })
  })

  test("is no shorter than the node asks for", async () => {
    const server = new ScriptedServer([problem(503, "unavailable", { retryAfter: 2 }), committed(7)])
    await server.service.createUser(ada)
    expect(server.times).toEqual([0, 2_050])
  })

  test("does not begin where the time would be over before its end", async () => {
    const server = new ScriptedServer([problem(503, "unavailable", { retryAfter: 20 })], { timeoutMs: 5_000 })
    await refusalOf(server.service.createUser(ada), TandemError)
    expect(server.nowMs).toBe(0)
  })

  test("a silent node costs no more than the call's time", async () => {
    const server = new ScriptedServer(["silent"], { timeoutMs: 3_000 })
    expect(await refusalOf(server.service.createUser(ada), TandemError)).toMatchObject({ code: "outcome-unknown", outcome: "unknown" })
    expect(server.nowMs).toBe(3_000)
  })
})

describe("an aborted call", () => {
  test("sends nothing where it was aborted before", async () => {
    const server = new ScriptedServer([committed(7)])
    const error = await refusalOf(server.service.createUser(ada, { signal: AbortSignal.abort("enough") }), TandemError)
    expect(error).toMatchObject({ code: "aborted", outcome: "not-committed", cause: "enough" })
    expect(server.asked).toHaveLength(0)
  })

  test("has an unknown outcome once it was sent (P3)", async () => {
    const server = new ScriptedServer(["silent"])
    const controller = new AbortController()
    server.onAsked = () => queueMicrotask(() => controller.abort())
    const error = await refusalOf(server.service.createUser(ada, { signal: controller.signal }), TandemError)
    expect(error).toMatchObject({ code: "aborted", outcome: "unknown", key: "key-1" })
    expect(server.asked).toHaveLength(1)
    expect(server.nowMs).toBe(0)
  })

  test("does not wait for its next try", async () => {
    const server = new ScriptedServer([problem(503, "unavailable", { retryAfter: 20 })])
    const controller = new AbortController()
    server.onWait = () => queueMicrotask(() => controller.abort())
    const error = await refusalOf(server.service.createUser(ada, { signal: controller.signal }), TandemError)
    expect(error).toMatchObject({ code: "aborted", outcome: "not-committed" })
    expect(server.asked).toHaveLength(1)
    expect(server.nowMs).toBe(0)
  })
})

describe("a read", () => {
  test("carries what was written, and what was seen, as the version to wait for", async () => {
    const server = new ScriptedServer([committed(7), page([], 9, null), page([], 9, null)], two)
    await server.service.createUser(ada)
    await server.service.pageOfUsers()
    await server.service.at(3).pageOfUsers()
    expect(server.urls).toEqual(["http://a.test/do", "http://b.test/users", "http://b.test/users?at=3"])
    expect(server.asked.map(({ headers }) => headers.get("tandem-min-version"))).toEqual([null, "7", "9"])
    expect(server.service.version).toBe(9)
  })

  test("goes to the other node where the replica is behind", async () => {
    const server = new ScriptedServer([problem(503, "version-unavailable", { retryAfter: 1 }), page([], 9, null)], two)
    await server.service.pageOfUsers()
    expect(server.urls).toEqual(["http://b.test/users", "http://a.test/users"])
    expect(server.times).toEqual([0, 0])
  })

  test("that a bug refuses is not tried again", async () => {
    const server = new ScriptedServer([problem(500, "internal")])
    expect(await refusalOf(server.service.getUser("u1"), TandemError)).toMatchObject({ code: "internal", outcome: "not-committed", key: undefined })
    expect(server.asked).toHaveLength(1)
  })

  test("at what is no node says so, and what that says", async () => {
    const foreign = new ScriptedServer([{ status: 404, body: "<html>" }])
    expect(await refusalOf(foreign.service.getUser("u1"), TandemError)).toMatchObject({ code: "unexpected-answer", status: 404, message: "HTTP 404: <html>", problem: undefined })
    const moved = new ScriptedServer([{ status: 301, body: "", headers: { location: "http://b.test/" } }])
    expect(await refusalOf(moved.service.getUser("u1"), TandemError)).toMatchObject({ code: "unexpected-answer", hint: expect.stringContaining("http://b.test/") })
    expect(moved.asked).toHaveLength(1)
    const welcome = new ScriptedServer([{ status: 200, body: "<html>" }], { timeoutMs: 1_000 })
    expect(await refusalOf(welcome.service.getUser("u1"), TandemError)).toMatchObject({ code: "unexpected-answer", status: 200 })
  })

  test("by a page that no node has answered yet asks whether they know the page's origin", async () => {
    const surroundings = { origin: "http://localhost:8080" }
    const server = new ScriptedServer(["cut"], { timeoutMs: 1_000, surroundings })
    const hint = expect.stringContaining("--cors-origin http://localhost:8080")
    expect(await refusalOf(server.service.getUser("u1"), TandemError)).toMatchObject({ code: "unreachable", hint })
    expect(await refusalOf(server.service.createUser(ada), TandemError)).toMatchObject({ code: "outcome-unknown", outcome: "unknown", hint })
    const known = new ScriptedServer([page([], 9, null), "cut"], { timeoutMs: 1_000, surroundings })
    await known.service.pageOfUsers()
    expect((await refusalOf(known.service.getUser("u1"), TandemError)).hint).toBeUndefined()
  })

  test("is tried as often as one was told", async () => {
    const server = new ScriptedServer(["cut"], { tries: 2, ...two })
    expect(await refusalOf(server.service.getUser("u1"), TandemError)).toMatchObject({ code: "unreachable", cause: expect.any(TypeError) })
    expect(server.urls).toEqual(["http://b.test/users/u1", "http://a.test/users/u1"])
    const patient = new ScriptedServer(["silent"], { tries: 1 })
    await refusalOf(patient.service.getUser("u1"), TandemError)
    expect(patient.nowMs).toBe(30_000)
  })

  test("without a token sends none", async () => {
    const server = new ScriptedServer([page([], 9, null)], { token: undefined })
    await server.service.pageOfUsers()
    expect(server.asked[0]?.headers.get("authorization")).toBeNull()
  })
})

test("a service that is logged, and an error, show no token", async () => {
  const server = new ScriptedServer(["cut", problem(401, "unauthenticated")], { token: "tk_secret" })
  const error = await refusalOf(server.service.createUser(ada), TandemError)
  for (const one of [server.service, error]) {
    expect(inspect(one, { depth: 9, showHidden: true })).not.toContain("secret")
    expect(Bun.inspect(one, { depth: 9 })).not.toContain("secret")
  }
  expect(server.asked[0]?.headers.get("authorization")).toBe("Bearer tk_secret")
})
