// Times as clients write them: RFC 3339, of a day that there is, and of a year with four digits in UTC: what other years are called
// there has another form and order. Never a guess at what was meant.

/** Longer than any time there is; checked before the pattern. */
const lengthMax = 64
const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Milliseconds since 1970, or undefined where the text is no such time. */
export function parseTime(text: string): number | undefined {
  if (text.length > lengthMax) return undefined
  const [, year, month, day] = pattern.exec(text) ?? []
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined
  const timeMs = Date.parse(text.toUpperCase())
  return timeMs < firstMs || timeMs > lastMs ? undefined : timeMs
}

const firstMs = Date.parse("0000-01-01T00:00:00.000Z")
const lastMs = Date.parse("9999-12-31T23:59:59.999Z")

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day))
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
