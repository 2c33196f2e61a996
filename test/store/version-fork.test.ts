// Drawers: an interval contains a version exactly where one of its drawers is among those of the version and its ends say so.
import { describe, expect, test } from "bun:test"
import { type Drawer, drawersOf, drawersWith, forkOf } from "../../src/store/version-fork.ts"
import { Random } from "../sim/random.ts"

function trailingZeros(version: number): number {
  let zeros = 0
  for (let left = version; left % 2 === 0; left /= 2) zeros++
  return zeros
}

/** In how many of the version's drawers the interval is. */
function meetings(since: number, last: number, version: number, newest: number): number {
  const name = ({ fork, reach }: Drawer): string => `${fork} ${reach}`
  const own = new Set(drawersOf(since, last).map(name))
  return drawersWith(version, newest).filter((drawer) => own.has(name(drawer))).length
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
})

describe("an interval", () => {
  test("is in one of the drawers of every version in it, and of others in one at most, with ends that say so", () => {
    for (let last = 1; last <= 70; last++) {
      for (let since = 1; since <= last; since++) {
        for (let version = 0; version <= 75; version++) {
          const met = meetings(since, last, version, 75)
          if (since <= version && version <= last) expect([since, last, version, met]).toEqual([since, last, version, 1])
          else expect(met).toBeLessThanOrEqual(1)
        }
      }
    }
  })

  test("is found among versions of any size, by its first, its last and those between", () => {
    const random = new Random(9)
    for (let n = 0; n < 5_000; n++) {
      const last = Math.max(1, Math.floor(2 ** (random.between(0, 48_000) / 1_000)) - 1)
      const since = random.chance(0.5) ? Math.max(1, last - random.between(0, 1_000)) : random.between(1, Math.min(last, 2 ** 31))
      const version = random.pick([since, last, Math.floor((since + last) / 2)])
      const newest = random.pick([last, last + 1, 2 ** 48 - 1])
      expect([since, last, version, newest, meetings(since, last, version, newest)]).toEqual([since, last, version, newest, 1])
    }
  })

  test("is in two drawers at most, whose reach is a byte", () => {
    for (const [since, last] of [[1, 1], [1, 2 ** 48 - 1], [2 ** 47, 2 ** 47], [5, 9]] as const) {
      const drawers = drawersOf(since, last)
      expect(drawers.length).toBe(since === forkOf(since, last) ? 1 : 2)
      for (const { reach } of drawers) expect(reach).toBeLessThan(256)
    }
    expect(drawersOf(5, 13)).toEqual([{ fork: 8, reach: 3 }, { fork: 8, reach: 0x80 + 2 }])
  })
})

describe("what is in the drawers of a version without containing it", () => {
  test("is of the drawers that reach just to it only: less than twice as far, or half as far", () => {
    for (let version = 1; version <= 64; version++) {
      for (let last = 1; last <= 64; last++) {
        for (let since = 1; since <= last; since++) {
          if (meetings(since, last, version, 64) === 0 || (since <= version && version <= last)) continue
          const fork = forkOf(since, last)
          const [reached, needed] = version < fork ? [fork - since, fork - version] : [last - fork, version - fork]
          expect([since, last, version, 2 * reached >= needed]).toEqual([since, last, version, true])
        }
      }
    }
  })
})

describe("the drawers of a version", () => {
  test("are few, each there once, and of no fork above the newest", () => {
    for (const version of [1, 2, 3, 1_000, 65_536, 99_999, 100_000, 2 ** 40 + 12_345, 2 ** 48 - 1]) {
      for (const newest of [version, version + 1, 2 * version]) {
        const drawers = drawersWith(version, newest)
        const levels = Math.floor(Math.log2(newest)) + 1
        expect(drawers.length).toBeLessThanOrEqual((levels * (levels + 1)) / 2)
        expect(new Set(drawers.map(({ fork, reach }) => `${fork} ${reach}`)).size).toBe(drawers.length)
        expect(Math.max(...drawers.map(({ fork }) => fork))).toBeLessThanOrEqual(newest)
      }
    }
  })

  test("of most versions are not many more than the forks on their way", () => {
    const random = new Random(2)
    let count = 0
    for (let n = 0; n < 1_000; n++) count += drawersWith(random.between(1, 2 ** 20), 2 ** 20).length
    expect(count / 1_000).toBeLessThan(3 * 20)
  })

  test("of version 0, before everything, are none", () => {
    expect(drawersWith(0, 1_000)).toEqual([])
  })
})
