// Query parameters, strictly: unknown and repeated ones are refused by name. Never guesses what was meant.
import { type Refusal, refuse } from "../refusal.ts"

export type Query = ReadonlyMap<string, string>

const none: Query = new Map()

/** The parameters of `url`, of which only those that are declared may be there. */
export function parseQuery(url: string, declared: readonly { readonly name: string }[]): Query | Refusal {
  const mark = url.indexOf("?")
  if (mark < 0) return none
  const text = url.slice(mark + 1)
  if (!isWellEncoded(text)) return refuse("malformed", "The query string has a broken percent escape.")
  const allowed = declared.map(({ name }) => name)
  const query = new Map<string, string>()
  const unknown: string[] = []
  for (const [name, value] of new URLSearchParams(text)) {
    if (!allowed.includes(name)) unknown.push(name)
    else if (query.has(name)) return parameterRefusal(name, "is there more than once")
    else query.set(name, value)
  }
  if (unknown.length === 0) return query
  const names = unknown.map((name) => `\`${name.slice(0, 64)}\``).join(", ")
  const known = allowed.length === 0 ? "none" : allowed.map((name) => `\`${name}\``).join(", ")
  return refuse("malformed", `Unknown query parameter: ${names}. Known here: ${known}.`, { pointer: pointerTo(unknown[0] ?? "") })
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

export function parameterRefusal(name: string, what: string): Refusal {
  return refuse("malformed", `The query parameter \`${name}\` ${what}.`, { pointer: pointerTo(name) })
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
  return `/${name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`
}
