// The delay after wrong passwords: grows, ends, and is forgotten.
import { expect, test } from "bun:test"
import { LoginThrottle } from "../../src/http/login-throttle.ts"

function throttleAt(clock: { nowMs: number }): LoginThrottle {
  return new LoginThrottle(() => clock.nowMs, 5)
}

test("the delay starts after a few failures, doubles, and never grows beyond half a minute", () => {
  const clock = { nowMs: 0 }
  const throttle = throttleAt(clock)
  const waits: number[] = []
  for (let n = 0; n < 14; n++) {
    throttle.failed("ada")
    waits.push(throttle.waitMs("ada"))
  }
  expect(waits).toEqual([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000])
  clock.nowMs += 30_000
  expect(throttle.waitMs("ada")).toBe(0)
})

test("a success and a quiet quarter of an hour forget the failures", () => {
  const clock = { nowMs: 0 }
  const throttle = throttleAt(clock)
  for (let n = 0; n < 6; n++) throttle.failed("ada")
  throttle.forget("ada")
  expect(throttle.waitMs("ada")).toBe(0)
  for (let n = 0; n < 6; n++) throttle.failed("ada")
  clock.nowMs += 15 * 60_000
  throttle.failed("ada")
  expect(throttle.waitMs("ada")).toBe(0)
})

test("the oldest accounts are forgotten where there are too many", () => {
  const throttle = throttleAt({ nowMs: 0 })
  for (let n = 0; n < 6; n++) throttle.failed("ada")
  for (let n = 0; n < 10_000; n++) throttle.failed(`other-${n}`)
  expect(throttle.waitMs("ada")).toBe(0)
})

test("a try that was not looked at does not count", () => {
  const throttle = throttleAt({ nowMs: 0 })
  for (let n = 0; n < 20; n++) {
    throttle.failed("ada")
    throttle.uncount("ada")
  }
  throttle.uncount("nobody")
  for (let n = 0; n < 4; n++) throttle.failed("ada")
  expect(throttle.waitMs("ada")).toBe(0)
})
