// The two clocks, under both runtimes.
import { describe, expect, test } from "bun:test"
import { monotonicMs, wallMs } from "../../src/runtime/clock.ts"
import { printedBy, runtimes } from "./program.ts"

describe("the clocks", () => {
  test("count milliseconds: one since 1970, the other since the process began", () => {
    expect(wallMs()).toBe(Math.trunc(wallMs()))
    expect(new Date(wallMs()).getUTCFullYear()).toBeGreaterThanOrEqual(2024)
    expect(monotonicMs()).toBeLessThan(wallMs())
  })

  test.each(runtimes)("under %s the monotonic one does not follow the wall clock and never goes back", async (runtime) => {
    const printed = await printedBy(
      runtime,
      `import { monotonicMs, wallMs } from "src/runtime/clock.ts"
       const before = monotonicMs()
       Date.now = () => 12_345
       let last = before
       for (let n = 0; n < 100_000; n++) {
         const now = monotonicMs()
         if (now < last) throw new Error("it went back")
         last = now
       }
       console.log(wallMs(), last - before < 600_000)`,
    )
    expect(printed).toBe("12345 true\n")
  })
})
