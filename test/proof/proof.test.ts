// The proof is what the recorded runs make of it, and leaves no failpoint out.
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { failpoints } from "../../src/runtime/failpoint.ts"
import { orders } from "../cluster/killed-at.ts"
import { type Crashes, crashesFile } from "./crash-matrix.ts"
import { groupOf, groups } from "./failpoint-groups.ts"
import { proofFile, recordedProof } from "./run.ts"

const tests = join(import.meta.dirname, "..")

describe("docs/PROOF.md", () => {
  test("is what `npm run proof` makes of the recorded runs", () => {
    expect(readFileSync(proofFile, "utf8")).toBe(recordedProof())
  })

  test("names no machine's path", () => {
    expect(readFileSync(proofFile, "utf8")).not.toMatch(/\/(home|root|tmp|work|Users)\//)
  })

  test("has every step of a write in every restart order", () => {
    const { crashes } = JSON.parse(readFileSync(crashesFile, "utf8")) as Crashes
    const expected = failpoints.filter((name) => groupOf(name) === groups.write).flatMap((name) => orders.map((order) => `${name}: ${order}`))
    expect(crashes.map(({ failpoint, order }) => `${failpoint}: ${order}`).sort()).toEqual(expected.sort())
  })
})

describe("every failpoint", () => {
  test.each(failpoints)("%s is of some work, whose test is there", (name) => {
    const group = groupOf(name)
    if (group === undefined) throw new Error(`${name} is in no group of test/proof/failpoint-groups.ts`)
    expect(existsSync(join(tests, group.test))).toBe(true)
  })
})
