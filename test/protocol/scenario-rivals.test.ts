// Scenarios of two nodes that were both promoted: from the first contact on neither writes, and both say up to where they are the same.
import { describe, expect, test } from "bun:test"
import type { CoordinatorState, Phase } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { whyNoSolo } from "../../src/protocol/decisions.ts"
import { toldApart } from "../../src/protocol/divergence.ts"
import { type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { afterRival, answerRival } from "../../src/protocol/rival.ts"
import { chain, log } from "./chain.ts"
import { timing } from "./pair.ts"
import { Rivals } from "./rivals.ts"

const common = log(3)

describe("two that were both promoted", () => {
  test("find the last version that both have, and both stop and say it (I1)", () => {
    const rivals = new Rivals({ a: [...common, ...chain(["x", "y"], common)], b: [...common, ...chain(["z"], common)] })
    rivals.tick()
    expect(rivals.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a→b digest of 4
      a   reads digest of 4
      a→b digest of 2
      a   reads digest of 2
      a→b digest of 3
      a   reads digest of 3
      a→b diverged at 4
      a   stops, diverged: both nodes were promoted to epoch 2: the logs have diverged: the last common version is 3; version 4 has digest 6ad548… here and 909d91… on the peer
      b   stops, diverged: both nodes were promoted to epoch 2: the logs have diverged: the last common version is 3; version 4 has digest 909d91… here and 6ad548… on the peer"
    `)
    expect([rivals.states.a.phase.name, rivals.states.b.phase.name]).toEqual(["stopped", "stopped"])
  })

  test("of which one has all that the other one has say where that ends (I1)", () => {
    const rivals = new Rivals({ a: common, b: common })
    rivals.tick()
    expect(rivals.read()).toMatchInlineSnapshot(`
      "a→b hello: head 3, committed 3
      a→b digest of 3
      a   reads digest of 3
      a→b diverged at 3
      a   stops, diverged: both nodes were promoted to epoch 2: both logs are equal up to version 3, where one of them ends
      b   stops, diverged: both nodes were promoted to epoch 2: both logs are equal up to version 3, where one of them ends"
    `)
    expect([rivals.states.a.phase.name, rivals.states.b.phase.name]).toEqual(["stopped", "stopped"])
  })

  test("of which one says nothing more: the other one stops without it", () => {
    const rivals = new Rivals({ a: log(40), b: log(40, "other") })
    const search = { equalAt: 0, from: 0, differAt: 40, ownDigest: undefined, peerDigest: undefined }
    rivals.states.a = { ...rivals.states.a, phase: { name: "locating", ask: "lost", search, peerDigest: null, rival: { session: rivals.states.b.session, sinceMs: 0 } } }
    rivals.silent = true
    rivals.tick()
    expect(whyNoSolo(rivals.states.a, false)).toBe("it is about to stop")
    rivals.tick(timing.peerTimeoutMs)
    expect(rivals.read()).toMatchInlineSnapshot(`
      "a→b digest of 40
      a   stops, diverged: both nodes were promoted to epoch 2; the other one does not say any more where its log parts from this one"
    `)
    expect(rivals.states.a.phase.name).toBe("stopped")
  })

  test("of which the other one does not know what both have is told so, where its log begins too late", () => {
    const rivals = new Rivals({ a: common, b: common })
    const [own, peer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    expect(toldApart(rivals.states.a, { kind: "diverged", version: 7, digest: own, peerDigest: peer, common: null })).toContain("the last common version is below 7, where the logs begin")
  })

  test("of which one is refused for another reason go on as they are", () => {
    const { a } = new Rivals({ a: common, b: common }).states
    const envelope: Envelope = { protocol: protocolVersion, cluster: "c", node: "b", epoch: { number: 1, id: "first" }, session: "b1", peerSession: a.session, link: 0, sentAtMs: 0 }
    const request: Request = { kind: "digest", version: 3 }
    expect(afterRival(a, envelope, request, answerRival(a, envelope, request))).toBeUndefined()
  })

  test("ask on where a question was refused", () => {
    const rivals = new Rivals({ a: log(40), b: log(40, "other") })
    const search = { equalAt: 0, from: 0, differAt: 40, ownDigest: undefined, peerDigest: undefined }
    const phase: Phase = { name: "locating", ask: "under-way", search, peerDigest: null, rival: { session: rivals.states.b.session, sinceMs: 0 } }
    const asking: CoordinatorState = { ...rivals.states.a, phase }
    const envelope: Envelope = { protocol: protocolVersion, cluster: "c", node: "b", epoch: { number: 2, id: "promoted b" }, session: rivals.states.b.session, peerSession: asking.session, link: 0, sentAtMs: 0 }
    const step = stepCoordinator(asking, { event: "answer", envelope, answer: { kind: "refused", of: "digest", code: "busy", detail: "later" } })
    expect(step).toEqual({ state: asking, effects: [] })
  })
})
