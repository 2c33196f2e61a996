// Forks: an interval contains a version exactly where its fork is on the version's path and its ends say so.
import { describe, expect, test } from "bun:test"
import { forkOf, pathOf } from "../../src/store/version-fork.ts"
import { Random } from "../sim/random.ts"

function trailingZeros(version: number): number {
  let zeros = 0
  for (let left = version; left % 2 === 0; left /= 2) zeros++
  return zeros
}

describe("the fork of an interval", () => {
  test("is the version in it with the most trailing zeros", () => {
    for (let last = 1; last <= 130; last++) {
      for (let since = 1; since <= last; since++) {
        const within = Array.from({ length: last - since + 1 }, (_, n) => since + n)
        const most = Math.max(...within.map(trailingZeros))
        expect([since, last, [forkOf(since, last)]]).toEqual([since, last, within.filter((version) => trailingZeros(version) === most)])
      }
    }
  })

  test("is some number for what is no interval, as damage may have it", () => {
    expect([forkOf(0, 5), forkOf(0, 0), forkOf(7, 3), forkOf(1, 0)]).toEqual([4, 0, 3, 0])
  })

  test("is on the path of every version in it, and of no other version that its ends let in", () => {
    for (let last = 1; last <= 70; last++) {
      for (let since = 1; since <= last; since++) {
        for (let version = 0; version <= 75; version++) {
          const isFound = pathOf(version, 75).includes(forkOf(since, last)) && since <= version && version <= last
          expect([since, last, version, isFound]).toEqual([since, last, version, since <= version && version <= last])
        }
      }
    }
  })

  test("is on the path of what it contains among versions of any size", () => {
    const random = new Random(9)
    for (let n = 0; n < 5_000; n++) {
      const last = Math.max(1, Math.floor(2 ** (random.between(0, 48_000) / 1_000)) - 1)
      const since = random.chance(0.5) ? Math.max(1, last - random.between(0, 1_000)) : random.between(1, Math.min(last, 2 ** 31))
      const version = random.pick([since, last, Math.floor((since + last) / 2)])
      const newest = random.pick([last, last + 1, 2 ** 48 - 1])
      const fork = forkOf(since, last)
      expect([since, last, version, fork >= since && fork <= last, pathOf(version, newest).includes(fork)]).toEqual([since, last, version, true, true])
    }
  })
})

describe("the path of a version", () => {
  test("is short, has no version twice and none above the newest", () => {
    for (const version of [1, 2, 3, 1_000, 65_536, 99_999, 100_000, 2 ** 40 + 12_345, 2 ** 48 - 1]) {
      for (const newest of [version, version + 1, 2 * version]) {
        const path = pathOf(version, newest)
        expect(path.length).toBeLessThanOrEqual(Math.floor(Math.log2(newest)) + 1)
        expect(new Set(path).size).toBe(path.length)
        expect(Math.max(...path)).toBeLessThanOrEqual(newest)
        expect(path).toContain(version)
      }
    }
  })

  test("of version 0, before everything, is empty", () => {
    expect(pathOf(0, 1_000)).toEqual([])
  })
})
