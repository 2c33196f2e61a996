// Requests that wait for a version: each is told once, and none is kept.
import { describe, expect, test } from "bun:test"
import { CommittedWaiters } from "../../src/node/committed-waiters.ts"
import { printedBy } from "../runtime/program.ts"

const minute = 60_000

describe("waiters for a version", () => {
  test("are told as soon as it is committed, or a later one is, and not before", async () => {
    const waiters = new CommittedWaiters()
    const told: number[] = []
    const waits = [3, 1, 2, 2].map((version) => waiters.wait(version, minute).then((reached) => reached && told.push(version)))
    waiters.advanced(1)
    await waits[1]
    expect(told).toEqual([1])
    waiters.advanced(5)
    await Promise.all(waits)
    expect(told.sort()).toEqual([1, 2, 2, 3])
  })

  test("are told that it was not in time", async () => {
    const waiters = new CommittedWaiters()
    expect(await waiters.wait(1, 1)).toBe(false)
    waiters.advanced(1)
  })

  test("that were told are forgotten, and their timers with them: nothing keeps a process alive", async () => {
    const before = performance.now()
    const printed = await printedBy(
      "bun",
      `import { CommittedWaiters } from "src/node/committed-waiters.ts"
       const waiters = new CommittedWaiters()
       const all = Array.from({ length: 10_000 }, (_, n) => waiters.wait(n, 600_000))
       waiters.advanced(10_000)
       console.log((await Promise.all(all)).every(Boolean))`,
    )
    expect(printed).toBe("true\n")
    // It would have waited for ten minutes.
    expect(performance.now() - before).toBeLessThan(300_000)
  })
})

test("who listens hears of each move, until it listens no more", () => {
  const waiters = new CommittedWaiters()
  let moves = 0
  const stop = waiters.listen(() => moves++)
  waiters.advanced(1)
  waiters.advanced(2)
  stop()
  waiters.advanced(3)
  expect(moves).toBe(2)
})
