// A name that a client has sent, as a sentence says it: not at any length. Never for values, which may be secrets.
import { bounds } from "../bounds.ts"

export function quoted(name: string): string {
  return name.length <= bounds.quotedLengthMax ? `\`${name}\`` : `\`${shortened(name)}…\``
}

/** The beginning of a name, where that is enough. */
export function shortened(name: string): string {
  return name.slice(0, bounds.quotedLengthMax).toWellFormed()
}
