// The coordinator alone: what it accepts, whose answers count, and the assertions that stop it.
import { describe, expect, test } from "bun:test"
import { acceptsBatch, type CoordinatorState } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { digestOf } from "../../src/protocol/digest.ts"
import type { Answer, Envelope, PeerRefusalCode } from "../../src/protocol/messages.ts"
import { chain, log } from "./chain.ts"
import { Pair, timing } from "./pair.ts"

const three = log(3)

/** An envelope of b's answers, as it is on the present link. */
function fromB(pair: Pair, envelope: Partial<Envelope> = {}): Envelope {
  return { ...pair.envelope(), node: "b", session: pair.b.session, peerSession: pair.a.session, ...envelope }
}

function hear(pair: Pair, answer: Answer, envelope: Partial<Envelope> = {}): void {
  pair.coordinate({ event: "answer", envelope: fromB(pair, envelope), answer })
}

/** Version 4 is saved here and asked for there. */
function awaitingVote(): Pair {
  const pair = Pair.inSync()
  pair.propose("x")
  pair.disk("a")
  pair.read()
  return pair
}

describe("a batch", () => {
  test("is accepted when in sync, with nothing in doubt and the disk idle (I5)", () => {
    const { a } = Pair.inSync()
    expect(acceptsBatch(a)).toBe(true)
    expect(acceptsBatch({ ...a, diskBusy: true })).toBe(false)
    expect(acceptsBatch({ ...a, phase: { name: "stuck", reason: "" } })).toBe(false)
    expect(acceptsBatch(awaitingVote().a)).toBe(false)
    expect(acceptsBatch(new Pair({ a: { log: three }, b: { log: three } }).a)).toBe(false)
  })

  test("proposed while another is in doubt is a broken invariant (I5)", () => {
    const pair = awaitingVote()
    expect(() => pair.propose("y")).toThrow("invariant I5 is broken")
  })

  test("that does not continue the log is a broken invariant (I4)", () => {
    const { a } = Pair.inSync()
    for (const records of [chain(["x"], three.slice(0, 2)), chain(["x"], log(3, "other"))]) {
      expect(() => stepCoordinator(a, { event: "propose", records })).toThrow("invariant I4 is broken")
    }
  })

  test("is asked for before this disk begins, so that both work at once", () => {
    const { a } = Pair.inSync()
    const { effects } = stepCoordinator(a, { event: "propose", records: chain(["x"], three) })
    expect(effects.map(({ effect }) => effect)).toEqual(["ask", "save"])
  })
})

describe("an answer counts", () => {
  const prepared: Answer = { kind: "vote", round: 1, vote: { prepared: true }, committed: 3 }

  test("of the present link and both sessions", () => {
    const pair = awaitingVote()
    hear(pair, prepared)
    expect(pair.a.committed).toBe(4)
  })

  test.each([
    ["of an older link", { link: 0 }],
    ["of another session of the replica", { session: "b0" }],
    ["to another session of this node", { peerSession: "a0" }],
  ])("not %s (I6)", (_, envelope) => {
    const pair = awaitingVote()
    const before = pair.a
    hear(pair, prepared, envelope)
    hear(pair, { kind: "heartbeat", head: 9, committed: 9 }, envelope)
    hear(pair, { kind: "rolled-back", round: 1 }, envelope)
    expect(pair.a).toEqual(before)
    expect(pair.read()).toBe("")
  })

  test("not of another round (I3)", () => {
    const pair = awaitingVote()
    for (const round of [0, 2]) hear(pair, { ...prepared, round } as Answer)
    expect(pair.a.committed).toBe(3)
  })

  test("the first time only: a second vote changes nothing of the first (I1)", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    hear(pair, prepared)
    hear(pair, { kind: "vote", round: 1, vote: { prepared: false, code: "disk-full", detail: "" }, committed: 3 })
    pair.disk("a")
    expect(pair.a.committed).toBe(4)
  })

  test("not that a round is rolled back which this disk holds (I10)", () => {
    const pair = awaitingVote()
    hear(pair, { kind: "rolled-back", round: 1 })
    expect(pair.read()).toBe("")
    expect(pair.a.round).not.toBe(null)
  })
})

describe("a refusal", () => {
  const codes: readonly PeerRefusalCode[] = ["protocol", "foreign-cluster", "same-node", "itself", "epoch-forked", "session", "not-replica", "wiped", "gap", "in-doubt", "damaged"]

  test.each(codes.map((code) => [code]))("nobody expects, %s, makes it stuck rather than guess", (code) => {
    const pair = awaitingVote()
    hear(pair, { kind: "refused", of: "prepare", code, detail: "why" })
    expect(pair.read()).toBe("a   stuck: the replica refused prepare: why")
  })

  test.each([["busy"], ["stale-round"]] as const)("that says %s has the request sent again", (code) => {
    const pair = awaitingVote()
    hear(pair, { kind: "refused", of: "prepare", code, detail: "why" })
    expect(pair.read()).toBe("")
    pair.tick()
    expect(pair.read()).toBe("a→b prepare 4, round 1, committed 3")
  })

  test("that says fenced stops it for good (I6)", () => {
    const pair = awaitingVote()
    hear(pair, { kind: "refused", of: "prepare", code: "fenced", detail: "epoch 2" }, { session: "b9", link: 0 })
    expect(pair.read()).toBe("a   stops, fenced: epoch 2")
    const before = pair.a
    pair.tick(60_000)
    pair.coordinate({ event: "retry" })
    hear(pair, { kind: "vote", round: 1, vote: { prepared: true }, committed: 3 })
    expect({ ...pair.a, nowMs: before.nowMs }).toEqual(before)
    expect(pair.read()).toBe("")
  })

  test("of an older link changes nothing (I6)", () => {
    const pair = awaitingVote()
    hear(pair, { kind: "refused", of: "prepare", code: "session", detail: "why" }, { link: 0 })
    expect(pair.read()).toBe("")
  })

  test("of a replica that has started anew makes it stuck while clients wait", () => {
    const pair = awaitingVote()
    hear(pair, { kind: "refused", of: "heartbeat", code: "session", detail: "anew" }, { session: "b9", link: 0 })
    expect(pair.read()).toBe("a   stuck: the replica refused heartbeat: anew")
  })
})

describe("an assertion stops", () => {
  function broken(pair: Pair, change: (state: CoordinatorState) => CoordinatorState, act: () => void): void {
    pair.a = change(pair.a)
    act()
  }

  test("taking back what is committed (I1)", () => {
    const pair = awaitingVote()
    const refusal: Answer = { kind: "vote", round: 1, vote: { prepared: false, code: "disk-full", detail: "" }, committed: 3 }
    expect(() => broken(pair, (state) => ({ ...state, committed: 4 }), () => hear(pair, refusal))).toThrow("invariant I1 is broken")
  })

  test("acknowledging what is not committed here (I3)", () => {
    const pair = Pair.inSync()
    const unconfirmed = [{ version: 4, digest: pair.a.headDigest, sinceMs: 0 }]
    expect(() => broken(pair, (state) => ({ ...state, unconfirmed }), () => hear(pair, { kind: "committed", committed: 4 }))).toThrow("invariant I3 is broken")
  })

  test("rejecting what this disk holds (I10)", () => {
    const pair = awaitingVote()
    const local = { code: "disk-full", detail: "" } as const
    const act = (): void => hear(pair, { kind: "rolled-back", round: 1 })
    expect(() => broken(pair, (state) => ({ ...state, round: state.round && { ...state.round, local, rollback: "under-way" } }), act)).toThrow("invariant I10 is broken")
  })

  test("rejecting what the replica may hold (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.propose("x")
    pair.disk("a")
    const act = (): void => hear(pair, { kind: "rolled-back", round: 1 })
    expect(() => broken(pair, (state) => ({ ...state, round: state.round && { ...state.round, rollback: "none" } }), act)).toThrow("invariant I10 is broken")
  })

  test("an undo that nobody asked for", () => {
    expect(() => Pair.inSync().coordinate({ event: "undone" })).toThrow()
  })
})

test("time never goes back, whatever the driver says", () => {
  const pair = Pair.inSync()
  pair.tick(1_000)
  const { nowMs } = pair.a
  pair.nowMs = 5
  pair.coordinate({ event: "tick" })
  expect(pair.a.nowMs).toBe(nowMs)
})

test("what was lost is not sent again before the next tick, and then once", () => {
  const pair = awaitingVote()
  pair.lose("prepare")
  pair.coordinate({ event: "lost", kind: "prepare" })
  expect(pair.underWay()).toEqual([])
  pair.tick()
  pair.tick()
  expect(pair.underWay()).toEqual(["prepare"])
})

test("a retry is heard only when stuck", () => {
  const pair = awaitingVote()
  pair.coordinate({ event: "retry" })
  expect(pair.read()).toBe("")
  pair.tick(timing.peerTimeoutMs + 1)
  pair.coordinate({ event: "retry" })
  expect(pair.a.phase.name).toBe("greeting")
})

describe("what is nobody's business in the middle of a link", () => {
  const unasked: readonly Answer[] = [
    { kind: "hello", opened: true, link: 9, fresh: false, head: 9, headDigest: digestOf("x"), committed: 9, logStart: 1 },
    { kind: "position", role: "replica", mode: "paired", lacking: false, head: 3, headDigest: digestOf("x"), committed: 3, logStart: 1 },
    { kind: "snapshot-manifest", id: "copy", version: 3, headDigest: digestOf("x"), bytes: 1, chunkBytes: 1, digests: digestOf("x") },
    { kind: "snapshot-chunk", id: "copy", index: 0, bytes: digestOf("x") },
  ]

  test.each(unasked)("an answer of the kind $kind changes nothing (I6)", (answer) => {
    const pair = awaitingVote()
    const before = pair.a
    hear(pair, answer)
    expect(pair.a).toBe(before)
    expect(pair.read()).toBe("")
  })

  test.each(["position", "snapshot-manifest", "snapshot-chunk"] as const)("a refused %s changes nothing (I6)", (of) => {
    const pair = awaitingVote()
    const { heardAtMs, ...before } = pair.a
    hear(pair, { kind: "refused", of, code: "busy", detail: "why" })
    expect(pair.a).toMatchObject(before)
    expect(pair.read()).toBe("")
  })
})

describe("a log that was trimmed", () => {
  test("begins where the store says, and the other node is told so", () => {
    const pair = Pair.inSync()
    pair.coordinate({ event: "trimmed", logStart: 3 })
    pair.participate({ event: "trimmed", logStart: 2 })
    expect([pair.a.logStart, pair.b.logStart]).toEqual([3, 2])
    const told: number[] = []
    pair.watch = (node, effect) => {
      if (node === "a" && effect.effect === "ask" && effect.request.kind === "hello") told.push(effect.request.logStart)
    }
    pair.restart("b")
    pair.tick(timing.heartbeatMs)
    pair.run()
    expect(new Set(told)).toEqual(new Set([3]))
  })
})
