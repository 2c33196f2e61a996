// Query parameters, strictly: unknown and repeated ones are refused by name. Never guesses what was meant.
import { quoted, shortened } from "../operations/quoted.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"

export type Query = ReadonlyMap<string, string>

/** The parameters that a route takes. */
export type Declared = readonly { readonly name: string }[]

const none: Query = new Map()

/** The parameters of `url`, of which only those that are declared may be there. */
export function parseQuery(url: string, declared: Declared): Query | Refusal {
  const query = parseAnyQuery(url)
  if (isRefusal(query) || query.size === 0) return query
  const known = declared.map(({ name }) => name)
  const unknown = [...query.keys()].filter((name) => !known.includes(name))
  return unknown.length === 0 ? query : unknownRefusal(unknown, known)
}

/** The parameters of `url`, whatever their names. */
export function parseAnyQuery(url: string): Query | Refusal {
  const mark = url.indexOf("?")
  if (mark < 0) return none
  const text = url.slice(mark + 1)
  if (!isWellEncoded(text)) return refuse("malformed", "The query string has a broken percent escape.")
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (query.has(name)) return parameterRefusal(name, "is there more than once")
    query.set(name, value)
  }
  return query
}

export function unknownRefusal(unknown: readonly string[], known: readonly string[], hint?: string): Refusal {
  const list = (names: readonly string[]): string => names.map(quoted).join(", ")
  const detail = `Unknown query parameter: ${list(unknown.slice(0, 10))}. Known here: ${known.length === 0 ? "none" : list(known)}.`
  return refuse("malformed", detail, { pointer: pointerTo(unknown[0] ?? ""), ...(hint === undefined ? {} : { hint }) })
}

/** Whether every percent escape in `text` is one, and together they are UTF-8. */
export function isWellEncoded(text: string): boolean {
  if (!text.includes("%")) return true
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

export function parameterRefusal(name: string, what: string, hint?: string): Refusal {
  return refuse("malformed", `The query parameter ${quoted(name)} ${what}.`, { pointer: pointerTo(name), ...(hint === undefined ? {} : { hint }) })
}

/** A whole number that JSON and the store hold exactly, in plain digits. */
export function parseWhole(text: string): number | undefined {
  if (text.length === 0 || text.length > 16 || !/^[0-9]+$/.test(text)) return undefined
  const number = Number(text)
  return Number.isSafeInteger(number) && number <= versionMax ? number : undefined
}

/** Versions are kept in six bytes. */
export const versionMax = 2 ** 48 - 1

/** A whole number parameter, or undefined where it is absent. */
export function wholeParameter(query: Query, name: string): number | undefined | Refusal {
  const text = query.get(name)
  if (text === undefined) return undefined
  return parseWhole(text) ?? parameterRefusal(name, "is not a whole number")
}

function pointerTo(name: string): string {
  return `/${shortened(name).replaceAll("~", "~0").replaceAll("/", "~1")}`
}
