// A tally is even where both sides are the same, and tells where they are not.
import { expect, test } from "bun:test"
import { Tally } from "../../src/store/tally.ts"

const entities = ["a", "b", "things\0a\0", "things\0b\0"].map((text) => Buffer.from(text))

test("a tally is even once both sides counted the same, in any order", () => {
  const tally = new Tally()
  expect(tally.even).toBe(true)
  for (let version = 1; version <= 1_000; version++) for (const entity of entities) tally.add(entity, version)
  expect(tally.even).toBe(false)
  for (let version = 1_000; version >= 1; version--) for (const entity of entities) tally.take(entity, version)
  expect(tally.even).toBe(true)
})

test("a tally tells what is on one side only, and leaves out nearly all others", () => {
  const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = entities
  const tally = new Tally()
  tally.add(one, 7)
  tally.take(two, 2 ** 40)
  expect([tally.even, tally.differs(one, 7), tally.differs(two, 2 ** 40)]).toEqual([false, true, true])
  const others = Array.from({ length: 10_000 }, (_, n) => tally.differs(one, n + 8)).filter(Boolean)
  expect(others.length).toBeLessThan(10)
})
