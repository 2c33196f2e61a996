// POST /do/stream: strictly in order, in full batches, nothing after a refusal, and bounded whatever the client does.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { refuse } from "../../src/refusal.ts"
import { Harness, inside, rootToken } from "./harness.ts"

function user(n: number, more: object = {}): object {
  return { op: "user.create", data: { id: `u${n}`, email: `u${n}@example.com` }, ...more }
}

/** Wants the e-mail address that `user(n)` has. */
function rival(n: number): object {
  return { op: "user.create", data: { id: `rival-of-u${n}`, email: `u${n}@example.com` } }
}

function ndjson(lines: readonly unknown[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("")
}

async function stream(tandem: Harness, lines: readonly unknown[] | string, query = "", token = rootToken) {
  const body = typeof lines === "string" ? lines : ndjson(lines)
  const answer = await tandem.send("POST", `/do/stream${query}`, { body, token, headers: { "content-type": "application/x-ndjson" } })
  return { ...answer, lines: answer.text.split("\n").filter((line) => line !== "").map((line): unknown => JSON.parse(line)) }
}

describe("POST /do/stream", () => {
  test("answers one line per transaction, in their order, without results unless asked", async () => {
    const tandem = new Harness()
    const answer = await stream(tandem, [user(1), user(2), user(3)])
    expect(answer.status).toBe(200)
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson")
    expect(answer.lines).toEqual([1, 2, 3].map((n) => ({ line: n, version: n })))
    const full = await stream(tandem, [user(4)], "?results=true")
    expect(full.lines).toMatchObject([{ line: 1, version: 4, results: [{ id: "u4" }] }])
  })

  test("submits lines together, so that they share batches", async () => {
    const tandem = new Harness()
    const answer = await stream(tandem, Array.from({ length: 1_000 }, (_, n) => user(n)))
    expect(answer.lines).toEqual(Array.from({ length: 1_000 }, (_, n) => ({ line: n + 1, version: n + 1 })))
    expect(tandem.node.batchSizes.length).toBeLessThan(100)
    expect(Math.max(...tandem.node.batchSizes)).toBeLessThanOrEqual(bounds.streamInFlightMax)
  })

  test("stops at the first refusal, and nothing after it commits", async () => {
    const tandem = new Harness()
    const answer = await stream(tandem, [user(1), user(2), rival(1), user(3), user(4)])
    expect(answer.lines).toHaveLength(3)
    expect(answer.lines.slice(0, 2)).toEqual([{ line: 1, version: 1 }, { line: 2, version: 2 }])
    expect(answer.lines[2]).toMatchObject({ line: 3, problem: { status: 409, code: "unique" } })
    expect(tandem.node.committed()).toBe(2)
  })

  test("goes on after a refusal where it is told to", async () => {
    const tandem = new Harness()
    const answer = await stream(tandem, [user(1), rival(1), "{", user(2)], "?onError=continue")
    expect(answer.lines).toMatchObject([{ version: 1 }, { problem: { code: "unique" } }, { problem: { code: "malformed" } }, { line: 4, version: 2 }])
  })

  test("stops at a refusal that is the node's and not the line's, even where it is told to go on", async () => {
    const tandem = new Harness()
    tandem.node.fate = ({ operations }) => {
      const about = JSON.stringify(operations)
      return about.includes("u2@") ? { kind: "refused", refusal: refuse("unavailable", "Not now.") } : undefined
    }
    const answer = await stream(tandem, [user(1), user(2), user(3)], "?onError=continue")
    expect(answer.lines).toHaveLength(2)
    expect(answer.lines[1]).toMatchObject({ line: 2, problem: { code: "unavailable" } })
  })

  test("a malformed line is refused by its number, after the answers of those before it", async () => {
    for (const line of ["{", "[]", "null", '{"op":"user.create","data":{},"colour":1}', '{"op":"no.such","data":{}}']) {
      const tandem = new Harness()
      const answer = await stream(tandem, [user(1), line, user(2)])
      expect(answer.lines).toHaveLength(2)
      expect(answer.lines[1]).toMatchObject({ line: 2, problem: { status: 400 } })
      expect(tandem.node.committed()).toBe(1)
    }
  })

  test("is refused whole, with the primary's URL, where this node is the replica", async () => {
    const tandem = new Harness()
    tandem.node.notWritable = refuse("not-primary", "This node is the replica.")
    tandem.node.primaryUrl = () => "http://primary.test:4000"
    const answer = await stream(tandem, [user(1)])
    expect([answer.status, inside(answer.json, "primary")]).toEqual([421, "http://primary.test:4000"])
    tandem.node.notWritable = refuse("unavailable", "Not in sync.")
    const early = await stream(tandem, [user(1)])
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"])
    expect(tandem.node.committed()).toBe(0)
  })

  test("an unknown outcome ends the stream with its key (P3)", async () => {
    const tandem = new Harness()
    tandem.node.fate = (transaction) => ({ kind: "unknown", key: transaction.key?.text })
    const answer = await stream(tandem, [user(1, { key: "k1" }), user(2, { key: "k2" })], "?onError=continue")
    expect(answer.lines).toMatchObject([{ line: 1, problem: { code: "outcome-unknown", key: "k1" } }])
  })

  test("the same lines again, with their keys, change nothing and say that they were there (I8)", async () => {
    const tandem = new Harness()
    const lines = [user(1, { key: "l1" }), user(2, { key: "l2" })]
    await stream(tandem, lines.slice(0, 1))
    expect((await stream(tandem, lines)).lines).toEqual([{ line: 1, version: 1, replayed: true }, { line: 2, version: 2 }])
    expect(tandem.node.committed()).toBe(2)
  })

  test("empty lines count and are not answered, and the last line needs no end", async () => {
    const tandem = new Harness()
    const answer = await stream(tandem, `\n${JSON.stringify(user(1))}\r\n \n${JSON.stringify(user(2))}`)
    expect(answer.lines).toEqual([{ line: 2, version: 1 }, { line: 4, version: 2 }])
    expect((await stream(tandem, "")).lines).toEqual([])
  })

  test("a line that is too long is refused, and nothing is read after it", async () => {
    const tandem = new Harness()
    const long = JSON.stringify({ op: "user.create", data: { id: "x", name: "x".repeat(bounds.streamLineBytesMax) } })
    const answer = await stream(tandem, [user(1), long, user(2)], "?onError=continue")
    expect(answer.lines).toMatchObject([{ version: 1 }, { line: 2, problem: { status: 413, code: "too-large" } }])
    expect(tandem.node.committed()).toBe(1)
  })

  test("bytes that are not UTF-8 are refused, not replaced", async () => {
    const tandem = new Harness()
    const bytes = Buffer.concat([Buffer.from('{"op":"user.create","data":{"email":"'), Buffer.from([0xff]), Buffer.from('"}}\n')])
    const headers = { "content-type": "application/x-ndjson" }
    const answer = await tandem.send("POST", "/do/stream", { body: bytes, headers })
    expect(inside(JSON.parse(answer.text), "problem", "code")).toBe("malformed")
  })

  test("times are kept for the scope admin only, and only where it is asked for", async () => {
    const tandem = new Harness()
    const line = user(1, { at: "2020-01-01T00:00:00.000Z" })
    expect((await stream(tandem, [line], "?keepTimes=true", tandem.token("write"))).status).toBe(403)
    expect((await stream(tandem, [line])).lines).toMatchObject([{ problem: { status: 400 } }])
    expect((await stream(tandem, [line], "?keepTimes=true")).lines).toEqual([{ line: 1, version: 1 }])
    expect(inside((await tandem.get("/users/u1")).json, "createdAt")).toBe("2020-01-01T00:00:00.000Z")
  })

  test("takes no more than it may hold until answers are taken", async () => {
    const tandem = new Harness()
    tandem.node.hold()
    let given = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        given += 1
        controller.enqueue(Buffer.from(ndjson([user(given)])))
        if (given === 5_000) controller.close()
      },
    })
    const headers = { authorization: `Bearer ${rootToken}`, "content-type": "application/x-ndjson" }
    const response = await tandem.app.fetch(new Request("http://tandem.test/do/stream", { method: "POST", body, headers }))
    for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(tandem.node.waiting).toBe(bounds.streamInFlightMax)
    expect(given).toBeLessThan(2 * bounds.streamInFlightMax)
    tandem.node.release()
    expect((await response.text()).trimEnd().split("\n")).toHaveLength(5_000)
  })

  test("ends where no line comes any more, after the answers to those that came", async () => {
    const tandem = new Harness({ streamIdleMs: 50 })
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from(ndjson([user(1)]))) })
    const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${rootToken}` }
    const answer = await tandem.app.fetch(new Request("http://127.0.0.1/do/stream", { method: "POST", body, headers }))
    expect(JSON.parse(await answer.text())).toEqual({ line: 1, version: 1 })
  })

  test("a client that goes away leaves a committed prefix: what was submitted finishes, no more is read", async () => {
    const tandem = new Harness()
    let given = 0
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        given += 1
        if (given > 10) return new Promise<void>(() => undefined)
        controller.enqueue(Buffer.from(ndjson([user(given)])))
        return undefined
      },
      cancel: () => {
        cancelled = true
      },
    })
    const headers = { authorization: `Bearer ${rootToken}`, "content-type": "application/x-ndjson" }
    const response = await tandem.app.fetch(new Request("http://tandem.test/do/stream", { method: "POST", body, headers }))
    const reader = response.body?.getReader()
    tandem.node.hold()
    while (tandem.node.waiting < 10) await new Promise((resolve) => setImmediate(resolve))
    await reader?.cancel()
    tandem.node.release()
    while (!cancelled || tandem.node.waiting > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(tandem.node.committed()).toBe(10)
    expect(tandem.reported).toEqual([])
  })

  test("is refused as a whole where nothing of it can be done", async () => {
    const tandem = new Harness()
    for (const query of ["?onError=maybe", "?results=1", "?keepTimes=yes", "?colour=1"]) {
      expect([query, (await stream(tandem, [user(1)], query)).status]).toEqual([query, 400])
    }
    tandem.node.notWritable = refuse("not-primary", "This node is the replica.", { primary: "http://primary.test" })
    expect((await stream(tandem, [user(1)])).status).toBe(421)
    expect(tandem.node.committed()).toBe(0)
  })
})
