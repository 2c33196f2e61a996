// Aligned columns. Measures what is shown, not the escapes that colour it; cuts the last column at the edge.
import { cutToWidth, textWidth } from "./text-width.ts"

/** Narrower than this, a last column tells nothing: the line then goes beyond the edge. */
const lastColumnMin = 12

/** `widths` are what the columns have at least; they grow, so that one table can follow another. */
export function table(rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY, widths: number[] = []): string {
  for (const row of rows) {
    // A last cell makes nothing else start later.
    for (const [n, cell] of row.slice(0, -1).entries()) widths[n] = Math.max(widths[n] ?? 0, textWidth(cell))
  }
  return rows.map((row) => `${lineOf(row, columns, widths)}\n`).join("")
}

function lineOf(row: readonly string[], columns: number, widths: readonly number[]): string {
  let line = ""
  let start = 0
  for (const [n, cell] of row.slice(0, -1).entries()) {
    const width = widths[n] ?? 0
    line += `${cell}${" ".repeat(width - textWidth(cell))}  `
    start += width + 2
  }
  return `${line}${cutToWidth(row.at(-1) ?? "", Math.max(lastColumnMin, columns - start))}`.trimEnd()
}
