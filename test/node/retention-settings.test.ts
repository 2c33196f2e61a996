// Where the horizon should be, and when it should move.
import { describe, expect, test } from "bun:test"
import { isDue, type Keep, wantedHorizon } from "../../src/node/retention-settings.ts"
import { type Horizon, noHorizon } from "../../src/store/horizon.ts"

/** Version n is from second n. */
const versionAt = (timeMs: number): number => Math.floor(timeMs / 1_000)
const keep = (versions: number | undefined, ageMs: number | undefined): Keep => ({ versions, ageMs })
const at = (oldest: number, collections: Record<string, number> = {}): Horizon => ({ oldest, collections: new Map(Object.entries(collections)), log: Math.min(oldest, ...Object.values(collections)) })

function wanted(by: Keep | undefined, horizon = noHorizon, collections: Record<string, Keep | undefined> = {}) {
  return wantedHorizon({ keep: by, collections: new Map(Object.entries(collections)) }, horizon, 1_000, 1_000_000, versionAt)
}

describe("the horizon", () => {
  test("leaves so many versions, or those of so long, or what either keeps", () => {
    expect(wanted(undefined)).toEqual({ before: 0, collections: {} })
    expect(wanted(keep(100, undefined)).before).toBe(901)
    expect(wanted(keep(undefined, 300_000)).before).toBe(700)
    expect(wanted(keep(100, 300_000)).before).toBe(700)
    expect(wanted(keep(500, 300_000)).before).toBe(501)
    expect(wanted(keep(1, undefined)).before).toBe(1_000)
    expect(wanted(keep(5_000, undefined)).before).toBe(0)
    expect(wanted(keep(undefined, 2_000_000)).before).toBe(0)
  })

  test("never goes back", () => {
    expect(wanted(keep(500, undefined), at(800)).before).toBe(800)
    expect(wanted(undefined, at(800)).before).toBe(800)
  })

  test("is that of a collection where it has one, or had one", () => {
    expect(wanted(keep(100, undefined), at(500), { goals: keep(10, undefined), notes: undefined })).toEqual({ before: 901, collections: { goals: 991, notes: 500 } })
    expect(wanted(keep(100, undefined), at(500, { goals: 300, collections: 300 }))).toEqual({ before: 901, collections: { goals: 901, collections: 901 } })
  })

  test("moves where a hundredth of what is kept may go, and at least two versions", () => {
    const due = (from: number, to: number, committed: number): boolean => isDue({ before: to, collections: {} }, at(from), committed)
    expect([due(0, 1, 10), due(0, 2, 10), due(0, 3, 10)]).toEqual([false, false, true])
    expect([due(5, 6, 10), due(5, 7, 10)]).toEqual([false, true])
    expect([due(1_000, 1_099, 11_099), due(1_000, 1_100, 11_100)]).toEqual([false, true])
    expect(isDue({ before: 5, collections: { goals: 7 } }, at(5), 10)).toBe(true)
  })
})
