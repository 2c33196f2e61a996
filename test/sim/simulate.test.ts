// The simulator's everyday run: 10,000 seeds, each of which replays exactly. Other seeds: npm run sim -- --seeds 1000000 --from 10001.
import { describe, expect, test } from "bun:test"
import { tryJob } from "./shares.ts"
import { simulate } from "./simulate.ts"
import { traceDigest } from "./trace-digest.ts"

const digestOf = (seed: number): string => traceDigest((hear) => simulate(seed, hear))

describe("a simulated pair", () => {
  test("keeps every invariant under 10,000 seeds of crashes, losses, delays and changes of the primary (I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, P2, P3, P4, P5, P6)", async () => {
    const { totals, failure } = await tryJob({ kind: "seeds", from: 1, count: 10_000 }, 2)
    if (failure !== undefined) throw new Error(`replay it with: npm run sim -- ${failure.replay}\n${failure.error}`)
    expect(totals.cases).toBe(10_000)
    // Were nothing to go wrong in them, they would prove nothing.
    for (const happened of [totals.acknowledged, totals.crashes, totals.stuck, totals.rejected, totals.disksLost]) expect(happened).toBeGreaterThan(1_000)
    for (const happened of [totals.promotions, totals.handovers]) expect(happened).toBeGreaterThan(400)
    for (const happened of [totals.rejoins, totals.solos, totals.partings, totals.discards, totals.copies, totals.upgrades]) expect(happened).toBeGreaterThan(100)
  })

  test("does the same, effect by effect, when a seed is run again", () => {
    for (const seed of [1, 42, 4_711]) expect(digestOf(seed)).toBe(digestOf(seed))
  })

  test("does something else with another seed", () => {
    expect(new Set([1, 2, 3, 4].map(digestOf)).size).toBe(4)
  })
})
