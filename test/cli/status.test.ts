// What `tandem status` makes of an answer, where it is not plainly what the answer says.
import { expect, test } from "bun:test"
import { statusRows } from "../../src/cli/status.ts"

test("a peer that is not heard any more was in sync, or is not: nobody knows whether it still is", () => {
  const shown = (reachable: boolean, inSync: boolean): string => {
    const row = statusRows({ peer: { node: "a", reachable, inSync } }, (_, text) => text).find(([name]) => name === "peer")
    return row?.join("  ") ?? ""
  }
  expect([shown(true, true), shown(false, true), shown(true, false), shown(false, false)]).toEqual([
    "peer  a  reachable  in sync",
    "peer  a  unreachable  was in sync",
    "peer  a  reachable  not in sync",
    "peer  a  unreachable  not in sync",
  ])
})

test("the newest backup is shown, or why there is none", () => {
  const shown = (backup: object | null): readonly string[] => statusRows({ backup }, (_, text) => text).map((row) => row.join("  ")).filter((row) => row.includes("backup"))
  expect(shown(null)).toEqual([])
  expect(shown({ version: 1_200, at: "2026-03-01T12:00:00.000Z", error: null })).toEqual(["backup  version 1,200, 2026-03-01T12:00:00.000Z"])
  expect(shown({ version: null, at: null, error: "there is no room" })).toEqual(["no backup  there is no room"])
})
