// What a list is asked for, read from the URL alone. Which of the other parameters are fields of the collection is not known yet.
import * as v from "valibot"
import { isRefusal, type Refusal } from "../../refusal.ts"
import { openCursor, type OpenCursor } from "./cursor.ts"
import type { CursorSeal } from "./cursor-seal.ts"
import { fieldNamePattern, isFieldName } from "./list-field.ts"
import { type Operator, operators } from "./list-span.ts"
import { cursorParameter, limitParameter, pageParameters } from "../page.ts"
import { type Described, flag, text } from "../parameter.ts"
import { parameterRefusal, parseAnyQuery, type Query } from "../query.ts"

export interface Filter {
  /** As it stands in the URL: `age.gte`. */
  readonly parameter: string
  readonly field: string
  readonly operator: Operator
  readonly text: string
}

export interface Sort {
  readonly field: string
  readonly reverse: boolean
}

export interface ListParameters {
  readonly query: Query
  readonly limit: number
  readonly cursor: OpenCursor | undefined
  readonly sort: Sort | undefined
  /** What of the `value` is shown; undefined for all of it. */
  readonly fields: readonly string[] | undefined
  readonly count: boolean
  readonly filters: readonly Filter[]
  /** What can be no field. */
  readonly unknown: readonly string[]
}

const sortParameter = text({ name: "sort", description: "The order: a field with an index, upwards, or downwards after a `-`. What has no value is before all others." })
const fieldsParameter = text({ name: "fields", description: "What is shown of each entity's own value: names of fields with commas between them." })
const countParameter = flag({ name: "count", description: "Whether the answer says how many there are in all." })

/** The parameters of every list. All others are filters, so a field of one of these names cannot have an index. */
export const listParameters = [...pageParameters, sortParameter, fieldsParameter, countParameter]

const filterPattern = new RegExp(`${fieldNamePattern.source.slice(0, -1)}(\\.(${operators.join("|")}))?$`)

/** Those others. */
export const filterParameters: Described = {
  name: "filters",
  description:
    "Filters on fields that have an index: `field=` for a value, `field.gt=`, `field.gte=`, `field.lt=` and `field.lte=` for a range, several at once; what has no value " +
    "fulfils none. One on a field without an index is refused with what would add it.",
  schema: v.optional(v.record(v.pipe(v.string(), v.regex(filterPattern)), v.string())),
}

/** `seal` where cursors are sealed for who asks. */
export function parseListParameters(url: string, seal?: CursorSeal): ListParameters | Refusal {
  const query = parseAnyQuery(url)
  if (isRefusal(query)) return query
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return limit
  const given = cursorParameter.of(query)
  if (isRefusal(given)) return given
  const cursor = given === undefined ? undefined : openCursor(seal === undefined ? given : seal.open(given))
  if (isRefusal(cursor)) return cursor
  const sort = sortOf(query)
  if (isRefusal(sort)) return sort
  const fields = fieldsOf(query)
  if (isRefusal(fields)) return fields
  const count = countParameter.of(query)
  if (isRefusal(count)) return count
  const filters: Filter[] = []
  const unknown: string[] = []
  for (const [parameter, value] of query) {
    if (listParameters.some(({ name }) => name === parameter)) continue
    const filter = filterOf(parameter, value)
    if (filter === undefined) unknown.push(parameter)
    else filters.push(filter)
  }
  return { query, limit, cursor, sort, fields, count, filters, unknown }
}

function filterOf(parameter: string, text: string): Filter | undefined {
  const dot = parameter.indexOf(".")
  const field = dot < 0 ? parameter : parameter.slice(0, dot)
  const operator = dot < 0 ? "is" : operators.find((one) => one === parameter.slice(dot + 1))
  return operator === undefined || !isFieldName(field) ? undefined : { parameter, field, operator, text }
}

function sortOf(query: Query): Sort | undefined | Refusal {
  const text = sortParameter.of(query)
  if (text === undefined || isRefusal(text)) return text
  const reverse = text.startsWith("-")
  const field = reverse ? text.slice(1) : text
  return isFieldName(field) ? { field, reverse } : parameterRefusal("sort", "must be the name of a field, or of a field after a `-`")
}

function fieldsOf(query: Query): readonly string[] | undefined | Refusal {
  const text = fieldsParameter.of(query)
  if (text === undefined || isRefusal(text)) return text
  const names = text.split(",")
  if (names.some((name) => name === "")) return parameterRefusal("fields", "must be names of fields, with commas between them")
  return new Set(names).size === names.length ? names : parameterRefusal("fields", "names a field more than once")
}
