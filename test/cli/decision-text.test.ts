// A decision says who took it, in the log as in the status.
import { expect, test } from "bun:test"
import { decisionText } from "../../src/cli/decision-text.ts"
import { recordRow } from "../../src/cli/log.ts"

const decision = { what: "promote", by: "key:1", reason: "a burnt down", forced: true, epoch: 2, serial: 1, primary: "b" }

test("what was decided, by whom, and why", () => {
  expect(decisionText(decision)).toBe("promote by key:1, forced: a burnt down")
  expect(decisionText({ what: "paired", by: "tandem", reason: "", forced: false })).toBe("paired by tandem")
})

test("a record of the log shows it, since the row that it writes is no entity", () => {
  const row = recordRow({ version: 4, time: "2026-03-01T12:00:00.000Z", principal: "tandem", operations: [{ op: "pair.decide", data: decision }], writes: [] }, (_, text) => text)
  expect(row).toEqual(["4", "2026-03-01T12:00:00.000Z", "tandem", "pair.decide", "promote by key:1, forced: a burnt down"])
})
