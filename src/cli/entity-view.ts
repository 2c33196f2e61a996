// Entities and their histories as a person reads them: one line each, or one block for each version.
import type { Paint } from "./colour.ts"
import { type Fields, isFields } from "./fields.ts"
import { inline } from "./printable.ts"
import { table } from "./table.ts"
import { textWidth } from "./text-width.ts"

/** Every entity has these, and nobody looks for them in a list. */
const quiet = new Set(["createdAt", "createdVersion", "collection"])

export function entityTable(items: readonly Fields[], paint: Paint, columns: number): string {
  if (items.length === 0) return ""
  const last = items.some((item) => "value" in item) ? "value" : "data"
  const all = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((name) => !quiet.has(name))
  // What may be long goes last, where the edge of the terminal cuts it.
  const ordered = [...all.filter((name) => name !== last), ...all.filter((name) => name === last)]
  const names = fitting(ordered, (name) => Math.max(textWidth(name), ...items.map((item) => textWidth(inline(item[name])))), columns)
  const rows = items.map((item) => names.map((name) => (name === "id" ? paint("bold", inline(item[name])) : inline(item[name]))))
  return table([names.map((name) => paint("dim", name)), ...rows], columns)
}

/** What is left out of a list that is too wide for the terminal, the least telling first. */
const leftOut = ["updatedAt", "disabled", "verified", "version"]
/** Room that the last column shall have, to tell something. */
const lastWidthMin = 24

function fitting(names: readonly string[], widthOf: (name: string) => number, columns: number): readonly string[] {
  let left = names
  for (const name of leftOut) {
    const before = left.slice(0, -1).reduce((sum, other) => sum + widthOf(other) + 2, 0)
    if (before + Math.min(lastWidthMin, widthOf(left.at(-1) ?? "")) <= columns) break
    left = left.filter((other) => other !== name)
  }
  return left
}

/** A step at the root is all of it: created, or deleted. The others are in the head line. */
const told: ReadonlySet<unknown> = new Set(["", "/version", "/updatedAt"])

export function historyText(items: readonly Fields[], paint: Paint): string {
  return items
    .map((item) => {
      const note = item["note"] === null || item["note"] === undefined ? "" : `  ${paint("dim", inline(item["note"]))}`
      const head = `${paint("bold", `version ${inline(item["version"])}`)}  ${inline(item["time"])}  ${changed(item["change"], paint)}  ${inline(item["principal"])}  ${inline(item["op"])}${note}\n`
      const diff = Array.isArray(item["diff"]) ? item["diff"].filter(isFields).filter(({ path }) => !told.has(path)) : []
      return head + table(diff.map((step) => [`  ${sign(step, paint)}`, inline(step["path"]), "value" in step ? inline(step["value"]) : ""]))
    })
    .join("\n")
}

function changed(change: unknown, paint: Paint): string {
  return paint(change === "deleted" ? "red" : change === "created" ? "green" : "yellow", inline(change))
}

function sign(step: Fields, paint: Paint): string {
  if (step["op"] === "add") return paint("green", "+")
  return step["op"] === "remove" ? paint("red", "-") : paint("yellow", "~")
}
