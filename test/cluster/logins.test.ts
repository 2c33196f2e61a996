// Two hundred clients log in at once on a real pair, while others write.
import { expect, test } from "bun:test"
import { Logins, quantile } from "./logins.ts"
import { RealPair } from "./real-pair.ts"

test("writes do not wait behind logins: 99 of 100 take less than half of what a login takes in the middle", async () => {
  const pair = await RealPair.make()
  try {
    await pair.start()
    const logins = await Logins.prepare(pair, 200)
    const { writeMs, loginMs } = await logins.beside(200, 1_000)
    expect(loginMs.length).toBeGreaterThan(0)
    expect(quantile(writeMs, 0.99)).toBeLessThan(quantile(loginMs, 0.5) / 2)
  } finally {
    await pair.remove()
  }
}, 120_000)
