// The short form of power cuts; `npm run power-cuts` goes on with more of them.
import { describe, expect, test } from "bun:test"
import { inTurns } from "./in-turns.ts"
import { type PowerCut, Recording } from "./power-cut.ts"
import { isStraceHere } from "./strace.ts"

const cuts = 16

describe.skipIf(!isStraceHere)("a pair whose power is cut", () => {
  test("at any moment, with what was not synced lost, kept or torn, has everything it had said (P1, P2, P3, I2, I3)", async () => {
    const recording = await Recording.make(8)
    const done: PowerCut[] = []
    await inTurns(Array.from({ length: cuts }, (_, n) => n + 1), async (seed) => void done.push(await recording.cut(seed)), 3)
    // Else nothing was tried.
    expect(recording.refused).toBeGreaterThan(0)
    expect(new Set(done.map(({ which }) => which)).size).toBe(3)
    expect(new Set(done.flatMap(({ lost }) => lost)).size).toBeGreaterThan(4)
    expect(done.filter(({ version }) => version > 2).length).toBeGreaterThan(cuts / 2)
  })
})
