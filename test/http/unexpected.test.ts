// Errors that nothing expected: what ends the process, and what the one line on stderr may say.
import { expect, test } from "bun:test"
import { unexpected } from "../../src/http/unexpected.ts"
import { InvariantBroken } from "../../src/protocol/invariant.ts"
import { RecordDamaged } from "../../src/protocol/record.ts"
import { DiskError } from "../../src/store/transact.ts"

function happen(error: unknown): { readonly lines: string[]; readonly rethrown: unknown[] } {
  const lines: string[] = []
  const rethrown: unknown[] = []
  unexpected(error, "GET /x", { report: (line) => lines.push(line), rethrow: (thrown) => rethrown.push(thrown) })
  return { lines, rethrown }
}

test("a broken invariant, record or disk is thrown again, to end the process", () => {
  for (const error of [new InvariantBroken("I4", "x"), new RecordDamaged("x"), new DiskError(new Error("EIO"))]) {
    expect(happen(error)).toEqual({ lines: [], rethrown: [error] })
  }
})

test("anything else is one line with its name and places, without its message", () => {
  const { lines, rethrown } = happen(new TypeError("canary\nat canary"))
  expect(rethrown).toEqual([])
  expect(lines).toHaveLength(1)
  expect(lines[0]).toStartWith("tandem: unexpected TypeError in GET /x at ")
  expect(lines[0]).not.toMatch(/canary|\n/)
  expect(lines[0]?.match(/ at /g)?.length).toBeLessThanOrEqual(3)
})

test("what is thrown need not be an error", () => {
  const bare = new Error("canary")
  delete (bare as { stack?: string }).stack
  for (const thrown of ["canary", { message: "canary" }, null, undefined, 5, bare]) {
    const { lines } = happen(thrown)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^tandem: unexpected [A-Za-z]+ in GET \/x$/)
  }
})
