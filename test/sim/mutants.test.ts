// The checkers bite: each rule of the protocol, broken on purpose, is found within few seeds. More: npm run sim:mutants.
import { describe, expect, test } from "bun:test"
import { BrokenCopy, runMutants } from "./mutant-run.ts"
import { type Mutant, mutants } from "./mutants.ts"
import type { CheckName } from "./check-failed.ts"

const seeds = 3_000

describe("the simulator", () => {
  test("finds every rule that is broken on purpose, by the checker that is meant to (I1, I2, I3, I4, I5, I6, I7, I8, I9, I10)", async () => {
    const found = await runMutants(seeds, 2)
    const missed = found.filter(({ mutant, check }) => !mutant.checks.some((name) => name === check))
    expect(missed.map(({ mutant, seed, check, output }) => `${mutant.rule}: ${seed ?? `survived ${seeds} seeds`} ${check}\n${output}`)).toEqual([])
  })

  test("has a mutant for every invariant that its checker alone must find", () => {
    const invariants: readonly CheckName[] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "P2", "P3", "P4", "P6"]
    const alone = mutants.flatMap(({ checks }) => (checks.length === 1 ? checks : []))
    expect(invariants.filter((name) => !alone.includes(name))).toEqual([])
  })

  test("prints the command that replays a failing seed, and it fails again the same way", async () => {
    const [mutant] = mutants as readonly [Mutant]
    const copy = new BrokenCopy(mutant)
    try {
      const first = await copy.simulate("--seeds", "50")
      const [, flags = ""] = /^.* failed \(I2\); replay it with: npm run sim -- (--seed \d+) --trace$/m.exec(first.output) ?? []
      expect(first.failed).toBe(true)
      const again = [await copy.simulate(...flags.split(" "), "--trace"), await copy.simulate(...flags.split(" "), "--trace")]
      for (const { failed, output } of again) {
        expect(failed).toBe(true)
        expect(output).toContain(`${flags} failed (I2); replay it with`)
      }
      expect(again[0]?.output).toBe(again[1]?.output ?? "")
    } finally {
      copy.remove()
    }
  })

  test("refuses a mutant whose place in the source is gone", () => {
    const lost: Mutant = { rule: "none", checks: [], edits: [{ file: "src/refusal.ts", from: "this text is nowhere", to: "" }] }
    expect(() => new BrokenCopy(lost)).toThrow("src/refusal.ts has 0 times, not once: this text is nowhere")
  })
})
