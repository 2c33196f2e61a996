// JSON in one line, as machines want it, and yet harmless on a terminal: JSON itself escapes only some of the characters
// that move a cursor or turn the direction of text. A parser reads the same value.
import { printable } from "./printable.ts"

export function jsonLine(value: unknown): string {
  return `${printable(JSON.stringify(value))}\n`
}
