// What retention keeps: a number of versions, an age, or everything. Pure.
import type { Horizon } from "../store/horizon.ts"
import { oldestOf } from "../store/horizon.ts"

/** Kept is what either keeps. */
export interface Keep {
  readonly versions: number | undefined
  readonly ageMs: number | undefined
}

/** Undefined keeps everything. */
export interface RetentionSettings {
  readonly keep: Keep | undefined
  readonly collections: ReadonlyMap<string, Keep | undefined>
}

/** Where the horizon should be, for one default and for the collections that have an override or had one. */
export interface Wanted {
  readonly before: number
  readonly collections: { readonly [collection: string]: number }
}

/** `versionAt` gives the version that was the newest at a time. */
export function wantedHorizon({ keep, collections }: RetentionSettings, horizon: Horizon, committed: number, nowMs: number, versionAt: (timeMs: number) => number): Wanted {
  const wanted = (by: Keep | undefined, now: number): number => {
    if (by === undefined) return now
    const byVersions = by.versions === undefined ? undefined : committed - by.versions + 1
    const byAge = by.ageMs === undefined ? undefined : versionAt(nowMs - by.ageMs)
    return Math.max(now, Math.min(byVersions ?? committed, byAge ?? committed))
  }
  const named = [...collections].map(([name, by]) => [name, wanted(by, oldestOf(horizon, name))] as const)
  const former = [...horizon.collections].filter(([name]) => !collections.has(name)).map(([name, now]) => [name, wanted(keep, now)] as const)
  return { before: wanted(keep, horizon.oldest), collections: Object.fromEntries([...named, ...former]) }
}

/**
 * Whether the horizon should move: where a hundredth of what is kept could go, and two versions at least, since moving it makes
 * one. So a store at rest comes to rest, and a busy one moves its horizon a hundred times while it fills up once.
 */
export function isDue(wanted: Wanted, horizon: Horizon, committed: number): boolean {
  const pairs = [[horizon.oldest, wanted.before], ...Object.entries(wanted.collections).map(([name, to]) => [oldestOf(horizon, name), to])] as const
  return pairs.some(([from = 0, to = 0]) => to - Math.max(1, from) >= Math.max(2, Math.ceil((committed - to) / 100)))
}
