// Scenarios of a primary that is solo: it commits alone by decision, and a replica that returns ends that.
import { describe, expect, test } from "bun:test"
import { acceptsBatch, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { whyNoPairing, whyNoSolo } from "../../src/protocol/decisions.ts"
import { soloWaitMs } from "../../src/protocol/read-lease.ts"
import type { Decision } from "../../src/protocol/reign.ts"
import { chain, log, positionOf } from "./chain.ts"
import { Pair, timing } from "./pair.ts"

const decision: Decision = { what: "solo", by: "root", reason: "b burnt down", forced: false }

/** The replica is away, and the primary has started again. */
function alone(): Pair {
  const pair = Pair.inSync()
  pair.hold("hello", "heartbeat", "prepare", "commit")
  pair.restart("a")
  pair.tick(soloWaitMs(timing))
  pair.run()
  pair.read()
  return pair
}

function goSolo(pair: Pair): Pair {
  pair.coordinate({ event: "set-mode", mode: "solo", decision })
  pair.run()
  return pair
}

/** Solo, with one write that only this disk has; the replica may answer from now on. */
function withAWrite(): Pair {
  const pair = goSolo(alone())
  pair.propose("x")
  pair.run()
  pair.read()
  return pair
}

describe("solo", () => {
  test("is durable before anything is acknowledged alone, and each write is durably committed before it is acknowledged (I3)", () => {
    const pair = goSolo(alone())
    pair.propose("x")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a   mode solo, solo by root
      a   is solo now
          -- a proposes x
      a   saves 4, decided
      a   committed 4
      a   decided 4
      a   acknowledges 4"
    `)
    expect(pair.disks.a).toMatchObject({ mode: "solo", committed: 4 })
  })

  test("commits what is in doubt here", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    pair.hold("prepare", "hello", "heartbeat")
    pair.run()
    pair.restart("a")
    pair.tick(soloWaitMs(timing))
    pair.read()
    expect(pair.a.committed).toBe(3)
    goSolo(pair)
    expect(pair.a.committed).toBe(4)
  })

  test("outlives a restart, and nothing is in doubt after it", () => {
    const pair = withAWrite()
    pair.restart("a")
    expect(pair.a).toMatchObject({ mode: "solo", head: 4, committed: 4 })
    expect(acceptsBatch(pair.a)).toBe(true)
  })

  test("is no reason to start with something in doubt (I9)", () => {
    const { a } = Pair.inSync()
    const start = { ...a, ...positionOf(log(3), 2), timing }
    expect(() => startCoordinator({ ...start, mode: "solo" })).toThrow("invariant I9 is broken")
  })

  test("is never stuck for want of a replica: it goes on asking", () => {
    const pair = withAWrite()
    pair.pass(2 * timing.syncTimeoutMs)
    expect(acceptsBatch(pair.a)).toBe(true)
    expect(new Set(pair.underWay())).toEqual(new Set(["hello"]))
  })

  test("ends by itself: the replica gets what it lacks, the mode is durable before the replica may be promoted, then both are in sync", () => {
    const pair = withAWrite()
    pair.release("hello", "heartbeat", "prepare", "commit")
    pair.lose("hello")
    pair.pass(200)
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- hello is lost
      a→b hello: head 4, committed 4
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 4
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 3, committed 3
      a   reads digest of 3
      a   loads from 4
      a→b prepare 4, round 1, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   mode paired, paired by tandem
      a   is paired now
      a→b commit 4, in sync
      b   lacks nothing
      b   committed 4
      b   in sync
      a←b committed 4
      a   in sync"
    `)
    expect(pair.a.mode).toBe("paired")
    expect(pair.disks).toMatchObject({ a: { mode: "paired" }, b: { lacking: false } })
  })

  test("writes go on while the replica is sent what it lacks, and wait only for the last of it", () => {
    const pair = withAWrite()
    pair.perMessage = 1
    pair.propose("y")
    pair.run()
    pair.release("hello")
    pair.lose("hello")
    pair.tick()
    pair.run()
    // Version 4 is on its way, 5 is not.
    expect(pair.underWay()).toEqual(["prepare"])
    expect(acceptsBatch(pair.a)).toBe(true)
    pair.deliver("prepare")
    pair.run()
    expect(pair.underWay()).toEqual(["prepare"])
    expect(pair.a.round?.last).toBe(5)
    expect(acceptsBatch(pair.a)).toBe(false)
    pair.release("prepare", "commit")
    pair.run()
    expect(pair.a).toMatchObject({ mode: "paired", phase: { name: "steady" }, head: 5 })
  })

  test("a write that is being saved when the last that the replica lacked arrives there is sent as well", () => {
    const pair = withAWrite()
    pair.release("hello")
    pair.lose("hello")
    pair.hold("a disk")
    pair.tick()
    while (!pair.underWay().includes("prepare")) {
      if (pair.diskWork("b") > 0) pair.disk("b")
      else if (pair.underWay()[0] === "hello") pair.deliver("hello")
      else if (pair.a.phase.name === "sending" && pair.a.round === null) {
        // In the moment between the look at the log and the sending of what it has.
        if (pair.a.lone === null) pair.propose("y")
        pair.finishReads()
      } else pair.finishReads()
    }
    expect(pair.a.lone?.last).toBe(5)
    pair.release("prepare", "commit")
    pair.run()
    expect(pair.a.phase).toEqual({ name: "sending", loading: false })
    pair.release("a disk")
    pair.run()
    expect(pair.a).toMatchObject({ mode: "paired", phase: { name: "steady" }, head: 5 })
    expect(pair.disks.b.records).toHaveLength(5)
  })

  test("a replica that refuses what it is sent does not stop it", () => {
    const pair = withAWrite()
    pair.refuseNextSave("b", "full")
    pair.release("hello", "heartbeat", "prepare", "commit")
    pair.lose("hello")
    pair.tick()
    pair.run()
    expect(pair.read()).toContain("a   notice: the replica refused version 4 and on: full")
    expect(acceptsBatch(pair.a)).toBe(true)
    pair.pass(200)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a disk that refuses a write leaves no trace of it (I10)", () => {
    const pair = withAWrite()
    pair.refuseNextSave("a", "full")
    pair.propose("y")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes y
      a   saves 5, decided
          -- the disk of a refuses
      a   rejects, disk-full: full"
    `)
    expect(acceptsBatch(pair.a)).toBe(true)
  })

  test.each([{ name: "adopting", ask: "lost" }, { name: "pairing" }, { name: "settling", ask: "lost" }, { name: "parting", detail: "" }] as const)("nothing is written alone while %p", (phase) => {
    expect(acceptsBatch({ ...withAWrite().a, phase })).toBe(false)
  })

  test("off: reads go on, writes stop until the replica is in sync", () => {
    const pair = withAWrite()
    pair.coordinate({ event: "set-mode", mode: "alone", decision: { ...decision, what: "paired" } })
    pair.run()
    expect(pair.a.mode).toBe("alone")
    expect(acceptsBatch(pair.a)).toBe(false)
    pair.release("hello", "heartbeat", "prepare", "commit")
    pair.lose("hello")
    pair.pass(200)
    expect(pair.a).toMatchObject({ mode: "paired", phase: { name: "steady" } })
  })

  test("a replica that vanishes in the last moment leaves the primary paired, and without it stuck", () => {
    const pair = withAWrite()
    pair.release("hello", "prepare")
    pair.lose("hello")
    pair.tick()
    pair.run()
    expect(pair.a).toMatchObject({ mode: "paired", phase: { name: "settling" } })
    pair.pass(timing.syncTimeoutMs + 200)
    expect(pair.a.phase.name).toBe("stuck")
    expect(acceptsBatch(pair.a)).toBe(false)
  })
})

describe("why not", () => {
  const pair = Pair.inSync()
  const a = { ...pair.a, nowMs: pair.nowMs + soloWaitMs(timing) }
  const phases: readonly (readonly [CoordinatorState["phase"], string | undefined])[] = [
    [{ name: "greeting", ask: "lost" }, undefined],
    [{ name: "opening", ask: "lost" }, undefined],
    [{ name: "stuck", reason: "" }, undefined],
    [{ name: "steady" }, "it is in sync with node b, so nothing keeps it from writing"],
    [{ name: "comparing" }, "node b answers, and is being brought in sync"],
    [{ name: "sending", loading: true }, "node b answers, and is being brought in sync"],
    [{ name: "adopting", ask: "lost" }, "node b answers, and is being brought in sync"],
    [{ name: "pairing" }, "node b answers, and is being brought in sync"],
    [{ name: "settling", ask: "lost" }, "node b answers, and is being brought in sync"],
    [{ name: "handing-over", ask: "lost", sinceMs: 0, epoch: { number: 2, id: "second" }, decision }, "it is handing over to the replica"],
    [{ name: "retiring", epoch: { number: 2, id: "second" } }, "it is handing over to the replica"],
    [{ name: "parting", detail: "" }, "it is about to stop"],
    [{ name: "stopped" }, "it is about to stop"],
  ]

  test.each(phases)("solo while %p", (phase, why) => {
    expect(whyNoSolo({ ...a, phase }, false)).toBe(why)
  })

  test("solo while a replica may still show what it has as the newest (P4)", () => {
    const stuck = { ...a, phase: { name: "stuck", reason: "" } } as const
    expect(whyNoSolo({ ...stuck, nowMs: pair.a.linkSentMs + soloWaitMs(timing) - 1_500 }, false)).toBe("its replica may still show what it has as the newest, for 2 s")
    expect(whyNoSolo({ ...stuck, mode: "alone", nowMs: pair.a.linkSentMs }, false)).toBeUndefined()
  })

  test("solo right after a pause, in which the answer that came first had something sent before the first tick (P4)", () => {
    const pair = Pair.inSync()
    pair.hold("vote")
    pair.propose("x")
    pair.run()
    pair.pause(timing.leaseMs - 100)
    pair.release("vote")
    pair.hold("commit")
    pair.run()
    pair.tick(200)
    expect(pair.a.phase.name).toBe("stuck")
    expect(whyNoSolo(pair.a, false)).toBe(`its replica may still show what it has as the newest, for ${Math.ceil((soloWaitMs(timing) - 200) / 1_000)} s`)
  })

  test("solo twice, or while the disk is at work; and no end of what has not begun", () => {
    expect(whyNoSolo({ ...a, mode: "solo" }, false)).toBe("it is solo already")
    expect(whyNoSolo({ ...a, phase: { name: "stuck", reason: "" }, diskBusy: true }, false)).toBe("it is at work; try again")
    expect(whyNoPairing(a)).toBe("it is not solo")
    expect(whyNoPairing({ ...a, mode: "solo", diskBusy: true })).toBe("it is at work; try again")
    expect(() => Pair.inSync().coordinate({ event: "set-mode", mode: "solo", decision })).toThrow("out of place")
  })

  test("a solo batch that does not continue the log is a broken invariant (I4)", () => {
    const pair = withAWrite()
    expect(() => pair.coordinate({ event: "propose", records: chain(["x"], log(2)) })).toThrow("invariant I4 is broken")
  })
})

describe("a disk of a solo primary that went backwards", () => {
  test("while it saves what the replica has another one of: it waits, looks again, and both stop (I1)", () => {
    const pair = new Pair({ a: { log: log(2), mode: "solo" }, b: { log: log(4) } })
    pair.hold("a disk", "hello")
    pair.tick()
    pair.propose("x")
    pair.release("hello")
    pair.run()
    expect(pair.a.phase.name).toBe("adopting")
    pair.disk("a")
    expect(pair.a.phase.name).toBe("greeting")
    pair.release("a disk")
    pair.pass(timing.heartbeatMs)
    expect(pair.read()).toContain("the last common version is 2")
    expect(pair.a.phase.name).toBe("stopped")
  })
})

describe("solo that is ended while the replica gets the last of what it lacks", () => {
  test("is not taken for a pair before that is durable, and nothing is left of it afterwards (I1, P4)", () => {
    const pair = withAWrite()
    pair.release("hello", "heartbeat", "commit")
    pair.tick()
    pair.run()
    expect([pair.a.phase.name, pair.underWay()]).toEqual(["sending", ["prepare"]])
    pair.coordinate({ event: "set-mode", mode: "alone", decision: { ...decision, what: "paired" } })
    // A disk that takes its time.
    pair.hold("a disk")
    pair.release("prepare")
    pair.watch = (node, effect) => {
      if (node === "a" && effect.effect === "ask" && effect.request.kind === "commit") expect(pair.disks.a.mode).toBe("paired")
    }
    pair.run()
    pair.disk("a")
    pair.run()
    pair.release("a disk")
    pair.pass(timing.heartbeatMs)
    expect(pair.a).toMatchObject({ phase: { name: "steady" }, mode: "paired", lacking: false })
    expect(pair.disks).toMatchObject({ a: { mode: "paired", lacking: false }, b: { lacking: false } })
  })
})
