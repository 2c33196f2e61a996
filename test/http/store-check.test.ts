// The full check: one at a time, shared by whoever asks meanwhile, and begun anew afterwards.
import { expect, test } from "bun:test"
import { StoreCheck, type StoreReport } from "../../src/http/store-check.ts"

const report: StoreReport = { committed: 1, digest: "d", problems: [], counts: {} }

test("runs once for all who ask while it runs, and again for who comes later", async () => {
  let runs = 0
  let end: (report: StoreReport) => void = () => undefined
  const check = new StoreCheck(() => {
    runs += 1
    return new Promise((resolve) => (end = resolve))
  })
  const asked = [check.report(), check.report()]
  end(report)
  expect(await Promise.all(asked)).toEqual([report, report])
  const later = check.report()
  end({ ...report, committed: 2 })
  expect([(await later).committed, runs]).toEqual([2, 2])
})

test("that fails fails for all who share it, and does not stay failed", async () => {
  let runs = 0
  const check = new StoreCheck(async () => {
    runs += 1
    if (runs === 1) throw new Error("broken")
    return report
  })
  const failed = await Promise.allSettled([check.report(), check.report()])
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect([await check.report(), runs]).toEqual([report, 2])
})
