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
