// POST /do and GET /do/{key}: statuses, headers, and that a refused request leaves nothing behind.
import { describe, expect, test } from "bun:test"
import { refuse } from "../../src/refusal.ts"
import { Harness, inside } from "./harness.ts"

const ada = { op: "user.create", data: { id: "ada", email: "ada@example.com", name: "Ada" } }

describe("POST /do", () => {
  test("answers the version, the time and the results, and its headers say which node spoke", async () => {
    const tandem = new Harness()
    const answer = await tandem.send("POST", "/do", { body: { operations: [ada], note: "sign-up" } })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ version: 1, results: [{ id: "ada", email: "ada@example.com", version: 1 }] })
    expect(String(inside(answer.json, "time"))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(answer.headers.get("tandem-version")).toBe("1")
    expect(answer.headers.get("tandem-node")).toBe("a")
    expect(answer.headers.get("tandem-role")).toBe("primary")
    expect(answer.headers.get("tandem-epoch")).toBe("1")
    expect(answer.headers.get("tandem-mode")).toBe("paired")
    expect(answer.headers.get("tandem-request-id")).toMatch(/^\S+$/)
    expect(answer.headers.get("cache-control")).toBe("no-store")
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
  })

  test("takes one operation bare", async () => {
    const tandem = new Harness()
    expect((await tandem.send("POST", "/do", { body: ada })).status).toBe(200)
  })

  test("answers a retry with the stored outcome and says so (P3)", async () => {
    const tandem = new Harness()
    const headers = { "idempotency-key": "sign-up-1" }
    const first = await tandem.send("POST", "/do", { body: ada, headers })
    const second = await tandem.send("POST", "/do", { body: ada, headers })
    expect(first.headers.get("idempotency-replayed")).toBeNull()
    expect(second.headers.get("idempotency-replayed")).toBe("true")
    expect(inside(second.json, "version")).toBe(1)
    expect(tandem.node.committed()).toBe(1)
  })

  test("refuses a key that was used with another body", async () => {
    const tandem = new Harness()
    const headers = { "idempotency-key": "sign-up-1" }
    await tandem.send("POST", "/do", { body: ada, headers })
    const other = { op: "user.create", data: { email: "bob@example.com" } }
    const answer = await tandem.send("POST", "/do", { body: other, headers })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ code: "key-reused", key: "sign-up-1" })
  })

  test("a dry run answers the would-be version and leaves no trace", async () => {
    const tandem = new Harness()
    const answer = await tandem.send("POST", "/do", { body: { operations: [ada], dryRun: true } })
    expect(answer.json).toMatchObject({ dryRun: true, version: 1, results: [{ id: "ada" }] })
    expect(answer.headers.get("tandem-version")).toBe("0")
    expect((await tandem.get("/users/ada")).status).toBe(404)
  })

  test("an unknown outcome names the key and where to ask for it (P3)", async () => {
    const tandem = new Harness()
    tandem.node.fate = (transaction) => ({ kind: "unknown", key: transaction.key?.text })
    const answer = await tandem.send("POST", "/do", { body: ada, headers: { "idempotency-key": "a/b" } })
    expect(answer.status).toBe(500)
    expect(answer.json).toMatchObject({ code: "outcome-unknown", key: "a/b" })
    expect(answer.headers.get("link")).toBe('</do/a%2Fb>; rel="status"')
  })

  test("what the node throws leaves the outcome unknown, and never claims that nothing happened (I10)", async () => {
    const tandem = new Harness()
    tandem.node.submit = () => Promise.reject(new Error("canary"))
    const answer = await tandem.send("POST", "/do", { body: ada })
    expect(answer.status).toBe(500)
    expect(inside(answer.json, "code")).toBe("outcome-unknown")
    expect(answer.text).not.toContain("canary")
    expect(tandem.reported.join()).not.toContain("canary")
  })

  test("a refusal that can be tried again says when", async () => {
    const tandem = new Harness()
    tandem.node.notWritable = refuse("unavailable", "Not in sync.", { retryAfter: 2 })
    const answer = await tandem.send("POST", "/do", { body: ada })
    expect(answer.status).toBe(503)
    expect(answer.headers.get("retry-after")).toBe("2")
    expect(inside(answer.json, "retryAfter")).toBe(2)
  })

  test("a refusal that does not know when says one second, where that is what 503 is for", async () => {
    const tandem = new Harness()
    tandem.node.notWritable = refuse("unavailable", "Not in sync.")
    const answer = await tandem.send("POST", "/do", { body: ada })
    expect([answer.headers.get("retry-after"), inside(answer.json, "retryAfter")]).toEqual(["1", 1])
  })

  test("a retry that cannot be run does not claim that the attempt before it came to nothing (P3)", async () => {
    const tandem = new Harness()
    const retry = () => tandem.send("POST", "/do", { body: ada, headers: { "idempotency-key": "k" } })
    await retry()
    tandem.node.notWritable = refuse("unavailable", "Not in sync.")
    const decided = await retry()
    expect([decided.status, decided.json]).toMatchObject([503, { key: "k", hint: expect.stringContaining("may yet be committed") }])
    tandem.node.reader.committed = 0
    const inDoubt = await retry()
    expect([inDoubt.status, inDoubt.json]).toMatchObject([500, { code: "outcome-unknown", key: "k" }])
    expect(inDoubt.headers.get("link")).toBe('</do/k>; rel="status"')
  })

  test("points into the body as it was sent, bare or in a list", async () => {
    const tandem = new Harness()
    const pointer = async (body: unknown) => inside((await tandem.send("POST", "/do", { body })).json, "pointer")
    expect(await pointer({ op: "no.such" })).toBe("/op")
    expect(await pointer({ ...ada, if: {} })).toBe("/if")
    expect(await pointer({ operations: [ada, { op: "no.such" }] })).toBe("/operations/1/op")
    expect(await pointer({ operations: [{ ...ada, "a/b": 1 }] })).toBe("/operations/0/a~1b")
  })

  test("a full disk is 507", async () => {
    const tandem = new Harness()
    tandem.node.notWritable = refuse("disk-full", "Below the floor.")
    expect((await tandem.send("POST", "/do", { body: ada })).status).toBe(507)
  })

  test("a replica answers 421 with the primary's URL", async () => {
    const tandem = new Harness()
    tandem.node.notWritable = refuse("not-primary", "This node is the replica.")
    tandem.node.primaryUrl = () => "http://primary.test:4000"
    const answer = await tandem.send("POST", "/do", { body: ada })
    expect(answer.status).toBe(421)
    expect(answer.json).toMatchObject({ code: "not-primary", primary: "http://primary.test:4000" })
  })

  test("a client that goes away changes nothing", async () => {
    const tandem = new Harness()
    const abort = new AbortController()
    const request = new Request("http://tandem.test/do", {
      method: "POST",
      body: JSON.stringify(ada),
      headers: { authorization: "Bearer tr_root", "content-type": "application/json" },
      signal: abort.signal,
    })
    tandem.node.hold()
    const answer = tandem.app.fetch(request)
    while (tandem.node.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    tandem.node.release()
    await answer
    expect(tandem.node.committed()).toBe(1)
  })
})

describe("GET /do/{key}", () => {
  test("tells a committed transaction's version, to its own principal only", async () => {
    const tandem = new Harness()
    await tandem.send("POST", "/do", { body: ada, headers: { "idempotency-key": "k 1".replace(" ", "/") } })
    expect((await tandem.get("/do/k%2F1")).json).toEqual({ outcome: "committed", version: 1 })
    expect((await tandem.get("/do/k%2F1", { token: tandem.token("write") })).status).toBe(404)
    expect((await tandem.get("/do/other")).status).toBe(404)
  })

  test("finds every key that may be used, on a line of a stream too", async () => {
    const tandem = new Harness()
    const keys = ["a/b", "%41", "100%", "%2f", "a?b#c", "...", "'\"<>\\^`{|}", "~".repeat(256)]
    for (const [n, key] of keys.entries()) {
      const user = { op: "user.create", data: { id: `u${n}`, email: `u${n}@example.com` }, key }
      await tandem.send("POST", "/do/stream", { body: JSON.stringify(user), headers: { "content-type": "application/x-ndjson" } })
      expect([key, (await tandem.get(`/do/${encodeURIComponent(key)}`)).json]).toEqual([key, { outcome: "committed", version: n + 1 }])
    }
    for (const key of ["", ".", "..", "a b", "\u00e9", "a\u0085", "x".repeat(257), 7]) {
      const line = JSON.stringify({ op: "user.create", data: { email: "x@example.com" }, key })
      const answer = await tandem.send("POST", "/do/stream", { body: line, headers: { "content-type": "application/x-ndjson" } })
      expect(inside(answer.json, "problem")).toMatchObject({ status: 400, pointer: "/key" })
    }
  })

  test("asks after it has looked whether reads may still be answered (P4)", async () => {
    const tandem = new Harness()
    const { reader } = tandem.node
    const look = reader.versionOfKey.bind(reader)
    reader.versionOfKey = (hash) => {
      tandem.node.notReadable = refuse("unavailable", "The lease is over.")
      return look(hash)
    }
    expect((await tandem.get("/do/k")).status).toBe(503)
  })

  test("tells one that is in doubt (I9)", async () => {
    const tandem = new Harness()
    await tandem.send("POST", "/do", { body: ada, headers: { "idempotency-key": "k" } })
    tandem.node.reader.committed = 0
    expect((await tandem.get("/do/k")).json).toEqual({ outcome: "in-doubt" })
  })
})
