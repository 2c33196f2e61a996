// The primary's driver: every effect is carried out, in order, and every batch hears of its fate, never too early.
import { describe, expect, test } from "bun:test"
import { PeerUnauthentic } from "../../src/node/peer-client.ts"
import { type Envelope, protocolVersion } from "../../src/protocol/messages.ts"
import { refuse } from "../../src/refusal.ts"
import { until } from "../cluster/real-pair.ts"
import { DrivenPair, type DrivenPairOptions, FateSeen, logOf } from "./driven-pair.ts"

async function synced(options: DrivenPairOptions = {}): Promise<DrivenPair> {
  const pair = new DrivenPair(options).start()
  await inSync(pair)
  return pair
}

function inSync(pair: DrivenPair): Promise<void> {
  return until("they are in sync", () => pair.primary.inSync && pair.replica.state.synced)
}

/** Everything that needs no clock and no disk has happened. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
}

const [first, second, third] = logOf(3)
if (first === undefined || second === undefined || third === undefined) throw new Error("no records")

describe("the primary", () => {
  test("brings two empty disks in sync and says so, once", async () => {
    using pair = await synced()
    expect(pair.a.notices).toEqual(["in sync with node b at version 0"])
    expect(pair.b.notices).toEqual(["in sync with the primary, node a, at version 0"])
    expect(pair.primary.ready()).toBe(true)
  })

  test("prepares here and there at once, decides with both votes, and acknowledges after the replica's confirmation (I3)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.a.store.hold()
    pair.holding.add("commit")
    pair.primary.append([first], fate)
    expect(pair.asked.at(-1)).toBe("prepare")
    expect(pair.primary.ready()).toBe(false)
    await turns()
    // The replica has voted; the own disk is still at work.
    expect(pair.b.store.position().head).toBe(1)
    expect([fate.seen, pair.a.advanced]).toEqual([[], []])
    pair.a.store.release()
    await turns()
    expect([fate.seen, pair.a.advanced, pair.asked.at(-1)]).toEqual([["decided"], [1], "commit"])
    expect(pair.primary.ready()).toBe(true)
    pair.take("commit").deliver()
    await turns()
    expect(fate.seen).toEqual(["decided", "acknowledged"])
    expect(pair.b.advanced).toEqual([1])
  })

  test("does not decide before the replica has voted, although its own disk is done (I3)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.holding.add("prepare")
    pair.primary.append([first], fate)
    await turns()
    expect(pair.a.store.position()).toMatchObject({ head: 1, committed: 0 })
    expect(fate.seen).toEqual([])
    pair.take("prepare").deliver()
    await turns()
    expect(fate.seen).toEqual(["decided", "acknowledged"])
  })

  test("the next batch is prepared while the commit of the last one is under way, and confirms it", async () => {
    using pair = await synced()
    const fates = [new FateSeen(), new FateSeen()] as const
    pair.holding.add("commit")
    pair.primary.append([first], fates[0])
    await turns()
    pair.primary.append([second], fates[1])
    await turns()
    expect(fates.map(({ seen }) => seen)).toEqual([["decided", "acknowledged"], ["decided"]])
    expect(pair.b.advanced).toEqual([1])
  })

  test("takes its own half back where the replica has no room, and then says that nothing was written (I10)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.full = "the disk is full"
    pair.primary.append([first], fate)
    await turns()
    expect(fate.seen).toEqual(["rejected: disk-full"])
    expect(pair.a.store.done).toContain("undo")
    for (const { store } of [pair.a, pair.b]) expect(store.position()).toMatchObject({ head: 0, committed: 0 })
    expect(pair.primary.ready()).toBe(true)
  })

  test("has the replica take its half back where the own disk refuses, and waits for its answer (I10)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.a.store.refusal = refuse("unique", "taken")
    pair.holding.add("rollback")
    pair.primary.append([first], fate)
    await turns()
    expect([fate.seen, pair.b.store.position().head]).toEqual([[], 1])
    pair.take("rollback").deliver()
    await turns()
    expect(fate.seen).toEqual(["rejected: unavailable"])
    expect(pair.b.store.position()).toMatchObject({ head: 0, committed: 0 })
  })

  test("a batch without a vote in time is unknown, and the primary stuck", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.holding.add("prepare")
    pair.primary.append([first], fate)
    await turns()
    pair.nowMs += 5_001
    await until("it is stuck", () => pair.stuck.length > 0)
    expect(fate.seen).toEqual(["unknown"])
    expect(pair.stuck).toEqual(["no vote on version 1 within 5000 ms"])
    expect([pair.primary.inSync, pair.primary.ready()]).toEqual([false, false])
  })

  test("a batch whose commit is not confirmed in time is unknown, although it is decided (I3)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.holding.add("commit")
    pair.primary.append([first], fate)
    await turns()
    pair.nowMs += 5_001
    await until("it is stuck", () => pair.stuck.length > 0)
    expect(fate.seen).toEqual(["decided", "unknown"])
  })

  test("stuck and staying up it tries again, and completes what was in doubt (I1)", async () => {
    using pair = await synced()
    const fate = new FateSeen()
    pair.holding.add("prepare")
    pair.primary.append([first], fate)
    await turns()
    pair.nowMs += 5_001
    await until("it is stuck", () => pair.primary.stuckReason !== null)
    pair.holding.clear()
    pair.nowMs += 1_001
    await inSync(pair)
    expect(pair.primary.stuckReason).toBeNull()
    for (const { store } of [pair.a, pair.b]) expect(store.position()).toMatchObject({ head: 1, committed: 1 })
    // The prepare that was held comes at last, and changes nothing (I6).
    pair.take("prepare").deliver()
    await turns()
    expect(pair.b.store.position()).toMatchObject({ head: 1, committed: 1 })
    expect(fate.seen).toEqual(["unknown"])
  })

  test("has a lease from the first sync on, which answers prolong from when they were asked for", async () => {
    using pair = new DrivenPair()
    expect(pair.primary.leaseRemainingMs()).toBe(0)
    pair.start()
    await inSync(pair)
    expect(pair.primary.leaseRemainingMs()).toBe(10_000)
    pair.holding.add("heartbeat")
    pair.nowMs += 1_000
    await until("a heartbeat is under way", () => pair.held.length > 0)
    pair.nowMs += 3_000
    expect(pair.primary.leaseRemainingMs()).toBe(6_000)
    pair.take("heartbeat").deliver()
    await turns()
    expect(pair.primary.leaseRemainingMs()).toBe(7_000)
  })

  test("is stuck when the lease is over", async () => {
    using pair = await synced()
    pair.down = new Error("no route")
    pair.nowMs += 10_001
    await until("it is stuck", () => pair.stuck.length > 0)
    expect(pair.stuck).toEqual(["nothing was heard from the replica for 10000 ms: the lease is over"])
    expect(pair.primary.leaseRemainingMs()).toBeLessThanOrEqual(0)
  })

  test("takes no batch any more when the lease is over, before it has noticed: its outcome could not be known (I10)", async () => {
    using pair = await synced()
    pair.nowMs += 9_999
    expect(pair.primary.ready()).toBe(true)
    pair.nowMs += 1
    expect(pair.primary.ready()).toBe(false)
  })

  test("is stuck when it cannot sync in time", async () => {
    using pair = new DrivenPair()
    pair.down = new Error("no route")
    pair.start()
    pair.nowMs += 30_001
    await until("it is stuck", () => pair.stuck.length > 0)
    expect(pair.stuck).toEqual(["not in sync with the replica within 30000 ms"])
  })

  test("says why the replica does not answer once for each reason, and again after it has answered", async () => {
    using pair = new DrivenPair()
    pair.down = new PeerUnauthentic("wrong secret")
    pair.start()
    await until("it has asked often", () => pair.asked.length > 5)
    expect(pair.a.notices).toEqual(["the replica does not answer: wrong secret"])
    pair.down = undefined
    await inSync(pair)
    pair.down = new PeerUnauthentic("wrong secret")
    pair.nowMs += 1_000
    await until("a heartbeat is lost", () => pair.a.notices.length > 2)
    expect(pair.a.notices).toEqual(["the replica does not answer: wrong secret", "in sync with node b at version 0", "the replica does not answer: wrong secret"])
  })

  test("says that nobody listens in words of its own, not in the runtime's", async () => {
    using pair = new DrivenPair()
    pair.down = Object.assign(new Error("Unable to connect. Is the computer able to access the url?"), { code: "ECONNREFUSED" })
    pair.start()
    await until("it has asked", () => pair.a.notices.length > 0)
    expect(pair.a.notices).toEqual(["the replica does not answer: nothing listens there"])
  })

  test("syncs again with a replica that has started anew, and takes no batch meanwhile", async () => {
    using pair = await synced()
    pair.holding.add("hello")
    pair.restartReplica()
    pair.nowMs += 1_000
    await until("it asks who is there", () => pair.held.length > 0)
    expect([pair.primary.inSync, pair.primary.ready(), pair.stuck]).toEqual([false, false, []])
    expect(pair.a.notices.at(-1)).toBe("the replica has started anew; syncing")
    pair.holding.clear()
    pair.take("hello").deliver()
    await inSync(pair)
  })

  test("sends what the replica lacks", async () => {
    using pair = await synced({ primaryLog: logOf(3), replicaLog: logOf(1) })
    expect(pair.b.store.position()).toMatchObject({ head: 3, committed: 3 })
    expect(pair.b.store.record(3)?.bytes).toEqual(third.bytes)
  })

  test("adopts what it lacks itself", async () => {
    using pair = await synced({ primaryLog: logOf(1), replicaLog: logOf(3) })
    expect(pair.a.store.position()).toMatchObject({ head: 3, committed: 3 })
    expect(pair.a.notices[0]).toContain("adopting what it holds")
  })

  test("stops where the logs have diverged, and names where", async () => {
    using pair = new DrivenPair({ primaryLog: logOf(5, 2), replicaLog: logOf(4) }).start()
    await until("it has stopped", () => pair.a.stops.length > 0)
    expect(pair.a.stops[0]).toStartWith("diverged: the logs have diverged: the last common version is 2; version 3 has digest ")
    expect(pair.a.store.position().head).toBe(5)
  })

  test("stops before a replica of another cluster (I6)", async () => {
    using pair = new DrivenPair({ primaryLog: logOf(1), replicaCluster: "another" }).start()
    await until("it has stopped", () => pair.a.stops.length > 0)
    expect(pair.a.stops[0]).toStartWith("foreign: ")
  })

  test.each(["prepare", "undo", "flush"] as const)("a disk that fails in %s ends the process, and nothing is answered", async (what) => {
    using pair = await synced()
    const fate = new FateSeen()
    const failure = new Error("EIO")
    if (what === "undo") {
      pair.full = "full"
      pair.holding.add("prepare")
    }
    if (what !== "flush") pair.primary.append([first], fate)
    if (what === "undo") await turns()
    pair.a.store.failure = failure
    if (what === "undo") pair.take("prepare").deliver()
    if (what === "flush") pair.nowMs += 500
    await until("it ends", () => pair.a.fatals.length > 0)
    expect(pair.a.fatals[0]).toBe(failure)
    expect(fate.seen).toEqual([])
  })

  test("a broken invariant ends the process (I4)", async () => {
    using pair = await synced()
    pair.primary.append([second], new FateSeen())
    expect(String(pair.a.fatals[0])).toContain("invariant I4 is broken")
  })

  test("makes the committed number durable once it is quiet, not while its disk is at work", async () => {
    using pair = await synced()
    pair.primary.append([first], new FateSeen())
    await turns()
    expect(pair.a.store.done.at(-1)).toBe("prepare")
    pair.nowMs += 201
    await until("it is written", () => pair.a.store.done.at(-1) === "flush")
  })

  test("does nothing more once it was stopped", async () => {
    using pair = await synced()
    pair.primary.stop()
    const asked = pair.asked.length
    pair.nowMs += 60_000
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect([pair.asked.length, pair.stuck]).toEqual([asked, []])
  })

  test("answers a peer that takes it for a replica with what it is", () => {
    using pair = new DrivenPair()
    const caller: Envelope = { protocol: protocolVersion, cluster: "cluster", node: "c", epoch: { number: 1, id: "first" }, session: "session-of-c", peerSession: null, link: 0, sentAtMs: 77 }
    const codeFor = (change: Partial<Envelope>) => {
      const { envelope, answer } = pair.primary.receive({ envelope: { ...caller, ...change }, message: { kind: "heartbeat" } })
      expect(envelope).toMatchObject({ sentAtMs: 77, session: "session-of-a", node: "a" })
      return answer.kind === "refused" ? answer.code : answer.kind
    }
    expect(codeFor({})).toBe("not-replica")
    expect(codeFor({ session: "session-of-a" })).toBe("itself")
    expect(codeFor({ cluster: "another" })).toBe("foreign-cluster")
    expect(codeFor({ epoch: { number: 0, id: "old" } })).toBe("fenced")
    expect(codeFor({ epoch: { number: 1, id: "other" } })).toBe("epoch-forked")
  })
})
