// Comparing two logs: what a primary does about each pair of positions, and where two logs part.
import { describe, expect, test } from "bun:test"
import { digestText, genesisDigest } from "../../src/protocol/digest.ts"
import { beginSearch, compareLogs, describeDivergence, narrow, nextProbe, type PrefixSearch } from "../../src/protocol/recovery.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { Random } from "../sim/random.ts"
import { chain, log, positionOf } from "./chain.ts"

const five = log(5)
const other = log(5, "other")

function digestAt(records: readonly SealedRecord[], version: number): Uint8Array {
  return version === 0 ? genesisDigest : (records[version - 1] as SealedRecord).digest
}

describe("what to do about two logs (I4)", () => {
  test.each([
    ["both empty", log(0), log(0), undefined, "settle"],
    ["equal", five, five, undefined, "settle"],
    ["equally long, different", five, other, undefined, "diverged"],
    ["own ahead of an empty one", five, log(0), undefined, "send"],
    ["own ahead, its digest at the peer's head not read yet", five, five.slice(0, 3), undefined, "compare-digest"],
    ["own ahead, the peer's head is in it", five, five.slice(0, 3), digestAt(five, 3), "send"],
    ["own ahead, the peer's head is not in it", five, other.slice(0, 3), digestAt(five, 3), "diverged"],
    ["own behind", five.slice(0, 3), five, undefined, "adopt"],
    ["own empty", log(0), five, undefined, "adopt"],
  ] as const)("%s", (_, own, peer, ownDigestAtPeerHead, action) => {
    expect(compareLogs(positionOf(own), positionOf(peer), ownDigestAtPeerHead)).toBe(action)
  })

  test("does not depend on what either has committed: recovery only goes forward (I1)", () => {
    for (const committed of [0, 3, 5]) {
      expect(compareLogs(positionOf(five, committed), positionOf(five, 5 - committed), undefined)).toBe("settle")
    }
  })
})

describe("the search for the last common version", () => {
  function search(own: readonly SealedRecord[], peer: readonly SealedRecord[], differAt: number, from = 0): { readonly found: PrefixSearch; readonly probes: number } {
    let found = beginSearch(differAt, from)
    let probes = 0
    for (let version = nextProbe(found); version !== undefined; version = nextProbe(found)) {
      found = narrow(found, version, digestAt(own, version), digestAt(peer, version))
      if (++probes > 64) throw new Error("the search does not end")
    }
    return { found, probes }
  }

  test("finds it in any two diverged logs, with a logarithm's number of questions (I4)", () => {
    const random = new Random(4)
    for (let n = 0; n < 300; n++) {
      const common = random.between(0, 40)
      const shared = log(common)
      const own = [...shared, ...chain(Array.from({ length: random.between(1, 40) }, () => "own"), shared)]
      const peer = [...shared, ...chain(Array.from({ length: random.between(1, 40) }, () => "peer"), shared)]
      const differAt = Math.min(own.length, peer.length)
      const { found, probes } = search(own, peer, differAt)
      // In logs that begin later it is the same, or known only to be below their beginning.
      const from = random.between(1, differAt)
      const trimmed = search(own, peer, differAt, from).found
      expect([trimmed.equalAt, trimmed.differAt]).toEqual(from <= common ? [common, common + 1] : [undefined, from])
      expect(found.equalAt).toBe(common)
      expect(found.differAt).toBe(common + 1)
      expect(probes).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(differAt)))
      expect(describeDivergence(found)).toBe(
        `the logs have diverged: the last common version is ${common}; version ${common + 1} has digest ${digestText(digestAt(own, common + 1))} here and ${digestText(digestAt(peer, common + 1))} on the peer`,
      )
    }
  })
})
