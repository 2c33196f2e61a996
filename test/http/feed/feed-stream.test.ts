// The change feed as a stream of events: every change once and in order, resumed where it was cut, quiet but alive between,
// ended where its reader may read no more or takes nothing, and nothing that is not committed.
import { afterEach, describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { type FeedTiming, feedTiming } from "../../../src/http/feed/feed-tail.ts"
import { internalTransaction } from "../../../src/operations/internal-transaction.ts"
import { retentionTrim } from "../../../src/operations/retention-trim.ts"
import { refuse } from "../../../src/refusal.ts"
import { EventReader } from "./event-reader.ts"
import { Harness, inside, rootToken, type SendOptions } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"

const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })
const goal = (id: string, value: object = {}) => ({ op: "document.put", data: { collection: "goals", id, value } })

const open: Harness[] = []
afterEach(() => open.splice(0).forEach((tandem) => tandem.app.endFeed()))

function harness(timing: Partial<FeedTiming> = {}): Harness {
  const tandem = new Harness({ bodyBytesMax: bounds.streamLineBytesMax, feedTiming: { ...feedTiming, ...timing } })
  open.push(tandem)
  return tandem
}

async function started(timing: Partial<FeedTiming> = {}): Promise<Harness> {
  const tandem = harness(timing)
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await tandem.commit(user("ada"), goal("g1"))
  return tandem
}

interface Streamed {
  readonly response: Response
  readonly events: EventReader
  readonly abort: () => void
}

async function stream(tandem: Harness, path = "/changes", { token = rootToken, headers = {} }: SendOptions = {}): Promise<Streamed> {
  const controller = new AbortController()
  const request = new Request(`http://tandem.test${path}`, { headers: { accept: "text/event-stream", authorization: `Bearer ${token}`, ...headers }, signal: controller.signal })
  const response = await tandem.app.fetch(request)
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"])
  return { response, events: new EventReader(response.body as ReadableStream<Uint8Array>), abort: () => controller.abort() }
}

async function versions(events: EventReader, count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) found.push(Number((await events.nextOf("change"))?.id))
  return found
}

const inUse = (tandem: Harness): boolean => tandem.node.listeners > 0

describe("a stream", () => {
  test("shows what a page shows, one event for each version, and the version is its id", async () => {
    const tandem = await started()
    const { response, events } = await stream(tandem)
    expect([response.headers.get("cache-control"), response.headers.get("tandem-version")]).toEqual(["no-store", "2"])
    const { json } = await tandem.get("/changes")
    for (const item of inside(json, "items") as object[]) {
      const event = await events.nextOf("change")
      expect(event?.id).toBe(String(inside(item, "version")))
      expect(JSON.parse(event?.data ?? "")).toEqual(item)
    }
    expect(events.retryMs).toBe(1_000)
  })

  test("goes on with what is committed later, whatever came between", async () => {
    const tandem = await started()
    const { events } = await stream(tandem, "/changes?since=2")
    for (let n = 3; n <= 300; n++) await tandem.commit(user(`u${n}`))
    expect(await versions(events, 298)).toEqual(Array.from({ length: 298 }, (_, n) => n + 3))
  })

  test("is resumed behind the last id, which counts more than `since`", async () => {
    const tandem = await started()
    for (const id of ["b", "c", "d"]) await tandem.commit(user(id))
    const { events } = await stream(tandem, "/changes?since=0", { headers: { "last-event-id": "3" } })
    expect(await versions(events, 2)).toEqual([4, 5])
  })

  test("with a filter shows changes in its collections only", async () => {
    const tandem = await started()
    const { events } = await stream(tandem, "/changes?collections=goals")
    expect(JSON.parse((await events.next())?.data ?? "")).toMatchObject({ version: 2, changes: [{ collection: "goals", id: "g1" }] })
    await tandem.commit(user("b"))
    await tandem.commit(user("c"), goal("g2"))
    const event = JSON.parse((await events.next())?.data ?? "") as { readonly version: number; readonly changes: readonly unknown[] }
    expect([event.version, event.changes.length]).toEqual([4, 1])
  })

  test("shows nothing in doubt, and all of it once it is committed (P4)", async () => {
    const tandem = await started({ heartbeatMs: 5, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    const { committed } = tandem.node
    tandem.node.committed = () => 2
    await tandem.commit(user("b"))
    await tandem.commit(user("c"))
    for (let n = 0; n < 5; n++) expect(await events.next()).toEqual({ event: "heartbeat", id: undefined, data: '{"version":2}' })
    tandem.node.committed = committed
    tandem.node.advanced()
    expect(await versions(events, 2)).toEqual([3, 4])
  })

  test("that has nothing to show says so now and then, without an id, and how far it has looked", async () => {
    const tandem = await started({ heartbeatMs: 5, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2&collections=goals")
    expect(await events.next()).toEqual({ event: "heartbeat", id: undefined, data: '{"version":2}' })
    await tandem.commit(user("b"))
    for (let event = await events.next(); event?.data !== '{"version":3}'; event = await events.next()) expect(event?.event).toBe("heartbeat")
    expect(events.lastId).toBeUndefined()
  })

  test("of a change larger than one piece is the whole of it, for several readers at once", async () => {
    const tandem = await started()
    const text = "ü".repeat(1_500_000)
    const streams = await Promise.all([1, 2, 3].map(() => stream(tandem, "/changes?since=2")))
    await tandem.commit(goal("large", { text }))
    await tandem.commit(user("after"))
    for (const { events } of streams) {
      const event = await events.next()
      expect(event?.id).toBe("3")
      expect(inside(JSON.parse(event?.data ?? ""), "changes", 0, "value", "value", "text") === text).toBe(true)
      expect((await events.next())?.id).toBe("4")
    }
  })
})

describe("a stream is not begun", () => {
  test.each([
    ["/changes?limit=5", {}, "/limit"],
    ["/changes?wait=5s", {}, "/wait"],
    ["/changes?since=x", {}, "/since"],
    ["/changes?collections=keys", {}, "/collections"],
    ["/changes", { "last-event-id": "x" }, undefined],
    ["/changes", { "last-event-id": "" }, undefined],
  ])("by %s %j", async (path, headers, pointer) => {
    const tandem = await started()
    const answer = await tandem.get(path, { headers: { accept: "text/event-stream", ...headers } })
    expectAnswer(answer, 400)
    expect(inside(answer.json, "pointer")).toBe(pointer)
    expect(inUse(tandem)).toBe(false)
  })

  test("behind a version that the primary does not have, nor without a key that may read", async () => {
    const tandem = await started()
    const headers = { accept: "text/event-stream" }
    expectAnswer(await tandem.get("/changes?since=3", { headers }), 400)
    expectAnswer(await tandem.get("/changes", { headers, token: null }), 401)
    expectAnswer(await tandem.get("/changes", { headers, token: tandem.token("write") }), 403)
    expect(inUse(tandem)).toBe(false)
  })

  test("by HEAD, which answers as if", async () => {
    const tandem = await started()
    const head = await tandem.send("HEAD", "/changes", { headers: { accept: "text/event-stream" } })
    expect([head.status, head.headers.get("content-type"), head.text]).toEqual([200, "text/event-stream", ""])
    expect(inUse(tandem)).toBe(false)
  })

  test.each(["application/json", "*/*", "text/event-streams", "text/html, application/json;q=0.9"])("for who accepts %s", async (accept) => {
    const tandem = await started()
    expect((await tandem.get("/changes", { headers: { accept } })).json).toMatchObject({ next: 2 })
  })

  test.each(["text/event-stream", "application/json, text/event-stream;q=0.5"])("but for who accepts %s", async (accept) => {
    await (await stream(await started(), "/changes", { headers: { accept } })).events.cancel()
  })

  test("once too many wait: 503, and again when one has gone", async () => {
    const tandem = await started()
    const streams = await Promise.all(Array.from({ length: bounds.feedSubscribersMax }, () => stream(tandem, "/changes?since=2")))
    for (const headers of [{ accept: "text/event-stream" }, { accept: "application/json" }]) {
      const answer = await tandem.get(`/changes?since=2${headers.accept === "application/json" ? "&wait=60s" : ""}`, { headers })
      expectAnswer(answer, 503)
    }
    expect((await tandem.get("/changes?since=1")).status).toBe(200)
    streams[0]?.abort()
    await (await stream(tandem)).events.cancel()
  })
})

describe("a stream ends", () => {
  test("cleanly when the node stops, and none begins after that", async () => {
    const tandem = await started()
    const { events } = await stream(tandem, "/changes?since=1")
    expect(await versions(events, 1)).toEqual([2])
    tandem.app.endFeed()
    expect(await events.next()).toBeUndefined()
    expectAnswer(await tandem.get("/changes", { headers: { accept: "text/event-stream" } }), 503)
  })

  test.each(["its body is cancelled", "its request is aborted"])("when %s, and nothing is kept of it", async (how) => {
    const tandem = await started()
    const { events, abort } = await stream(tandem)
    expect(inUse(tandem)).toBe(true)
    if (how.includes("body")) await events.cancel()
    else abort()
    expect(inUse(tandem)).toBe(false)
    await tandem.commit(user("after"))
  })

  test("with the key that opened it, before anything newer is shown", async () => {
    const tandem = await started({ tickMs: 1 })
    const made = await tandem.commit({ op: "key.create", data: { name: "web", scopes: ["read"] } })
    const { events } = await stream(tandem, "/changes?since=2", { token: String(inside(made.json, "results", 0, "key")) })
    const another = await stream(tandem, "/changes?since=2")
    await tandem.commit({ op: "key.revoke", data: { id: inside(made.json, "results", 0, "id") } })
    await tandem.commit(user("after"))
    expect(await events.nextOf("change")).toBeUndefined()
    expect(await versions(another.events, 1)).toEqual([5])
  })

  test("with the session that opened it, which was shown what is its user's and nothing else", async () => {
    const tandem = await started({ tickMs: 1 })
    await tandem.commit({ op: "user.create", data: { id: "own", email: "own@example.com" } })
    const made = await tandem.commit({ op: "session.create", data: { userId: "own" } })
    const since = tandem.node.committed()
    const { events } = await stream(tandem, `/changes?since=${since}`, { token: String(inside(made.json, "results", 0, "token")) })
    await tandem.commit(user("stranger"))
    await tandem.commit({ op: "user.update", data: { id: "own", name: "Own" } })
    expect(await versions(events, 1)).toEqual([since + 2])
    await tandem.commit({ op: "session.revoke", data: { id: inside(made.json, "results", 0, "id") } }, { op: "user.update", data: { id: "own", name: "Gone" } })
    expect(await events.nextOf("change")).toBeUndefined()
  })

  test("with the key that opened it, also while others that it opened are being served", async () => {
    const tandem = await started()
    const token = tandem.token("read")
    const streams = await Promise.all(Array.from({ length: 60 }, () => stream(tandem, "/changes?since=2", { token })))
    await new Promise(setImmediate)
    const { authenticate } = tandem.node
    let asked = 0
    // Before there is something to show, they are looked at as often as time goes by.
    const isBehind = () => tandem.node.committed() > 2
    tandem.node.authenticate = (asking) => (asking === token && isBehind() && asked++ > 0 ? undefined : authenticate(asking))
    await tandem.commit(goal("large", { text: "x".repeat(60_000) }))
    const seen = await Promise.all(streams.map(({ events }) => events.nextOf("change")))
    const served = seen.filter((event) => event !== undefined)
    expect(served.length).toBeGreaterThan(0)
    expect(served.length).toBeLessThan(60)
  })

  test("with an event that says so where its reader takes nothing, which loses no change to who goes on", async () => {
    const tandem = await started({ stallMs: 20, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    const text = "x".repeat(10_000)
    for (let n = 0; n < 20; n++) await tandem.commit(goal(`g${n}`, { text }))
    while (inUse(tandem)) await new Promise((resolve) => setTimeout(resolve, 1))
    const seen: number[] = []
    let last = await events.next()
    for (; last?.event === "change"; last = await events.next()) seen.push(Number(last.id))
    expect([last?.event, last?.id]).toEqual(["overflow", undefined])
    expect(inside(JSON.parse(last?.data ?? ""), "version")).toBe(seen.at(-1))
    expect(await events.next()).toBeUndefined()
    expect(seen.length).toBeLessThan(20)
    const again = await stream(tandem, "/changes?since=2", { headers: { "last-event-id": events.lastId ?? "" } })
    seen.push(...(await versions(again.events, 20 - seen.length)))
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => n + 3))
  })

  test("where retention has overtaken its reader, who hears which version is the oldest when it asks again", async () => {
    const tandem = await started({ tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    const text = "x".repeat(10_000)
    for (let n = 0; n < 20; n++) await tandem.commit(goal(`g${n}`, { text }))
    // It has begun to be served, however busy the machine is.
    const seen = [(await events.next())?.event]
    await tandem.node.submit(internalTransaction(retentionTrim, { before: 22, collections: {} }))
    while (inUse(tandem)) await new Promise((resolve) => setTimeout(resolve, 1))
    for (let event = await events.next(); event !== undefined; event = await events.next()) seen.push(event.event)
    expect([new Set(seen), seen.length < 20]).toEqual([new Set(["change"]), true])
    const again = await tandem.get("/changes", { headers: { accept: "text/event-stream", "last-event-id": events.lastId ?? "" } })
    expect([again.status, inside(again.json, "oldestVersion")]).toEqual([410, 22])
  })

  test("without a half event that could be taken for a whole one, where a reader takes nothing of a large change", async () => {
    const tandem = await started({ stallMs: 20, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    await tandem.commit(goal("large", { text: "x".repeat(1_000_000) }))
    while (inUse(tandem)) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(await events.next()).toBeUndefined()
    expect(events.lastId).toBeUndefined()
  })
})

describe("while the node may not answer reads", () => {
  test("nothing is shown, and all of it afterwards", async () => {
    const tandem = await started({ heartbeatMs: 1, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    let asked = 0
    tandem.node.whyNotReadable = () => (asked++, refuse("unavailable", "Not in sync."))
    await tandem.commit(user("b"))
    await tandem.commit(user("c"))
    let shown = 0
    const first = events.nextOf("change").finally(() => shown++)
    const until = asked + 20
    while (asked < until) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(shown).toBe(0)
    tandem.node.whyNotReadable = () => undefined
    expect([(await first)?.id, ...(await versions(events, 1))]).toEqual(["3", 4])
  })

  test("streams wait for a while and then end", async () => {
    const tandem = await started({ pauseMs: 20, tickMs: 1 })
    const { events } = await stream(tandem, "/changes?since=2")
    tandem.node.notReadable = refuse("unavailable", "Not in sync.")
    expect(await events.next()).toBeUndefined()
    expectAnswer(await tandem.get("/changes", { headers: { accept: "text/event-stream" } }), 503)
    expect(inUse(tandem)).toBe(false)
  })
})

test("readers of one view share what was encoded for the first of them", async () => {
  const tandem = await started()
  const streams = await Promise.all(Array.from({ length: 50 }, (_, n) => stream(tandem, `/changes?since=2${n % 2 === 0 ? "&collections=users,goals" : "&collections=goals,users"}`)))
  const { committed, reader } = tandem.node
  tandem.node.committed = () => 2
  for (let n = 0; n < 10; n++) await tandem.commit(goal(`g${n}`))
  let read = 0
  const { record } = reader
  reader.record = (version) => (read++, record.call(reader, version))
  tandem.node.committed = committed
  tandem.node.advanced()
  for (const { events } of streams) expect(await versions(events, 10)).toEqual(Array.from({ length: 10 }, (_, n) => n + 3))
  expect(read).toBe(10)
})
