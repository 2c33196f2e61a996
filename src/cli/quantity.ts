// Durations and sizes as people write them (`500ms 10s 5m 30d`, `1MiB`), to and from base units.

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const sizeUnits = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const

/** Milliseconds, or undefined where `text` is no duration. */
export function parseDuration(text: string): number | undefined {
  return parse(text, durationUnits, undefined)
}

/** Bytes, or undefined where `text` is no size. A bare number is bytes. */
export function parseSize(text: string): number | undefined {
  return parse(text, sizeUnits, "B")
}

export function showDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)}ms`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`
  return `${Math.floor(seconds / 3_600)}h${String(Math.floor((seconds % 3_600) / 60)).padStart(2, "0")}m`
}

export function showSize(bytes: number): string {
  const [unit, factor] = Object.entries(sizeUnits).findLast(([, size]) => bytes >= size) ?? ["B", 1]
  const amount = bytes / factor
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${unit}`
}

function parse(text: string, units: Readonly<Record<string, number>>, bare: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? []
  if (digits === undefined) return undefined
  const name = unit === "" || unit === undefined ? bare : unit
  const factor = name === undefined || !Object.hasOwn(units, name) ? undefined : units[name]
  if (factor === undefined) return undefined
  const amount = Number(digits) * factor
  return Number.isSafeInteger(amount) ? amount : undefined
}
