// What holds for every request: origins, request ids, health, the log, unexpected errors, the cap on requests in flight.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { InvariantBroken } from "../../src/protocol/invariant.ts"
import { refuse } from "../../src/refusal.ts"
import { Harness, inside } from "./harness.ts"

const ada = { op: "user.create", data: { id: "ada", email: "ada@example.com" } }
const origin = "https://app.example.com"

describe("other origins", () => {
  test("that are listed may read the answer and Tandem's headers", async () => {
    const tandem = new Harness({ corsOrigins: [origin] })
    await tandem.commit(ada)
    for (const path of ["/users/ada", "/users", "/users/nobody", "/livez"]) {
      const answer = await tandem.get(path, { headers: { origin } })
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin)
      expect(answer.headers.get("access-control-expose-headers")).toContain("Tandem-Version")
      expect(answer.headers.get("access-control-expose-headers")).toContain("ETag")
      expect(answer.headers.get("vary")).toBe("Origin")
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull()
    }
  })

  test("that are not listed may not, and caches keep them apart", async () => {
    const tandem = new Harness({ corsOrigins: [origin] })
    for (const other of ["https://app.example.com.evil.test", "https://app.example.com:8443", "null", "HTTPS://APP.EXAMPLE.COM"]) {
      const answer = await tandem.get("/livez", { headers: { origin: other } })
      expect(answer.headers.get("access-control-allow-origin")).toBeNull()
      expect(answer.headers.get("vary")).toBe("Origin")
    }
  })

  test("ask first, without a token, and may keep the answer", async () => {
    const tandem = new Harness({ corsOrigins: [origin] })
    const headers = { origin, "access-control-request-method": "POST" }
    const answer = await tandem.send("OPTIONS", "/do", { token: null, headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin)
    expect(answer.headers.get("access-control-allow-methods")).toBe("POST, OPTIONS")
    expect(answer.headers.get("access-control-allow-headers")).toContain("Idempotency-Key")
    expect(Number(answer.headers.get("access-control-max-age"))).toBeGreaterThan(0)
    expect(answer.headers.get("vary")).toContain("Origin")
    const foreign = await tandem.send("OPTIONS", "/do", { token: null, headers: { ...headers, origin: "https://evil.test" } })
    expect(foreign.headers.get("access-control-allow-methods")).toBeNull()
    expect((await tandem.send("OPTIONS", "/a/b/c/d", { token: null, headers })).status).toBe(404)
  })

  test("none are listed by default", async () => {
    const answer = await new Harness().get("/livez", { headers: { origin } })
    expect(answer.headers.get("access-control-allow-origin")).toBeNull()
  })
})

test("a request id is echoed where it is harmless, and made where it is not", async () => {
  const tandem = new Harness()
  const idOf = async (given: string) =>
    (await tandem.get("/livez", { headers: { "tandem-request-id": given } })).headers.get("tandem-request-id")
  expect(await idOf("web-7f.3:a")).toBe("web-7f.3:a")
  for (const given of ["", "a b", "<script>", "x".repeat(200)]) {
    const made = await idOf(given)
    expect(made).not.toBe(given)
    expect(made).toMatch(/^[A-Za-z0-9_-]+$/)
  }
  expect(await idOf("")).not.toBe(await idOf(""))
})

describe("health", () => {
  test("tells by its status whether the node reads, writes and is in sync", async () => {
    const tandem = new Harness()
    for (const purpose of ["read", "write", "sync"]) expect((await tandem.get(`/readyz?for=${purpose}`, { token: null })).status).toBe(200)
    tandem.node.notReadable = refuse("unavailable", "Not synced yet.")
    tandem.node.notWritable = refuse("not-primary", "This node is the replica.")
    expect((await tandem.get("/readyz", { token: null })).status).toBe(503)
    expect((await tandem.get("/readyz?for=write", { token: null })).status).toBe(503)
    expect((await tandem.get("/livez", { token: null })).status).toBe(200)
    expect((await tandem.get("/readyz?for=lunch", { token: null })).status).toBe(400)
  })

  test("status is for anyone with a token", async () => {
    const tandem = new Harness()
    const answer = await tandem.get("/status", { token: tandem.token("read") })
    expect(answer.json).toMatchObject({ node: "a", role: "primary", mode: "paired", head: 0, committed: 0, peer: { node: "b" } })
  })

  test("the full check answers its digest and what it found", async () => {
    expect((await new Harness().get("/status/verify")).json).toEqual({ version: 0, digest: "ab", problems: [], counts: { records: 1, entities: 1, superseded: 0 } })
  })
})

describe("the log", () => {
  test("answers committed records only, page by page (I9)", async () => {
    const tandem = new Harness()
    for (const id of ["a", "b", "c"]) await tandem.commit({ op: "user.create", data: { id, email: `${id}@example.com` } })
    tandem.node.reader.committed = 2
    const first = await tandem.get("/log?limit=1")
    expect(first.json).toMatchObject({ items: [{ version: 1, epoch: 1, principal: "root", note: null }], next: 2 })
    expect(first.headers.get("link")).toBe('</log?from=2&limit=1>; rel="next"')
    const second = await tandem.get("/log?from=2&limit=5")
    expect(second.json).toMatchObject({ items: [{ version: 2 }], next: null })
    expect(inside(second.json, "items", 0, "parent")).toBe(inside(first.json, "items", 0, "digest"))
    expect((await tandem.get("/log?from=3")).json).toMatchObject({ items: [], next: null })
    expect((await tandem.get("/log/3")).status).toBe(404)
    expect((await tandem.get("/log/2")).json).toMatchObject({ version: 2 })
  })
})

describe("POST /verify", () => {
  test("is for keys that may write, and nothing of its answer is kept", async () => {
    const tandem = new Harness()
    const answer = await tandem.send("POST", "/verify", { body: { email: "x@example.com", password: "wrong horse" } })
    expect(answer.json).toEqual({ match: false })
    expect(answer.headers.get("cache-control")).toBe("no-store")
  })

  test("slows down who guesses one account's password, and no other account", async () => {
    const tandem = new Harness()
    const guess = (email: string) => tandem.send("POST", "/verify", { body: { email, password: "wrong horse" } })
    const statuses: number[] = []
    for (let n = 0; n < 7; n++) statuses.push((await guess(n % 2 === 0 ? "ada@example.com" : "ADA@example.com")).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    expect((await guess("ada@example.com")).headers.get("retry-after")).toMatch(/^\d+$/)
    expect((await guess("bob@example.com")).status).toBe(200)
  })

  test("looks at no more tries of one account side by side than one after the other", async () => {
    const tandem = new Harness()
    const guess = () => tandem.send("POST", "/verify", { body: { email: "ada@example.com", password: "wrong horse" } })
    const statuses = (await Promise.all(Array.from({ length: 50 }, guess))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(45)
  })

  test("says 503 where too many passwords wait, and counts nothing against the account", async () => {
    const full = async () => refuse("unavailable", "Too many wait.", { retryAfter: 1 })
    let isFull = true
    const tandem = new Harness({}, { hash: full, verify: async () => (isFull ? full() : false), isOutdated: () => false })
    const guess = () => tandem.send("POST", "/verify", { body: { email: "ada@example.com", password: "wrong horse" } })
    for (let n = 0; n < 20; n++) {
      const answer = await guess()
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"])
    }
    isFull = false
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) statuses.push((await guess()).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  })

  test("asks after the wait whether reads may still be answered (P4)", async () => {
    const tandem = new Harness({}, { isOutdated: () => false, hash: async () => "", verify: async () => {
      tandem.node.notReadable = refuse("unavailable", "The lease is over.")
      return false
    } })
    expect((await tandem.send("POST", "/verify", { body: { email: "ada@example.com", password: "wrong horse" } })).status).toBe(503)
  })

  test("never quotes a password in a refusal", async () => {
    const answer = await new Harness().send("POST", "/verify", { body: { email: "a@example.com", password: ["canary"] } })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({ code: "malformed", pointer: "/password" })
    expect(answer.text).not.toContain("canary")
  })
})

describe("what nothing expected", () => {
  test("is 500 without a stack, and one line on stderr without the message", async () => {
    const tandem = new Harness()
    tandem.node.reader.row = () => {
      throw new TypeError("canary")
    }
    const answer = await tandem.get("/users/ada")
    expect(answer.status).toBe(500)
    expect(answer.json).toMatchObject({ code: "internal", status: 500 })
    expect(answer.text).not.toContain("canary")
    expect(answer.text).not.toContain(".ts")
    expect(tandem.reported).toHaveLength(1)
    expect(tandem.reported[0]).toContain("TypeError in GET /:collection/:id")
    expect(tandem.reported[0]).not.toContain("canary")
    expect(tandem.reported[0]).not.toContain("\n")
    expect(tandem.rethrown).toEqual([])
  })

  test("ends the process where an invariant is broken", async () => {
    const tandem = new Harness()
    const broken = new InvariantBroken("I9", "seen too early")
    tandem.node.reader.row = () => {
      throw broken
    }
    expect((await tandem.get("/users/ada")).status).toBe(500)
    expect(tandem.rethrown).toEqual([broken])
  })
})

test("more requests than may wait are 503, and health still answers", async () => {
  const tandem = new Harness()
  tandem.node.submit = () => new Promise(() => undefined)
  const request = () => tandem.send("POST", "/do", { body: ada })
  for (let n = 0; n < bounds.requestsInFlightMax; n++) void request()
  const answer = await request()
  expect(answer.status).toBe(503)
  expect(answer.headers.get("retry-after")).toBe("1")
  expect((await tandem.get("/livez")).status).toBe(200)
})
