// Scenarios of a replica that becomes the primary: when it may, what is durable before what, and that the old reign is over.
import { describe, expect, test } from "bun:test"
import { leaseWaitMs, whyNoPromotion } from "../../src/protocol/promotion.ts"
import type { Decision } from "../../src/protocol/reign.ts"
import { log } from "./chain.ts"
import { firstEpoch, Pair, timing } from "./pair.ts"

const second = { number: 2, id: "second" }
const decision: Decision = { what: "promote", by: "root", reason: "a burnt down", forced: false }

function promote(pair: Pair): void {
  pair.participate({ event: "promote", epoch: second, mode: "alone", decision })
}

describe("a promotion", () => {
  test("is durable first, then what is in doubt is committed, then the role changes", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    pair.hold("vote", "heartbeat")
    pair.run()
    pair.read()
    promote(pair)
    expect(pair.b).toMatchObject({ committed: 3, epoch: firstEpoch })
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "b   becomes the primary, epoch 2, mode alone, lacks nothing, promote by root
      b   committed 4
      b   has changed its role"
    `)
    expect(pair.b).toMatchObject({ head: 4, committed: 4, epoch: second })
    expect(pair.disks.b).toMatchObject({ role: "primary", mode: "alone", epoch: second, lacking: false })
  })

  test("refuses what comes of the old reign while it becomes durable, and after it (I6)", () => {
    const pair = Pair.inSync()
    promote(pair)
    pair.propose("x")
    pair.hold("b disk")
    pair.run()
    expect(pair.disks.b.records).toHaveLength(3)
    pair.release("b disk")
    pair.run()
    expect(pair.read()).toContain("a←b prepare refused, fenced: this node has seen epoch 2")
    expect(pair.a.phase.name).toBe("stopped")
    expect(pair.disks.b.records).toHaveLength(3)
    for (const request of [{ kind: "heartbeat" }, { kind: "commit", version: 3, digest: pair.a.headDigest, inSync: true }] as const) {
      expect(pair.ask(request)).toMatchObject({ kind: "refused", code: "fenced" })
    }
  })

  test("waits for the batch that is being saved", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    pair.hold("b disk")
    pair.run()
    expect(whyNoPromotion(pair.b, 0, true)).toBe("it is at work; try again")
    expect(() => promote(pair)).toThrow("out of place")
  })

  test("to an epoch that does not follow on its own is a broken invariant (I6)", () => {
    const pair = Pair.inSync()
    expect(() => pair.participate({ event: "promote", epoch: { number: 3, id: "third" }, mode: "alone", decision })).toThrow("invariant I6 is broken")
  })

  test("a hello of the old primary is fenced, and it stops (P5)", () => {
    const pair = Pair.inSync()
    promote(pair)
    pair.run()
    pair.restart("a")
    pair.read()
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b hello: head 3, committed 3
      a←b hello refused, fenced: this node has seen epoch 2
      a   stops, fenced: this node has seen epoch 2"
    `)
  })
})

describe("a replica may be promoted", () => {
  test("once the lease of its primary is over, and a tenth more, in case its clock runs slower", () => {
    const { b } = Pair.inSync()
    expect(leaseWaitMs(b)).toBe(1.1 * timing.leaseMs)
    expect(whyNoPromotion(b, 0, false)).toBeUndefined()
    expect(whyNoPromotion(b, 1_200, false)).toBe("its primary may still answer reads for 2 s")
    expect(whyNoPromotion(b, 1_200, true)).toBeUndefined()
  })

  test("only where it lacks nothing that was acknowledged, unless it is forced", () => {
    const { b } = Pair.inSync()
    expect(whyNoPromotion({ ...b, lacking: true }, 0, false)).toBe("it may lack writes that its primary has acknowledged")
    expect(whyNoPromotion({ ...b, lacking: true }, 0, true)).toBeUndefined()
    expect(whyNoPromotion({ ...b, cluster: null }, 0, true)).toBe("its disk belongs to no pair yet")
  })

  test("the longest lease that it was told of counts, also after a restart", () => {
    const pair = new Pair({ a: { log: log(3) }, b: { log: log(3), leaseMs: 1_000 } })
    pair.tick()
    pair.run()
    expect(pair.disks.b.leaseMs).toBe(timing.leaseMs)
    expect(pair.b.leaseMs).toBe(timing.leaseMs)
  })
})

describe("a replica may lack acknowledged writes", () => {
  test.each([
    ["that a primary has acknowledged alone", { a: { log: log(3), mode: "solo" }, b: { log: log(3) } }],
    ["because it has just joined", { a: { log: log(3) }, b: { log: [], cluster: null, joining: true } }],
    ["because its disk went backwards", { a: { log: log(5) }, b: { log: log(3) } }],
  ] as const)("%s: it knows before the link opens, until both are in sync", (_, sides) => {
    const pair = new Pair(sides)
    pair.hold("prepare", "commit")
    pair.tick()
    pair.run()
    expect(pair.a.link).toBe(1)
    expect(pair.disks.b.lacking).toBe(true)
    pair.restart("b")
    expect(pair.b.lacking).toBe(true)
    pair.release("prepare", "commit")
    pair.pass(10_000)
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.disks.b.lacking).toBe(false)
  })

  test("not because of what its primary only prepared", () => {
    const pair = new Pair({ a: { log: log(4), committed: 3 }, b: { log: log(3) } })
    pair.tick()
    pair.run()
    expect(pair.read()).not.toContain("may lack writes")
  })

  test("of a primary of the release before, which does not say how it stands: as far as its log shows", () => {
    const pair = new Pair({ a: { log: log(3) }, b: { log: log(3) } })
    const hello = { kind: "hello", head: 3, headDigest: pair.a.headDigest, committed: 3, logStart: 1, publicUrl: "" } as const
    expect(pair.ask({ ...hello, open: false }, { protocol: 1 })).toMatchObject({ kind: "hello", opened: false })
    expect(pair.ask({ ...hello, open: true }, { protocol: 1, peerSession: pair.b.session, link: 0 })).toMatchObject({ kind: "hello", opened: true })
    expect(pair.b.lacking).toBe(false)
  })
})
