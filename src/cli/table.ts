// Aligned columns. Measures what is shown, not the escapes that colour it; cuts the last column at the edge.
import { stripVTControlCharacters } from "node:util"

export function table(rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [n, cell] of row.entries()) widths[n] = Math.max(widths[n] ?? 0, widthOf(cell))
  }
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const lastMax = Math.max(12, columns - before)
  return rows.map((row) => `${row.map((cell, n) => cellOf(cell, n, row.length, widths, lastMax)).join("  ").trimEnd()}\n`).join("")
}

function cellOf(cell: string, n: number, count: number, widths: readonly number[], lastMax: number): string {
  const width = widthOf(cell)
  if (n < count - 1) return cell + " ".repeat((widths[n] ?? 0) - width)
  return width <= lastMax ? cell : `${[...stripVTControlCharacters(cell)].slice(0, lastMax - 1).join("")}…`
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}
