// Makes stored text safe to show: what was stored must not move the cursor or change colours of who looks at it.

/** Control characters, and those that turn the direction of text, become visible escapes. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
  })
}

/** A JSON value in one line: strings bare, the rest as JSON. */
export function inline(value: unknown): string {
  if (value === undefined || value === null) return "–"
  return printable(typeof value === "string" ? value : JSON.stringify(value))
}
