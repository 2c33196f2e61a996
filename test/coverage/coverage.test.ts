// Every branch of src/protocol is reached by its tests or by a simulated seed, but for those that are named, each with its reason.
import { expect, test } from "bun:test"
import { coverage } from "./branches.ts"
import { unreached } from "./unreached.ts"

/** Few: what a short run does not reach deserves a scenario. */
const seeds = 300

test("every branch of src/protocol is reached, but for those that cannot be", () => {
  const measured = coverage(seeds)
  expect(measured.branches).toBeGreaterThan(1_000)
  const textOf = ({ file, text }: { readonly file: string; readonly text: string }): string => `${file}: ${text}`
  // A line may hold several.
  expect([...new Set(measured.unreached.map(textOf))].sort()).toEqual(unreached.map(textOf).sort())
})
