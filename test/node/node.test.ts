// A whole node: its role, what it lets be read and written in each state, what it says of itself, and how it stops.
import { describe, expect, test } from "bun:test"
import type { TandemNode } from "../../src/node/node.ts"
import { digestText, genesisDigest } from "../../src/protocol/digest.ts"
import { questionEnvelope } from "../../src/protocol/question.ts"
import { release } from "../../src/release.ts"
import { entityKey } from "../../src/store/keys.ts"
import { until } from "../cluster/real-pair.ts"
import { logOf } from "./driven-pair.ts"
import { checkpointEvery, NodePair, wallMs } from "./node-pair.ts"
import { submitted } from "./submitted.ts"

const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })

/** What clients may do: read, write, and whether an answer may be stale. */
function allows(node: TandemNode): string {
  const read = node.whyNotReadable()?.code ?? "reads"
  const write = node.whyNotWritable()?.code ?? "writes"
  return `${read}, ${write}${node.maybeStale() ? ", stale" : ""}`
}

async function lost(pair: NodePair): Promise<void> {
  pair.down = true
  pair.nowMs += 10_001
  await until("it has noticed", () => pair.a.status().stuck !== null)
}

describe("what a node allows", () => {
  test("before the first sync: nothing, on either node", async () => {
    await using pair = new NodePair()
    expect(allows(pair.a)).toBe("unavailable, unavailable, stale")
    expect(allows(pair.b)).toBe("unavailable, not-primary, stale")
  })

  test("before the first sync, where stale reads are asked for: reads that say so (P4)", async () => {
    await using pair = new NodePair({ staleReads: true })
    expect(allows(pair.a)).toBe("reads, unavailable, stale")
    expect(allows(pair.b)).toBe("reads, not-primary, stale")
  })

  test("in sync: reads on both, writes on the primary", async () => {
    await using pair = await new NodePair().start()
    expect(allows(pair.a)).toBe("reads, writes")
    expect(allows(pair.b)).toBe("reads, not-primary")
  })

  test("a replica names the primary with its refusal", async () => {
    await using pair = await new NodePair().start()
    expect(pair.b.whyNotWritable()).toMatchObject({ code: "not-primary", primary: "http://a.test" })
    expect([pair.a.primaryUrl(), pair.b.primaryUrl()]).toEqual(["http://a.test", "http://a.test"])
    expect(await pair.b.submit(submitted(user("u1")))).toMatchObject({ kind: "refused", refusal: { code: "not-primary", primary: "http://a.test" } })
  })

  test("below the disk's floor: reads, and a refusal of writes of its own", async () => {
    await using pair = await new NodePair().start()
    pair.freeBytes = 99
    pair.nowMs += 1
    expect(allows(pair.a)).toBe("reads, disk-full")
    expect(await pair.a.submit(submitted(user("u1")))).toMatchObject({ kind: "refused", refusal: { code: "disk-full" } })
  })

  test("in the moment in which the lease is over: no read, before anything has noticed (P4)", async () => {
    await using pair = await new NodePair().start()
    pair.down = true
    pair.nowMs += 10_001
    // No tick has run since: this is what a process sees that was suspended.
    expect(pair.a.whyNotReadable()).toMatchObject({ code: "unavailable", retryAfter: 1 })
  })

  test("stuck: it exits", async () => {
    await using pair = await new NodePair().start()
    await lost(pair)
    expect(pair.stuck[0]).toContain("the lease is over")
    expect(allows(pair.a)).toBe("unavailable, unavailable, stale")
  })

  test("stuck with serve-reads: reads that say that they may be stale, no writes, no exit, until it is in sync again (P4)", async () => {
    await using pair = await new NodePair({ whenStuck: "serve-reads" }).start()
    await lost(pair)
    expect([pair.stuck, allows(pair.a)]).toEqual([[], "reads, unavailable, stale"])
    expect(pair.a.status()).toMatchObject({ lease: null, stuck: expect.stringContaining("the lease is over"), peer: { reachable: false, inSync: false } })
    pair.down = false
    pair.nowMs += 1_001
    await until("it is in sync again", () => pair.a.status().peer.inSync)
    expect([allows(pair.a), pair.a.status().stuck]).toEqual(["reads, writes", null])
  })

  test("stuck with serve-reads while the lease still runs: reads that are not stale", async () => {
    await using pair = await new NodePair({ whenStuck: "serve-reads", leaseMs: 60_000 }).start()
    pair.down = true
    const outcome = pair.a.submit(submitted(user("u1"), "k1"))
    await until("it is in doubt", () => pair.a.status().inDoubt === 1)
    pair.nowMs += 5_001
    expect(await outcome).toEqual({ kind: "unknown", key: "k1" })
    expect(allows(pair.a)).toBe("reads, unavailable")
    expect(pair.a.committed()).toBe(0)
  })

  test("stuck before it was ever in sync, with serve-reads: no reads, since nobody knows what its disk holds (P6)", async () => {
    await using pair = new NodePair({ whenStuck: "serve-reads", syncTimeoutMs: 1_000 })
    pair.down = true
    pair.a.start()
    pair.nowMs += 1_001
    await until("it is stuck", () => pair.a.status().stuck !== null)
    expect(allows(pair.a)).toBe("unavailable, unavailable, stale")
  })
})

describe("what clients hear when a node gets stuck", () => {
  test("those of the batch: unknown; those that waited: not committed; and their retries do not hang (I10)", async () => {
    await using pair = await new NodePair({ whenStuck: "serve-reads" }).start()
    pair.bStore.hold()
    const inBatch = pair.a.submit(submitted(user("u1"), "k1"))
    await until("the batch is under way", () => pair.a.status().inDoubt === 1)
    const others = [submitted(user("u2"), "k2"), submitted(user("u2"), "k2"), submitted(user("u3"))].map((one) => pair.a.submit(one))
    const retry = pair.a.submit(submitted(user("u1"), "k1"))
    pair.nowMs += 5_001
    expect(await inBatch).toEqual({ kind: "unknown", key: "k1" })
    expect(await retry).toEqual({ kind: "unknown", key: "k1" })
    for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ kind: "refused", refusal: { code: "unavailable", retryAfter: 1 } })
    pair.bStore.release()
    pair.nowMs += 1_001
    await until("it is in sync again", () => pair.a.status().peer.inSync)
    expect(await pair.a.submit(submitted(user("u1"), "k1"))).toMatchObject({ kind: "committed", version: 1, replayed: true })
  })
})

describe("a node's status", () => {
  test("has the documented shape on the primary", async () => {
    await using pair = await new NodePair({}, logOf(2)).start()
    pair.nowMs += 250
    const { lease, peer, ...status } = pair.a.status()
    expect(status).toEqual({
      node: "a",
      role: "primary",
      clusterId: "cluster",
      epoch: { number: 1, id: "first" },
      mode: "paired",
      head: 2,
      committed: 2,
      digest: digestText(logOf(2)[1]?.digest ?? genesisDigest),
      inDoubt: 0,
      oldestVersion: 1,
      oldestVersions: {},
      release,
      promotion: null,
      decision: null,
      fetching: null,
      disk: { freeBytes: 1_000, floorBytes: 100, dataBytes: 4_096 },
      backup: null,
      shipping: null,
      scrub: { endedAt: null, entries: 0 },
      startedAt: "2026-03-01T12:00:00.000Z",
      stuck: null,
    })
    expect(peer).toEqual({ node: "b", reachable: true, head: 2, committed: 2, inSync: true, lastHeardAt: new Date(wallMs - 250).toISOString() })
    expect(lease).toEqual({ remainingMs: 9_750 })
  })

  test("has the documented shape on the replica", async () => {
    await using pair = await new NodePair().start()
    const status = pair.b.status()
    expect(Object.keys(status).sort()).toEqual(Object.keys(pair.a.status()).sort())
    expect(status).toMatchObject({ node: "b", role: "replica", clusterId: "cluster", head: 0, committed: 0, digest: "0".repeat(64), lease: null, stuck: null })
    expect(status.peer).toEqual({ node: "a", reachable: true, head: 0, committed: 0, inSync: true, lastHeardAt: "2026-03-01T12:00:00.000Z" })
    await pair.a.submit(submitted(user("u1")))
    expect(pair.b.status().peer).toMatchObject({ head: 1, committed: 1 })
    pair.nowMs += 10_001
    expect(pair.b.status().peer).toMatchObject({ reachable: false, lastHeardAt: "2026-03-01T11:59:49.999Z" })
  })

  test("before the first contact says that nothing is known of the peer, and has no lease", async () => {
    await using pair = new NodePair()
    for (const node of [pair.a, pair.b]) {
      expect(node.status()).toMatchObject({ lease: null, peer: { node: null, reachable: false, head: null, committed: null, inSync: false, lastHeardAt: null } })
    }
  })

  test("counts what is in doubt", async () => {
    await using pair = await new NodePair().start()
    pair.bStore.hold()
    void pair.a.submit(submitted(user("u1")))
    await until("it is in doubt", () => pair.a.status().inDoubt === 1)
    expect(pair.a.status()).toMatchObject({ head: 1, committed: 0 })
    pair.bStore.release()
    await until("it is not", () => pair.a.status().inDoubt === 0)
  })
})

describe("a node", () => {
  test("commits what is submitted, on both, and tells who waits for the version there", async () => {
    await using pair = await new NodePair().start()
    const waits = pair.b.waitForVersion(1, 60_000)
    expect(await pair.a.submit(submitted(user("u1")))).toMatchObject({ kind: "committed", version: 1, timeMs: wallMs })
    expect(await waits).toBe(true)
    expect(await pair.b.waitForVersion(1, 0)).toBe(true)
    expect(await pair.b.waitForVersion(2, 1)).toBe(false)
    expect([pair.a.committed(), pair.b.committed()]).toEqual([1, 1])
  })

  test("knows the root key, and no other token", async () => {
    await using pair = new NodePair()
    expect(pair.a.authenticate("tr_root")).toEqual({ name: "root", scopes: ["admin"] })
    for (const token of ["", "tr_roo", "tr_root ", "TR_ROOT"]) expect(pair.a.authenticate(token)).toBeUndefined()
  })

  test("has the role of its disk", async () => {
    await using pair = new NodePair({ role: "replica" })
    expect([pair.a.role(), pair.b.role()]).toEqual(["primary", "replica"])
    expect([pair.a.mode(), pair.a.epoch()]).toEqual(["paired", { number: 1, id: "first" }])
  })
})

describe("a row that the disk has changed back to what it was", () => {
  test("is found where both nodes compare their rows: both stop, and do not come together again (P6)", async () => {
    await using pair = await new NodePair().start()
    const { rows } = pair.bStore.engine.tables
    await pair.a.submit(submitted(user("u1")))
    const key = entityKey("users", "u1")
    const former = rows.get(key) ?? Buffer.alloc(0)
    await pair.a.submit(submitted({ op: "user.update", data: { id: "u1", name: "Ada" } }))
    pair.bStore.engine.transact(() => void rows.put(key, former))
    // With this one the digest of the state goes wrong.
    await pair.a.submit(submitted({ op: "user.update", data: { id: "u1", name: "Ada L." } }))
    for (let n = 4; n <= checkpointEvery; n++) await pair.a.submit(submitted(user(`u${n}`)))
    expect(pair.fatals).toEqual([])
    pair.nowMs += 1_000
    await until("both stop", () => pair.fatals.length === 2)
    const line = `damaged: both logs are equal up to version ${checkpointEvery}, and the rows are not: on one of the two disks they are not what was written`
    expect(pair.fatals).toEqual([line, line])
    pair.fatals.length = 0
    pair.restart("b")
    pair.restart("a")
    await until("both stop again", () => pair.fatals.length === 2)
    expect(pair.fatals).toEqual([line, line])
    expect([pair.a.whyNotReadable()?.code, pair.b.whyNotReadable()?.code]).toEqual(["unavailable", "unavailable"])
  })
})

describe("a node that stops", () => {
  test("refuses what is new, writes what it had accepted, and is then drained", async () => {
    await using pair = await new NodePair().start()
    pair.bStore.hold()
    const first = pair.a.submit(submitted(user("u1"), "k1"))
    await until("the batch is under way", () => pair.a.status().inDoubt === 1)
    const queued = [pair.a.submit(submitted(user("u2"))), pair.a.submit(submitted(user("u1"), "k1"))]
    let drained = false
    const draining = pair.a.drain(60_000).then(() => (drained = true))
    expect(await pair.a.submit(submitted(user("u3")))).toMatchObject({ kind: "refused", refusal: { code: "unavailable", retryAfter: 2 } })
    expect(pair.a.whyNotWritable()).toMatchObject({ code: "unavailable" })
    expect(drained).toBe(false)
    pair.bStore.release()
    expect(await first).toMatchObject({ kind: "committed", version: 1 })
    expect(await Promise.all(queued)).toMatchObject([
      { kind: "committed", version: 2 },
      { kind: "committed", version: 1, replayed: true },
    ])
    await draining
  })

  test("without a replica refuses what waits, rather than wait for one", async () => {
    await using pair = await new NodePair({ whenStuck: "serve-reads" }).start()
    pair.bStore.hold()
    const inBatch = pair.a.submit(submitted(user("u1")))
    await until("the batch is under way", () => pair.a.status().inDoubt === 1)
    const queued = pair.a.submit(submitted(user("u2")))
    const draining = pair.a.drain(60_000)
    pair.nowMs += 5_001
    expect(await inBatch).toMatchObject({ kind: "unknown" })
    expect(await queued).toMatchObject({ kind: "refused", refusal: { code: "unavailable" } })
    await draining
    pair.bStore.release()
  })

  test("gives up after its time", async () => {
    await using pair = await new NodePair().start()
    pair.bStore.hold()
    void pair.a.submit(submitted(user("u1")))
    await until("the batch is under way", () => pair.a.status().inDoubt === 1)
    const draining = pair.a.drain(1_000)
    pair.nowMs += 1_001
    await draining
    pair.bStore.release()
  })

  test("has nothing to drain as a replica, or before it is in sync", async () => {
    await using pair = new NodePair()
    await pair.b.drain(60_000)
    await pair.a.drain(60_000)
  })
})

describe("a question of the other node", () => {
  const asks = { ...questionEnvelope({ node: "c", cluster: "cluster", epoch: { number: 7, id: "another" }, session: "session-of-c" }, 1) }

  test("is answered by either node, before the first sync, too, and changes nothing (I6)", async () => {
    await using pair = new NodePair({}, logOf(3))
    const before = [pair.a.status(), pair.b.status()]
    for (const [node, role] of [[pair.a, "primary"], [pair.b, "replica"]] as const) {
      const { envelope, answer } = await node.receive({ envelope: asks, message: { kind: "position" } })
      expect(answer).toEqual({ kind: "position", role, mode: "paired", lacking: false, ...pair.aStore.position(), logStart: 1 })
      expect(envelope).toMatchObject({ node: node.nodeId, cluster: "cluster", epoch: { number: 1, id: "first" }, link: 0 })
      const digest = await node.receive({ envelope: asks, message: { kind: "digest", version: 2 } })
      expect(digest.answer).toEqual({ kind: "digest", version: 2, digest: logOf(3)[1]?.digest ?? null })
    }
    expect([pair.a.status(), pair.b.status()]).toEqual(before)
  })

  test("that quotes a session is of a link, and refused unless it is of the newest (I6)", async () => {
    await using pair = await new NodePair({}, logOf(3)).start()
    const within = { ...asks, node: "a", epoch: { number: 1, id: "first" }, peerSession: "session-of-b", link: 9 }
    const { answer } = await pair.b.receive({ envelope: within, message: { kind: "digest", version: 2 } })
    expect(answer).toMatchObject({ kind: "refused", code: "session" })
  })
})
