// The short form of `npm run chaos`: a few rounds of one seed.
import { expect, test } from "bun:test"
import { chaos } from "./chaos.ts"

test("nodes that are killed, paused, promoted and handed over under load keep every promise (P1, P2, P3, P4, P7)", async () => {
  const { acknowledged, refused, unknown, kills, operations } = await chaos(4, 8)
  // Else nothing was tried.
  expect(kills).toBeGreaterThanOrEqual(8)
  expect(acknowledged).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(0)
  expect(unknown).toBeGreaterThan(0)
  expect(operations).toBeGreaterThan(100)
})
