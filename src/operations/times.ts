// Times as clients write them: RFC 3339, of a day that there is. Never a guess at what was meant.

/** Longer than any time there is; checked before the pattern. */
const lengthMax = 64
const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Milliseconds since 1970, or undefined where the text is no such time. */
export function parseTime(text: string): number | undefined {
  if (text.length > lengthMax) return undefined
  const [, year, month, day] = pattern.exec(text) ?? []
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined
  return Date.parse(text.toUpperCase())
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day))
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
