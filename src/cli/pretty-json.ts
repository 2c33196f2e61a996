// JSON for people: indented, coloured on a terminal, safe to show.
import type { Paint } from "./colour.ts"
import { printable } from "./printable.ts"

export function prettyJson(value: unknown, paint: Paint, indent = ""): string {
  if (typeof value === "string") return paint("green", printable(JSON.stringify(value)))
  if (typeof value !== "object" || value === null) return paint(value === null ? "dim" : "yellow", String(value))
  const inner = `${indent}  `
  const entries = Array.isArray(value)
    ? value.map((item: unknown) => prettyJson(item, paint, inner))
    : Object.entries(value).map(([name, item]) => `${paint("cyan", printable(JSON.stringify(name)))}: ${prettyJson(item, paint, inner)}`)
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
  if (entries.length === 0) return `${open}${close}`
  return `${open}\n${entries.map((entry) => `${inner}${entry}`).join(",\n")}\n${indent}${close}`
}
