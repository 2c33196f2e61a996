// How many entities a list has in all, as of its version: exactly where that is found out within a bound, at least so many otherwise.
import type { ListField } from "./list-field.ts"
import type { ListLimits } from "./list-limits.ts"
import { fulfils, isShown, type Listed, rowOf } from "./list-rows.ts"
import type { Plan } from "./list-plan.ts"
import { wholeSpan } from "./list-span.ts"

export interface ListCount {
  /** Undefined where there are more than were looked at. */
  readonly count: number | undefined
  readonly atLeast: number
}

/** `anyField` is any that has an index: every entity has an entry in it, which takes less to read than a row. */
export function countOf(listed: Listed, plan: Plan, anyField: ListField | undefined, limits: ListLimits): ListCount {
  switch (plan.kind) {
    case "nothing":
      return { count: 0, atLeast: 0 }
    case "all":
      return anyField === undefined ? countRows(listed, limits) : countEntries(listed, { along: wholeSpan(anyField.name, anyField.term), rest: [] }, limits)
    case "walk":
    case "sort":
      return countEntries(listed, plan, limits)
    default:
      return plan satisfies never
  }
}

function countRows({ reader, collection, at, reach }: Listed, { countMax }: ListLimits): ListCount {
  const { rows, next } = reader.page(collection, { at, after: undefined, limit: countMax })
  const shown = rows.filter(({ row }) => isShown(reach, collection, row)).length
  return { count: next === undefined ? shown : undefined, atLeast: shown }
}

function countEntries(listed: Listed, { along: { term, from, to }, rest }: Pick<Plan & { readonly kind: "walk" }, "along" | "rest">, { countMax, bytesMax }: ListLimits): ListCount {
  const { reader, collection, at, reach } = listed
  const { entries, next } = reader.walk(collection, term, { at, reverse: false, limit: countMax, scanMax: countMax, from, to })
  if (rest.length === 0 && (reach === undefined || reach === "all")) return { count: next === undefined ? entries.length : undefined, atLeast: entries.length }
  let bytes = 0
  let count = 0
  for (const { id } of entries) {
    const row = rowOf(listed, id)
    bytes += row.length
    if (bytes > bytesMax) return { count: undefined, atLeast: count }
    if (fulfils(row, rest) && isShown(reach, collection, row)) count++
  }
  return { count: next === undefined ? count : undefined, atLeast: count }
}
