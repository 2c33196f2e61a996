// Durations in the data of operations, as in the settings: `500ms 10s 5m 12h 30d`. Whole numbers only.
import * as v from "valibot"
import { bounds } from "../bounds.ts"

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Longer than any duration there may be; checked before the pattern. */
const lengthMax = 16

/** What a duration looks like. */
export const durationPattern = /^(\d+)(ms|s|m|h|d)$/

/** Milliseconds, or undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = text.length > lengthMax ? [] : (durationPattern.exec(text) ?? [])
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (unitsMs[unit] ?? Number.NaN)
}

/** How long something may live. Kept as it was written. */
export const durationField = v.pipe(
  v.string(),
  v.check((text) => {
    const ms = parseDuration(text)
    return ms !== undefined && ms >= bounds.lifeMsMin && ms <= bounds.lifeMsMax
  }, "must be a duration from 1s to 3650d, such as 15m or 30d"),
)

/** The time that lies a duration after `time`; both RFC 3339 in UTC, so that the later one is the greater text. */
export function timeAfter(time: string, duration: string): string {
  return new Date(Date.parse(time) + (parseDuration(duration) ?? Number.NaN)).toISOString()
}
