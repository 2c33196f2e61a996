// Paths of requests: every part encoded, and none that a URL would read as something else.
import { TandemError } from "./tandem-error.ts"

export type Query = Readonly<Record<string, string | number | undefined>>

export function pathOf(parts: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  const search = given.map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`).join("&")
  return `/${parts.map(segment).join("/")}${search === "" ? "" : `?${search}`}`
}

/** An empty part, `.` and `..` would lead to another path. */
function segment(text: string): string {
  if (text !== "" && text !== "." && text !== "..") return encoded(text)
  throw new TandemError({ code: "malformed", message: `"${text}" names nothing: no id is empty, "." or "..".` })
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch (cause) {
    throw new TandemError({ code: "malformed", message: "The text holds half of a surrogate pair.", cause })
  }
}
