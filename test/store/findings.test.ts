// Findings are kept up to a bound, then counted; only damage is taken for damage.
import { expect, test } from "bun:test"
import { Findings } from "../../src/store/findings.ts"

test("findings are kept in their order up to a bound, then counted", () => {
  const findings = new Findings()
  for (let n = 0; n < 100; n++) {
    expect(findings.isFull).toBe(false)
    findings.report(`${n}`, "broken")
  }
  expect(findings.problems).toHaveLength(100)
  expect(findings.isFull).toBe(true)
  findings.report("x", "broken")
  findings.report("y", "broken")
  expect(findings.problems[0]).toEqual({ where: "0", what: "broken" })
  expect(findings.problems.at(-1)).toEqual({ where: "and", what: "2 more" })
})

test("a number that leads out of its bytes is damage, and any other error is not hidden", () => {
  const findings = new Findings()
  findings.guard("here", "it is damaged", () => Buffer.alloc(1).readUInt32BE(0))
  findings.guard("there", "it is damaged", () => undefined)
  expect(findings.problems).toEqual([{ where: "here", what: "it is damaged" }])
  const bug = (): never => {
    throw new TypeError("a bug")
  }
  expect(() => findings.guard("here", "it is damaged", bug)).toThrow("a bug")
})
