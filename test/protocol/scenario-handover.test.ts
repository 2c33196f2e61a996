// Scenarios of a primary that hands over to its replica: nothing is lost, and at no time are there two.
import { describe, expect, test } from "bun:test"
import { acceptsBatch, type CoordinatorEvent } from "../../src/protocol/coordinator-state.ts"
import { handedOver, whyNoHandover, whyNoSolo } from "../../src/protocol/decisions.ts"
import type { Answer, Envelope, Request } from "../../src/protocol/messages.ts"
import type { Decision } from "../../src/protocol/reign.ts"
import { startParticipant } from "../../src/protocol/participant-state.ts"
import { whyNoPromotion } from "../../src/protocol/promotion.ts"
import { afterRival, answerRival } from "../../src/protocol/rival.ts"
import { chain } from "./chain.ts"
import { Pair, timing } from "./pair.ts"

const second = { number: 2, id: "second" }
const decision: Decision = { what: "handover", by: "root", reason: "a new machine", forced: false }

function handOver(pair: Pair): void {
  pair.coordinate({ event: "hand-over", epoch: second, decision })
  // It is durable that another node may lead, and only then asked.
  pair.disk("a")
}

describe("a hand-over", () => {
  test("makes the replica the primary, durably, then the primary its replica", () => {
    const pair = Pair.inSync()
    handOver(pair)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a   not in sync
      a   may lack writes
      a→b handover at 3, epoch 2
      b   becomes the primary, epoch 2, mode alone, handover by root
      a←b took over, epoch 2
      b   has changed its role
      a   becomes the replica, epoch 2, mode paired, may lack writes
      a   has changed its role"
    `)
    expect(pair.disks).toMatchObject({ a: { role: "replica", epoch: second }, b: { role: "primary", mode: "alone", epoch: second, decision } })
  })

  test("leaves a node that is not promoted again before it has heard that it has everything: the new primary, alone, reads without a lease (P4)", () => {
    const pair = Pair.inSync()
    handOver(pair)
    pair.run()
    const { committed, cluster, epoch, lacking, leaseMs } = pair.disks.a
    const replica = startParticipant({ node: "a", cluster, epoch, session: "a9", joining: false, lacking, leaseMs, logStart: 1, head: pair.a.head, headDigest: pair.a.headDigest, committed })
    expect(whyNoPromotion(replica, 0, false)).toBe("it may lack writes that its primary has acknowledged")
  })

  test("from the question on nothing is written here, and no lease is left to read by (P4, P5)", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    expect(acceptsBatch(pair.a)).toBe(false)
    expect(pair.a.heardAtMs + timing.leaseMs).toBeLessThanOrEqual(pair.nowMs)
  })

  test("an answer to what was asked before it gives no lease back, also where it turns out that nothing is known of its outcome (P4)", () => {
    const pair = Pair.inSync()
    pair.tick(timing.heartbeatMs)
    pair.hold("handover")
    handOver(pair)
    // The heartbeat's.
    pair.run()
    expect(pair.a.heardAtMs + timing.leaseMs).toBeLessThanOrEqual(pair.nowMs)
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.a.phase.name).toBe("stuck")
    expect(pair.a.heardAtMs + timing.leaseMs).toBeLessThanOrEqual(pair.nowMs)
  })

  test("that the disk takes long over leaves nobody stuck, however long ago both came in sync", () => {
    const pair = Pair.inSync()
    pair.pass(timing.syncTimeoutMs + 200)
    handOver(pair)
    pair.hold("a disk")
    pair.run()
    pair.tick()
    expect(pair.a.phase.name).toBe("retiring")
    pair.release("a disk")
    pair.run()
    expect(pair.disks.a).toMatchObject({ role: "replica", epoch: second })
    expect(pair.a.phase.name).toBe("stopped")
  })

  test("whose question or answer is lost is asked for again: the answer is the same", () => {
    const pair = Pair.inSync()
    pair.hold("handover", "took-over")
    handOver(pair)
    pair.lose("handover")
    pair.tick()
    pair.release("handover")
    pair.run()
    pair.lose("took-over")
    pair.tick()
    pair.release("took-over")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a   not in sync
      a   may lack writes
      a→b handover at 3, epoch 2
          -- handover is lost
      a→b handover at 3, epoch 2
      b   becomes the primary, epoch 2, mode alone, handover by root
      a←b took over, epoch 2
      b   has changed its role
          -- took-over is lost
      a→b handover at 3, epoch 2
      a←b took over, epoch 2
      a   becomes the replica, epoch 2, mode paired, may lack writes
      a   has changed its role"
    `)
  })

  test("is asked for once it is durable that the other node may lead: the process that follows does not go on alone unless it is forced to (P4)", () => {
    const pair = Pair.inSync()
    pair.coordinate({ event: "hand-over", epoch: second, decision })
    expect([pair.underWay(), pair.disks.a.lacking]).toEqual([[], false])
    pair.hold("handover")
    pair.disk("a")
    expect([pair.underWay(), pair.disks.a.lacking]).toEqual([["handover"], true])
    pair.restart("a")
    pair.hold("hello")
    pair.pass(timing.syncTimeoutMs)
    expect(whyNoSolo(pair.a, false)).toBe(handedOver)
    expect(whyNoSolo(pair.a, true)).toBeUndefined()
  })

  test("that did not come to pass is over once both are in sync again", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    pair.restart("a")
    pair.tick()
    pair.run()
    expect(pair.a).toMatchObject({ phase: { name: "steady" }, lacking: false })
    expect(pair.disks.a).toMatchObject({ role: "primary", mode: "paired", lacking: false })
  })

  test("whose disk has not answered in time gets stuck, and asks nothing when it does", () => {
    const pair = Pair.inSync()
    pair.coordinate({ event: "hand-over", epoch: second, decision })
    pair.hold("a disk")
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.a.phase.name).toBe("stuck")
    pair.release("a disk")
    pair.run()
    expect([pair.a.phase.name, pair.a.lacking, pair.disks.b.role]).toEqual(["stuck", true, "replica"])
  })

  test("whose outcome cannot be learnt leaves the primary stuck: it does not know whether it is one", () => {
    const pair = Pair.inSync()
    pair.hold("took-over")
    handOver(pair)
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.a.phase).toEqual({ name: "stuck", reason: "the replica did not say within 5000 ms whether it has taken over" })
    expect(pair.disks.a).toMatchObject({ role: "primary", epoch: { number: 1 } })
  })

  test("that came to pass is finished, whatever comes late and however long the pair had been in sync", () => {
    const pair = Pair.inSync()
    pair.pass(timing.syncTimeoutMs + 1_000)
    pair.hold("a disk")
    handOver(pair)
    pair.run()
    expect(pair.a.phase.name).toBe("retiring")
    const envelope = { ...pair.envelope(), session: "an earlier one of b", peerSession: pair.a.session }
    for (const code of ["not-replica", "busy", "session"] as const) pair.coordinate({ event: "answer", envelope, answer: { kind: "refused", of: "hello", code, detail: "late" } })
    pair.tick()
    expect(pair.a.phase.name).toBe("retiring")
    pair.release("a disk")
    pair.run()
    expect(pair.disks).toMatchObject({ a: { role: "replica", epoch: second }, b: { role: "primary" } })
  })

  test("under way is not given up for an answer to a hello of before", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    const envelope = { ...pair.envelope(), session: "an earlier one of b", peerSession: pair.a.session }
    pair.coordinate({ event: "answer", envelope, answer: { kind: "refused", of: "hello", code: "foreign-cluster", detail: "late" } })
    expect(pair.a.phase.name).toBe("handing-over")
  })

  test("to a replica that has started anew does not come to pass: this node goes on as the primary", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    pair.restart("b")
    pair.release("handover")
    pair.run()
    expect(pair.read()).toContain("a   hands nothing over: this node has started anew since; say hello again")
    expect(pair.a).toMatchObject({ phase: { name: "steady" }, epoch: { number: 1 } })
    expect(acceptsBatch(pair.a)).toBe(true)
  })

  test("to a replica whose log ends elsewhere is refused; a late copy of the question finds another link (I6)", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    const late = pair.copy("handover")
    expect(pair.ask({ kind: "handover", version: 2, digest: pair.a.headDigest, epoch: second, decision })).toMatchObject({ kind: "refused", code: "gap" })
    expect(pair.ask({ kind: "handover", version: 3, digest: chain(["x"])[0]?.digest ?? pair.a.headDigest, epoch: second, decision })).toMatchObject({ kind: "refused", code: "gap" })
    expect(pair.ask({ kind: "handover", version: 3, digest: pair.a.headDigest, epoch: { number: 3, id: "third" }, decision })).toMatchObject({ kind: "refused", code: "fenced" })
    pair.lose("handover")
    pair.restart("a")
    pair.tick()
    pair.run()
    expect(pair.a.phase.name).toBe("steady")
    pair.read()
    pair.late(late)
    pair.run()
    expect(pair.read()).toContain("handover refused, session")
    expect(pair.disks.b.role).toBe("replica")
  })

  test("to a replica that is not in sync, or may lack writes, is refused", () => {
    const pair = Pair.inSync()
    const question = { kind: "handover", version: 3, digest: pair.a.headDigest, epoch: second, decision } as const
    for (const change of [{ inSync: false }, { lacking: true }]) {
      const { b } = pair
      pair.b = { ...b, ...change }
      expect(pair.ask(question)).toMatchObject({ kind: "refused", code: "gap", detail: "this replica is not in sync" })
      pair.b = b
    }
  })

  test("that the replica refuses leaves the primary what it was, and in sync again", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    const envelope = { ...pair.envelope(), session: pair.b.session, peerSession: pair.a.session }
    pair.read()
    pair.coordinate({ event: "answer", envelope, answer: { kind: "refused", of: "handover", code: "gap", detail: "this replica is not in sync" } })
    expect(pair.read()).toContain("a   hands nothing over: this replica is not in sync")
    pair.take("handover")
    pair.run()
    expect(pair.a).toMatchObject({ phase: { name: "steady" }, epoch: { number: 1 } })
  })

  test("is not what the answer to an earlier one tells of", () => {
    const pair = Pair.inSync()
    pair.hold("handover")
    handOver(pair)
    const before = pair.a
    const envelope = { ...pair.envelope(), session: pair.b.session, peerSession: pair.a.session }
    pair.coordinate({ event: "answer", envelope, answer: { kind: "took-over", epoch: { number: 2, id: "another second" } } })
    expect(pair.a).toEqual(before)
  })

  test("needs a primary in sync with nothing under way", () => {
    const { a } = Pair.inSync()
    expect(whyNoHandover(a)).toBeUndefined()
    expect(whyNoHandover({ ...a, diskBusy: true })).toBe("it is at work; try again")
    expect(whyNoHandover({ ...a, phase: { name: "stuck", reason: "" } })).toBe("it is not in sync with its replica")
    const busy = Pair.inSync()
    busy.propose("x")
    expect(() => handOver(busy)).toThrow("out of place")
  })
})

describe("two that lead", () => {
  const { a } = Pair.inSync()
  const ask = (change: object): Answer => answerRival(a, { ...Pair.inSync().envelope(), session: "other", node: "b", ...change }, { kind: "heartbeat" })

  test.each([
    ["itself", { session: a.session }, "itself"],
    ["another cluster", { cluster: "d" }, "foreign-cluster"],
    ["a lower epoch", { epoch: { number: 0, id: "" } }, "fenced"],
    ["a higher epoch", { epoch: second }, "deposed"],
    ["the same number with another id", { epoch: { number: 1, id: "other" } }, "epoch-forked"],
    ["the same epoch", {}, "not-replica"],
  ])("%s is told so (I6)", (_, change, code) => {
    expect(ask(change)).toMatchObject({ kind: "refused", code })
  })

  test("a primary that a higher epoch greets stops; one that is handing over awaits its own answer (P5)", () => {
    const pair = Pair.inSync()
    pair.coordinate({ event: "deposed", epoch: second })
    expect(pair.read()).toMatchInlineSnapshot(`"a   stops, fenced: another node is the primary of epoch 2, this one of epoch 1"`)
    const handing = Pair.inSync()
    handing.hold("handover")
    handOver(handing)
    handing.read()
    handing.coordinate({ event: "deposed", epoch: second })
    expect(handing.read()).toBe("")
  })

  test("the one of the higher epoch goes on asking until the other has become its replica", () => {
    const pair = new Pair({ a: { log: [], epoch: second }, b: { log: [] } })
    pair.tick()
    const envelope = (): Envelope => ({ ...pair.envelope(), node: "b", session: "b1", peerSession: pair.a.session })
    for (let n = 0; n < 3; n++) {
      pair.coordinate({ event: "answer", envelope: envelope(), answer: { kind: "refused", of: "hello", code: "deposed", detail: "" } })
      expect(pair.a).toMatchObject({ phase: { name: "opening", ask: "under-way" }, peerSession: "b1" })
      pair.coordinate({ event: "answer", envelope: envelope(), answer: { kind: "refused", of: "hello", code: "deposed", detail: "" } })
      pair.tick()
      expect(pair.a.phase).toEqual({ name: "greeting", ask: "under-way" })
    }
  })

  test("of a message that does not quote this process nothing follows: it may come late (I6)", () => {
    const greeted = { ...Pair.inSync().envelope(), session: "other", node: "b" }
    const after = (envelope: Envelope, request: Request): CoordinatorEvent | undefined => afterRival(a, envelope, request, answerRival(a, envelope, request))
    const hello: Request = { kind: "hello", open: true, head: 9, headDigest: a.headDigest, committed: 9, logStart: 1, publicUrl: "" }
    const higher = { ...greeted, epoch: second }
    expect(after({ ...higher, peerSession: null }, hello)).toBeUndefined()
    expect(after({ ...higher, peerSession: a.session }, hello)).toEqual({ event: "deposed", epoch: second })
    const forked = { ...greeted, epoch: { number: 1, id: "other" } }
    const diverged: Request = { kind: "diverged", version: 2, digest: a.headDigest, peerDigest: a.headDigest, common: 1 }
    expect(after({ ...forked, peerSession: "an earlier one" }, diverged)).toBeUndefined()
    expect(answerRival(a, { ...forked, peerSession: "an earlier one" }, diverged)).toMatchObject({ kind: "refused", code: "epoch-forked" })
    expect(after({ ...forked, peerSession: a.session }, diverged)).toMatchObject({ event: "told-apart" })
  })
})
