// The change feed over connections that end, hang, overflow or hold back what they carry: every version once and in order.
import { describe, expect, test } from "bun:test"
import type { ChangedVersion, ChangesOptions, Cut } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { problem, refusalOf, type Scripted, ScriptedServer } from "./scripted-server.ts"

const opening = "retry: 1000\n\n"
const item = (version: number) => ({ version, time: "2026-01-01T00:00:00.000Z", principal: "root", note: null, changes: [] })
const change = (version: number) => `id: ${version}\nevent: change\ndata: ${JSON.stringify(item(version))}\n\n`
const heartbeat = (version: number) => `event: heartbeat\ndata: {"version":${version}}\n\n`
const overflow = (version: number) => `event: overflow\ndata: {"version":${version},"detail":"too slow"}\n\n`
const stream = (...chunks: readonly string[]): Scripted => ({ status: 200, body: "", headers: { "content-type": "text/event-stream" }, chunks })
/** It stays open when its chunks are over, and says nothing more. */
const hanging = (...chunks: readonly string[]): Scripted => ({ status: 200, body: "", headers: { "content-type": "text/event-stream" }, chunks, hangs: true })
const polled = (versions: readonly number[], next: number): Scripted => ({ status: 200, body: { items: versions.map(item), version: next, next } })
const gone = problem(410, "trimmed", { oldestVersion: 90 })

/** What came until so many versions are there, or it ended. */
async function seen(server: ScriptedServer, count: number, options: Partial<ChangesOptions> = {}): Promise<readonly number[]> {
  const versions: number[] = []
  for await (const { version } of server.service.changes({ since: 0, ...options })) if (versions.push(version) === count) break
  return versions
}

const paths = (server: ScriptedServer) => server.urls.map((url) => url.replace("http://", ""))

describe("the changes of a stream", () => {
  test("come as they are, after the version that was seen", async () => {
    const server = new ScriptedServer([stream(opening, change(8), change(9) + heartbeat(9))])
    const found: ChangedVersion[] = []
    for await (const changed of server.service.changes({ since: 7, collections: ["goals", "users"] })) {
      found.push(changed)
      if (changed.version === 9) break
    }
    expect(found).toEqual([item(8), item(9)])
    expect(paths(server)).toEqual(["a.test/changes?since=7&collections=goals%2Cusers"])
    expect(server.asked[0]?.headers.get("accept")).toBe("text/event-stream")
    expect(server.service.version).toBe(9)
  })

  test("go on behind the last one where the connection ended, on the other node if there is no news", async () => {
    const script = [stream(opening, change(1), change(2).slice(0, 30)), "cut", stream(opening, change(2)), stream(opening), stream(opening, change(3))] as const
    const server = new ScriptedServer(script, { replicaUrl: "http://b.test" })
    const cuts: Cut[] = []
    expect(await seen(server, 3, { onCut: (cut) => cuts.push(cut) })).toEqual([1, 2, 3])
    expect(paths(server)).toEqual(["b.test/changes?since=0", "b.test/changes?since=1", "a.test/changes?since=1", "b.test/changes?since=2", "a.test/changes?since=2"])
    expect(cuts).toEqual([{ reason: "ended", version: 1 }, { reason: "ended", version: 2 }, { reason: "ended", version: 2 }])
  })

  test("that come again are not told again", async () => {
    const server = new ScriptedServer([stream(opening, change(1), change(2)), stream(opening, change(1), change(2), change(2), change(3))])
    expect(await seen(server, 3)).toEqual([1, 2, 3])
  })

  test("go on behind what a heartbeat said was looked at", async () => {
    const server = new ScriptedServer([stream(opening, heartbeat(70)), stream(opening, change(71))])
    expect(await seen(server, 1)).toEqual([71])
    expect(paths(server).at(-1)).toBe("a.test/changes?since=70")
  })

  test("that were not taken in time are told of, and gone on with", async () => {
    const server = new ScriptedServer([stream(opening, change(1), overflow(5)), stream(opening, change(2))])
    const cuts: Cut[] = []
    expect(await seen(server, 2, { onCut: (cut) => cuts.push(cut) })).toEqual([1, 2])
    expect(cuts).toEqual([{ reason: "overflow", version: 1 }])
  })

  test("go on where a connection says nothing any more, and that takes time only while somebody waits", async () => {
    const server = new ScriptedServer([hanging(opening, change(1)), stream(opening, change(2))])
    const feed = server.service.changes({ since: 0 })
    await feed.next()
    server.nowMs += 1_000_000
    const askedMs = server.nowMs
    expect((await feed.next()).value).toMatchObject({ version: 2 })
    expect(server.nowMs - askedMs).toBe(45_000)
    await feed.return()
  })

  test("are not taken from what no node sends", async () => {
    const server = new ScriptedServer([stream(opening, "event: change\ndata: {\n\nevent: other\ndata: 1\n\nevent: change\ndata: {}\n\nevent: change\ndata: null\n\n", change(1))])
    expect(await seen(server, 1)).toEqual([1])
  })

  test("waits longer each time there is no news, up to a bound, and not at all after some", async () => {
    const server = new ScriptedServer([...Array.from({ length: 9 }, () => stream(opening)), stream(opening, change(1)), stream(opening, change(2))])
    await seen(server, 2)
    const pauses = server.times.map((atMs, n) => atMs - (server.times[n - 1] ?? 0))
    expect(pauses).toEqual([0, 50, 100, 200, 400, 800, 1_500, 1_500, 1_500, 1_500, 0])
  })
})

describe("where no stream comes through", () => {
  const silent = [hanging(), hanging()]

  test("pages are waited for instead", async () => {
    const server = new ScriptedServer([...silent, polled([1, 2], 2), polled([], 2), polled([5], 6), polled([7], 7)])
    expect(await seen(server, 4)).toEqual([1, 2, 5, 7])
    expect(paths(server).slice(2)).toEqual([0, 2, 2, 6].map((since) => `a.test/changes?since=${since}&wait=25s`))
    expect(server.asked.at(-1)?.headers.get("accept")).toBeNull()
  })

  test("since a body is no stream at all, too", async () => {
    const server = new ScriptedServer([{ status: 200, body: "", headers: { "content-type": "text/event-stream" } }, { status: 200, body: "{}", headers: {} }, polled([1], 1)])
    expect(await seen(server, 1)).toEqual([1])
    expect(server.asked).toHaveLength(3)
  })

  test("a page may take longer than another answer", async () => {
    const server = new ScriptedServer([...silent, "silent", polled([1], 1)])
    await seen(server, 1)
    expect((server.times[3] ?? 0) - (server.times[2] ?? 0)).toBe(40_050)
  })

  test("not because one connection ended before its first word", async () => {
    const server = new ScriptedServer([stream(), stream(opening), stream(), stream(opening, change(1))])
    expect(await seen(server, 1)).toEqual([1])
    expect(paths(server)).toEqual(Array.from({ length: 4 }, () => "a.test/changes?since=0"))
  })
})

describe("the end", () => {
  test("is an error where a node refuses, with what the node said: that the past is trimmed, say", async () => {
    const server = new ScriptedServer([stream(opening, change(1)), gone])
    const feed = server.service.changes({ since: 0 })
    await feed.next()
    expect(await refusalOf(feed.next(), TandemError)).toMatchObject({ code: "trimmed", status: 410, oldestVersion: 90 })
    expect(await feed.next()).toEqual({ done: true, value: undefined })
  })

  test("comes with the signal, whatever it waits for, and is no error", async () => {
    for (const script of [[hanging(opening)], ["silent"], ["cut"], [problem(503, "unavailable", { retryAfter: 9 })]] as const) {
      const controller = new AbortController()
      const server = new ScriptedServer(script)
      server.onAsked = () => void setImmediate(() => controller.abort())
      expect(await seen(server, 1, { signal: controller.signal })).toEqual([])
    }
    expect(await seen(new ScriptedServer([stream(opening, change(1))]), 1, { signal: AbortSignal.abort() })).toEqual([])
  })

  test("closes the connection, whichever way it comes", async () => {
    const server = new ScriptedServer([hanging(opening, change(1))])
    await seen(server, 1)
    expect(server.openStreams).toBe(0)
  })

  test("is an error where no node answers for as long as was said", async () => {
    const server = new ScriptedServer(["cut"])
    expect(await refusalOf(seen(server, 1, { timeoutMs: 60_000 }), TandemError)).toMatchObject({ code: "unreachable" })
    expect(server.nowMs).toBeGreaterThan(50_000)
  })
})

test("the changes of one collection are those of its documents", async () => {
  const document = { collection: "goals", id: "g1", value: { title: "Read" } }
  const data = JSON.stringify({ ...item(4), changes: [{ collection: "goals", id: "g1", change: "updated", value: document }] })
  const server = new ScriptedServer([stream(opening, `event: change\ndata: ${data}\n\n`)])
  for await (const { changes } of server.service.collection<{ title: string }>("goals").changes({ since: 3 })) {
    expect(changes[0]?.value?.value.title).toBe("Read")
    break
  }
  expect(paths(server)).toEqual(["a.test/changes?since=3&collections=goals"])
})
