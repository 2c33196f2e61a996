// Every crash of a short history: before and after each effect of either node, and pairs of them.
import { describe, expect, test } from "bun:test"
import { tellHistory } from "./crash-history.ts"
import { tryJob } from "./shares.ts"

describe("a short history with a write, a no from either disk and a retry", () => {
  test("reaches every effect that a round has", () => {
    const happened = new Set<string>()
    tellHistory({ crashes: [], whenStuck: "exit", restartMs: 50 }, (line) => happened.add(line.replace(/^\d+ /, "")))
    for (const effect of ["b replies refused stale-round", "a undo", "a asks rollback", "b undo", "b replies rolled-back", "a rejects: full", "a acknowledges 1", "b replies vote"]) {
      expect([...happened]).toContain(effect)
    }
  })

  test("keeps every invariant whichever node crashes at whichever effect, once or twice (I1, I2, I3, I4, I5, I6, I7, I8, I9, I10)", async () => {
    const { totals, failure } = await tryJob({ kind: "exhaustive", stride: 1 }, 2)
    if (failure !== undefined) throw new Error(`replay it with: npm run sim -- ${failure.replay}\n${failure.error}`)
    expect(totals.cases).toBeGreaterThan(5_000)
    expect(totals.crashes).toBeGreaterThan(totals.cases)
  })
})
