// What has to go before the old primary may follow the new one: every pair of roles and epochs, and random logs that part anywhere.
import { describe, expect, test } from "bun:test"
import { type Digest, genesisDigest } from "../../src/protocol/digest.ts"
import { beginRejoin, compared, type Rejoin, type RejoinSide, type RejoinStep } from "../../src/protocol/rejoin.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { Random } from "../sim/random.ts"
import { chain, log, positionOf } from "./chain.ts"

const first = { number: 1, id: "first" }
const second = { number: 2, id: "second" }

function digestAt(records: readonly SealedRecord[], version: number): Digest {
  return version === 0 ? genesisDigest : (records[version - 1] as SealedRecord).digest
}

/** Five that both have, and then these. */
function fiveAnd(words: readonly string[]): readonly SealedRecord[] {
  return [...log(5), ...chain(words, log(5))]
}

interface Side extends Partial<RejoinSide> {
  readonly log?: readonly SealedRecord[]
}

function sides({ log: ownLog = log(5), ...own }: Side, { log: peerLog = log(5), ...peer }: Side, discard = false): { readonly rejoin: Rejoin; readonly end: RejoinStep; readonly asked: number[] } {
  const rejoin: Rejoin = {
    own: { node: "a", role: "primary", mode: "paired", epoch: first, logStart: 1, ...positionOf(ownLog), ...own },
    peer: { node: "b", role: "primary", mode: "alone", epoch: second, logStart: 1, ...positionOf(peerLog), ...peer },
    discard,
  }
  const asked: number[] = []
  let step = beginRejoin(rejoin)
  while (step.step === "compare") {
    const { version, search } = step
    asked.push(version)
    step = compared(rejoin, search, version, digestAt(ownLog, version), version > peerLog.length ? null : digestAt(peerLog, version))
    if (asked.length > 64) throw new Error("it does not end")
  }
  return { rejoin, end: step, asked }
}

describe("the old primary", () => {
  test("whose log is part of the new one's takes nothing back", () => {
    for (const length of [5, 6, 9]) expect(sides({}, { log: log(length) }).end).toEqual({ step: "take-back", common: 5 })
    expect(sides({ log: [] }, {}).end).toEqual({ step: "take-back", common: 0 })
  })

  test("takes back what it never committed, and the new one does not have (I1)", () => {
    const own = fiveAnd(["in doubt", "in doubt"])
    expect(sides({ log: own, committed: 5 }, {}).end).toEqual({ step: "take-back", common: 5 })
    expect(sides({ log: own, committed: 3 }, { log: fiveAnd(["other"]) }).end).toEqual({ step: "take-back", common: 5 })
    expect(sides({ log: own, committed: 0 }, { log: [] }).end).toEqual({ step: "take-back", common: 0 })
  })

  test("stops where something that it committed would go, and names the versions; with --discard that goes (P1)", () => {
    const own = fiveAnd(["alone", "alone", "in doubt"])
    const peer = fiveAnd(["other"])
    const stopped = sides({ log: own, committed: 7 }, { log: peer }).end
    expect(stopped).toMatchObject({ step: "refuse", why: "would-discard", detail: expect.stringContaining("versions 6 to 7 are committed here, and are not") as unknown })
    expect(sides({ log: own, committed: 7 }, { log: peer }, true).end).toEqual({ step: "take-back", common: 5 })
  })

  test("that led alone has decided what was in doubt, stored as committed or not: it may have shown that (P2)", () => {
    const own = fiveAnd(["in doubt"])
    for (const mode of ["alone", "solo"] as const) {
      expect(sides({ log: own, committed: 4, mode }, {}).end).toMatchObject({ step: "refuse", why: "would-discard", detail: expect.stringContaining("version 6 is committed here, and is not") as unknown })
    }
    expect(sides({ log: own, committed: 4, mode: "solo", role: "replica" }, {}).end).toEqual({ step: "take-back", common: 5 })
  })

  test("is told to begin anew where the logs have no version in common", () => {
    const apart = [
      sides({}, { log: log(9), logStart: 7 }),
      sides({ log: log(9), logStart: 7 }, {}),
      sides({}, { log: log(5, "other"), logStart: 3 }),
      sides({}, { log: [], logStart: 3 }, true),
    ]
    for (const { end } of apart) expect(end).toMatchObject({ step: "refuse", why: "foreign", hint: expect.stringContaining("--join") as unknown })
  })

  test("knows by the oldest record of the other log that its own head comes right before it", () => {
    expect(sides({}, { log: log(9), logStart: 6 }).end).toEqual({ step: "take-back", common: 5 })
  })

  test("is told to try again where the other log has lost what was asked for", () => {
    const { rejoin } = sides({}, {})
    const step = beginRejoin(rejoin)
    if (step.step !== "compare") throw new Error("nothing is compared")
    expect(compared(rejoin, step.search, step.version, genesisDigest, null)).toMatchObject({ step: "refuse", why: "again" })
  })

  test("finds what both logs have, wherever they part, with a logarithm's number of questions (I4)", () => {
    const random = new Random(9)
    for (let n = 0; n < 300; n++) {
      const common = random.between(0, 40)
      const shared = log(common)
      const more = (word: string): SealedRecord[] => chain(Array.from({ length: random.between(0, 40) }, () => word), shared)
      const own = [...shared, ...more("own")]
      const peer = [...shared, ...more("peer")]
      const { end, asked } = sides({ log: own, committed: random.between(0, own.length) }, { log: peer }, true)
      expect([n, end, asked.length <= 8]).toEqual([n, { step: "take-back", common }, true])
    }
  })
})

describe("to rejoin", () => {
  const third = { number: 3, id: "third" }
  const refusals: readonly (readonly [string, Side, Side, string, RegExp])[] = [
    ["the primary whose peer is its replica", {}, { role: "replica", epoch: first }, "not-due", /nobody was promoted over it$/],
    ["the primary whose peer has not heard of it yet", { epoch: second }, { role: "replica", epoch: first }, "not-due", /nobody was promoted over it$/],
    ["the primary whose peer follows a third node", {}, { role: "replica", epoch: second }, "not-due", /is a replica, of epoch 2 itself/],
    ["the primary whose peer is the one to rejoin", { epoch: third }, {}, "not-due", /^node b is still the primary of epoch 2/],
    ["a replica whose peer is the one to rejoin", { epoch: third, role: "replica" }, {}, "not-due", /this node is the replica of that$/],
    ["one of two replicas", { role: "replica" }, { role: "replica", epoch: first }, "not-due", /^this node is a replica, of epoch 1, and node b is a replica/],
    ["a copy of the primary", { epoch: second }, {}, "foreign", /a copy of the other$/],
  ]
  test.each(refusals)("is nothing for %s", (_, own, peer, why, detail) => {
    for (const discard of [false, true]) {
      const { end, asked } = sides(own, peer, discard)
      expect(end).toMatchObject({ step: "refuse", why, detail: expect.stringMatching(detail) as unknown })
      expect(asked).toEqual([])
    }
  })

  test("of a replica takes back what it holds in doubt where its primary was solo since, and what it committed only with --discard (I1)", () => {
    const replica = { role: "replica", epoch: second } as const
    const peer = { log: fiveAnd(["solo", "solo"]), mode: "solo" } as const
    expect(sides({ ...replica, log: fiveAnd(["in doubt"]), committed: 5 }, peer).end).toEqual({ step: "take-back", common: 5 })
    expect(sides({ ...replica, log: fiveAnd(["in doubt"]) }, peer).end).toMatchObject({ step: "refuse", why: "would-discard" })
    expect(sides({ ...replica, log: fiveAnd(["in doubt"]) }, peer, true).end).toEqual({ step: "take-back", common: 5 })
  })

  test("is done already for a replica of the peer's epoch", () => {
    expect(sides({ role: "replica", epoch: second }, {}).end.step).toBe("done")
  })

  test("is for one of two that were both promoted, too, and for a replica of an earlier epoch", () => {
    expect(sides({ epoch: { number: 2, id: "other" } }, {}).end).toEqual({ step: "take-back", common: 5 })
    expect(sides({ role: "replica" }, {}).end).toEqual({ step: "take-back", common: 5 })
    const alone = fiveAnd(["alone"])
    expect(sides({ epoch: { number: 2, id: "other" }, log: alone }, {}).end).toMatchObject({ step: "refuse", why: "would-discard" })
  })
})
