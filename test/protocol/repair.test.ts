// Whose data may take the place of damaged data: never one that lacks what the damaged node may have acknowledged.
import { describe, expect, test } from "bun:test"
import { digestOf } from "../../src/protocol/digest.ts"
import { beginRepair, comparedForRepair, type DamagedSide, type RepairStep, type SoundSide } from "../../src/protocol/repair.ts"

const first = { number: 1, id: "first" }
const second = { number: 2, id: "second" }
const digest = digestOf("version 5")
const own: DamagedSide = { role: "replica", mode: "paired", epoch: first, committed: 5, digest }
const peer: SoundSide = { node: "b", role: "primary", lacking: false, epoch: first, head: 5 }

const why = (step: RepairStep): string => (step.step === "refuse" ? step.detail : step.step)

describe("a damaged node may take the other one's data", () => {
  test("within a reign in which nothing is acknowledged by one alone: also where it does not know any more what it had", () => {
    expect(beginRepair(own, peer)).toEqual({ step: "fetch", role: "replica" })
    expect(beginRepair({ ...own, role: "primary" }, { ...peer, role: "replica", head: 6 })).toEqual({ step: "fetch", role: "primary" })
    expect(beginRepair({ ...own, committed: undefined, digest: undefined }, peer)).toEqual({ step: "fetch", role: "replica" })
  })

  test("of a later reign, or where it was alone, if its newest committed version is in that log", () => {
    for (const [damaged, sound, role] of [[{ ...own, role: "primary" }, { ...peer, epoch: second }, "replica"], [{ ...own, role: "primary", mode: "solo" }, peer, "primary"]] as const) {
      expect(beginRepair(damaged, sound)).toEqual({ step: "compare", version: 5 })
      expect(comparedForRepair(damaged, sound, digest)).toEqual({ step: "fetch", role })
      expect(why(comparedForRepair(damaged, sound, digestOf("another")))).toBe("node b does not have what this node had committed: its version 5 is another")
      expect(why(comparedForRepair(damaged, sound, null))).toContain("has version 5 no more")
    }
    expect(beginRepair({ ...own, committed: 0 }, { ...peer, epoch: second })).toEqual({ step: "fetch", role: "replica" })
  })
})

describe("it may not (P1)", () => {
  const solo: DamagedSide = { ...own, role: "primary", mode: "solo" }
  test.each([
    ["of an earlier reign", { ...own, epoch: second }, peer, "of an earlier epoch than this node"],
    ["of another one of the same number", own, { ...peer, epoch: { number: 1, id: "other" } }, "both nodes were promoted to epoch 1"],
    ["of one that may lack writes itself", own, { ...peer, lacking: true }, "may lack writes that were acknowledged"],
    ["of one whose log ends before", own, { ...peer, head: 4 }, "ends at version 4, and this node had committed version 5"],
    ["where it was alone and does not know what it had", { ...solo, committed: undefined, digest: undefined }, peer, "cannot be told"],
    ["where it was alone and does not know which version that was", { ...solo, digest: undefined }, peer, "cannot be told"],
    ["of a later reign, likewise", { ...own, digest: undefined }, { ...peer, epoch: second }, "cannot be told"],
  ] as readonly [string, DamagedSide, SoundSide, string][])("%s", (_, damaged, sound, says) => {
    expect(why(beginRepair(damaged, sound))).toContain(says)
  })
})
