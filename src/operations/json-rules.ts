// What JSON may look like before anyone looks at its meaning: depth, keys, strings and numbers. HTTP bodies pass here.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"

export const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"])

/** The value of a JSON text, or a refusal with a pointer to what breaks the rules. Of duplicate keys the last one counts. */
export function parseJson(text: string): { readonly value: unknown } | Refusal {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message would quote the text, which may hold a password.
    return refuse("malformed", "The body is not JSON.", { pointer: "" })
  }
  // NUL and lone surrogates can only come from escapes: decoding UTF-8 and JSON.parse let no others through.
  const broken = whyRefused(value, 1, text.includes("\\u"))
  return broken === undefined ? { value } : refuse("malformed", broken.detail, { pointer: broken.pointer })
}

interface Broken {
  readonly detail: string
  readonly pointer: string
}

function whyRefused(value: unknown, depth: number, checkStrings: boolean): Broken | undefined {
  switch (typeof value) {
    case "string":
      return checkStrings ? whyTextRefused(value) : undefined
    case "number":
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? { detail: "An integer is beyond 2^53 and would be rounded; send it as a string.", pointer: "" }
        : Number.isFinite(value)
          ? undefined
          : { detail: "A number is too large.", pointer: "" }
    case "object":
      break
    default:
      return undefined
  }
  if (value === null) return undefined
  if (depth > bounds.jsonDepthMax) return { detail: `The body nests deeper than ${bounds.jsonDepthMax} levels.`, pointer: "" }
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) {
      const broken = whyRefused(value[n], depth + 1, checkStrings)
      if (broken !== undefined) return { ...broken, pointer: `/${n}${broken.pointer}` }
    }
    return undefined
  }
  for (const key of Object.keys(value)) {
    if (forbiddenKeys.has(key)) return { detail: `The key \`${key}\` is not allowed.`, pointer: `/${key}` }
    const broken = (checkStrings ? whyTextRefused(key) : undefined) ?? whyRefused((value as { [key: string]: unknown })[key], depth + 1, checkStrings)
    if (broken !== undefined) return { ...broken, pointer: `/${escapePointer(key)}${broken.pointer}` }
  }
  return undefined
}

function whyTextRefused(text: string): Broken | undefined {
  if (text.includes("\0")) return { detail: "A string holds NUL.", pointer: "" }
  if (!text.isWellFormed()) return { detail: "A string holds half of a surrogate pair.", pointer: "" }
  return undefined
}

/** One reference token of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1")
}
