// When `tandem dev` starts a node again, and with which flags it starts.
import { expect, test } from "bun:test"
import { firstStart } from "../../src/cli/dev-pair.ts"
import { afterEnding } from "../../src/cli/restart-policy.ts"

const early = { ranMs: 100, earlyEndings: 0 }

test("a node is started again after 70, 74, 75 and a signal only", () => {
  const kinds = [0, 1, 64, 65, 70, 71, 72, 73, 74, 75, 76, 78].map((code) => [code, afterEnding({ code, signal: null, ...early }).kind])
  expect(kinds.filter(([, kind]) => kind === "restart").map(([code]) => code)).toEqual([70, 74, 75])
  expect(afterEnding({ code: null, signal: "SIGKILL", ...early })).toMatchObject({ kind: "restart" })
})

test("a code that another start would not mend is passed on", () => {
  expect(afterEnding({ code: 65, signal: null, ...early })).toMatchObject({ kind: "give-up", code: 65 })
})

test("a node that keeps ending early waits longer each time, up to a bound, and not at all longer once it ran well", () => {
  const waits: number[] = []
  let earlyEndings = 0
  for (let n = 0; n < 10; n += 1) {
    const next = afterEnding({ code: 75, signal: null, ranMs: 100, earlyEndings })
    if (next.kind !== "restart") continue
    waits.push(next.afterMs)
    earlyEndings = next.earlyEndings
  }
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000, 10_000])
  expect(afterEnding({ code: 75, signal: null, ranMs: 60_000, earlyEndings })).toMatchObject({ afterMs: 200, earlyEndings: 0 })
})

test("roles are said to two empty disks only, and an empty disk beside a full one joins it", () => {
  expect([firstStart("a", false, false), firstStart("b", false, false)]).toEqual([["--role", "primary"], ["--role", "replica"]])
  expect([firstStart("a", true, true), firstStart("b", true, true)]).toEqual([[], []])
  expect([firstStart("a", true, false), firstStart("b", true, false)]).toEqual([[], ["--role", "replica", "--join"]])
  expect(firstStart("a", false, true)).toEqual(["--join"])
})
