// The sync check where logs were trimmed: what they lack is not asked for, and what cannot be caught up is said (P6).
import { describe, expect, test } from "bun:test"
import { whyNoPromotion } from "../../src/protocol/promotion.ts"
import { chain } from "./chain.ts"
import { Pair, type Side, timing } from "./pair.ts"

const log = (count: number, word = "common") => chain(Array.from({ length: count }, () => word))
const nine = log(9)

function started(sides: { readonly a: Side; readonly b: Side }): Pair {
  const pair = new Pair(sides)
  pair.tick()
  pair.run()
  return pair
}

/** Without what was said before. */
function ending(pair: Pair): string {
  return pair.read().split("\n").filter((line) => !line.includes("hello:") && !line.includes("hello, open")).join("\n")
}

describe("a replica that lags", () => {
  test("up to the beginning of the primary's log is sent what it lacks (I4)", () => {
    const pair = started({ a: { log: nine, logStart: 6 }, b: { log: nine.slice(0, 5) } })
    expect([pair.a.phase.name, pair.disks.b.records.length]).toEqual(["steady", 9])
  })

  test("by more stops and says why, and the primary keeps asking (P6)", () => {
    const pair = started({ a: { log: nine, logStart: 6 }, b: { log: nine.slice(0, 4) } })
    expect(ending(pair)).toMatchInlineSnapshot(`
      "a←b hello refused, behind: this node's log ends at version 4, and the primary's log begins at 6: it was trimmed, and what lies between is gone
      b   may lack writes
      a←b hello refused, behind: this node's log ends at version 4, and the primary's log begins at 6: it was trimmed, and what lies between is gone
      b   stops, foreign: this node's log ends at version 4, and the primary's log begins at 6: it was trimmed, and what lies between is gone
      a   notice: the replica: this node's log ends at version 4, and the primary's log begins at 6: it was trimmed, and what lies between is gone"
    `)
    pair.pass(timing.syncTimeoutMs / 2)
    expect(["greeting", "opening"]).toContain(pair.a.phase.name)
    expect(pair.disks.b.records).toHaveLength(4)
  })

  test("by more knows from then on that it lacks writes, and is not promoted without force, also where it is not greeted again (P1)", () => {
    const pair = started({ a: { log: nine, logStart: 6 }, b: { log: nine.slice(0, 4) } })
    expect(pair.disks.b.lacking).toBe(true)
    pair.restart("b")
    expect(whyNoPromotion(pair.b, 0, false)).toBe("it may lack writes that its primary has acknowledged")
  })

  test("by more says nothing before it durably knows that", () => {
    const pair = new Pair({ a: { log: nine, logStart: 6 }, b: { log: nine.slice(0, 4) } })
    pair.hold("b disk")
    pair.tick()
    pair.run()
    expect(ending(pair)).toEndWith("b   may lack writes")
    pair.release("b disk")
    pair.run()
    expect(ending(pair)).toStartWith("a←b hello refused, behind")
  })

  test.each([
    ["an empty disk", { log: [], cluster: null }],
    ["a log that lags", { log: nine.slice(0, 4) }],
  ] as readonly [string, Side][])("with %s, started with --join, fetches a copy, and the primary waits for longer than it would for silence (P6)", (_, side) => {
    const pair = started({ a: { log: nine, logStart: 6 }, b: { ...side, joining: true } })
    expect(ending(pair)).toContain("fetching a copy")
    for (let n = 0; n < 3; n++) {
      pair.tick(timing.syncTimeoutMs - 1)
      pair.run()
      expect(ending(pair)).toContain("b   fetches a copy of c")
    }
    expect(["greeting", "opening"]).toContain(pair.a.phase.name)
    expect(pair.disks.b.records).toHaveLength(side.log.length)
  })
})

describe("a primary that lags", () => {
  test("up to the beginning of the replica's log adopts what it lacks (I1)", () => {
    const pair = started({ a: { log: nine.slice(0, 5) }, b: { log: nine, logStart: 6 } })
    expect([pair.a.phase.name, pair.disks.a.records.length]).toEqual(["steady", 9])
  })

  test("by more stops and says why (P6)", () => {
    const pair = started({ a: { log: nine.slice(0, 4) }, b: { log: nine, logStart: 6 } })
    expect(ending(pair)).toMatchInlineSnapshot(`"a   stops, foreign: this node's log ends at version 4, and the replica's begins at 6: it was trimmed, and what lies between is gone"`)
    expect(pair.disks.a.records).toHaveLength(4)
  })
})

describe("trimmed logs that have diverged", () => {
  const shared = nine.slice(0, 6)
  const mine = [...shared, ...chain(["mine", "mine"], shared)]
  const yours = [...shared, ...chain(["yours", "yours"], shared)]

  test("after their beginning: both stop, naming the last common version (I4)", () => {
    const pair = started({ a: { log: mine, logStart: 4 }, b: { log: yours, logStart: 6 } })
    expect(ending(pair)).toMatchInlineSnapshot(`
      "a→b digest of 8
      b   reads its log
      a←b digest of 8 known
      a   reads digest of 8
      a→b digest of 5
      b   reads its log
      a←b digest of 5 known
      a   reads digest of 5
      a→b digest of 6
      b   reads its log
      a←b digest of 6 known
      a   reads digest of 6
      a→b digest of 7
      b   reads its log
      a←b digest of 7 known
      a   reads digest of 7
      a→b diverged at 7
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is 6; version 7 has digest f09602… here and 6085a6… on the peer
      a   stops, diverged: the logs have diverged: the last common version is 6; version 7 has digest 6085a6… here and f09602… on the peer"
    `)
  })

  test("before their beginning: both stop, and say that it lies below (I4)", () => {
    const pair = started({ a: { log: mine, logStart: 8 }, b: { log: yours, logStart: 3 } })
    expect(ending(pair)).toMatchInlineSnapshot(`
      "a→b digest of 8
      b   reads its log
      a←b digest of 8 known
      a   reads digest of 8
      a→b digest of 7
      b   reads its log
      a←b digest of 7 known
      a   reads digest of 7
      a→b diverged at 7
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is below 7, where the logs begin; version 7 has digest f09602… here and 6085a6… on the peer
      a   stops, diverged: the logs have diverged: the last common version is below 7, where the logs begin; version 7 has digest 6085a6… here and f09602… on the peer"
    `)
  })

  test("where the primary's head is right before the replica's beginning (I4)", () => {
    const pair = started({ a: { log: mine.slice(0, 7) }, b: { log: yours, logStart: 8 } })
    expect(ending(pair)).toMatchInlineSnapshot(`
      "a   notice: the replica's log ends at version 8, this node's at 7: adopting what it holds
      a→b records from 8
      b   reads its log
      a←b records 8
      a→b digest of 7
      b   reads its log
      a←b digest of 7 known
      a   reads digest of 7
      a→b diverged at 7
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is below 7, where the logs begin; version 7 has digest f09602… here and 6085a6… on the peer
      a   stops, diverged: the logs have diverged: the last common version is below 7, where the logs begin; version 7 has digest 6085a6… here and f09602… on the peer"
    `)
  })
})

describe("a replica lets its log be trimmed", () => {
  test("only once the present link is in sync: before that the primary may need it", () => {
    const pair = Pair.inSync()
    expect(pair.b.inSync).toBe(true)
    pair.restart("a")
    pair.hold("commit")
    pair.tick()
    pair.run()
    expect([pair.b.synced, pair.b.inSync]).toEqual([true, false])
    pair.release("commit")
    pair.run()
    expect(pair.b.inSync).toBe(true)
  })
})
