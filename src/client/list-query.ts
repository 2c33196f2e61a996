// What a list is asked for: filters, order, fields, count. The server refuses, with what would mend it, what has no index.
import type { PageOptions } from "./page.ts"
import type { Query } from "./path.ts"
import { TandemError } from "./tandem-error.ts"

export type FilterValue = string | number | boolean | Date

/** Both ends, or one. */
export interface Range<Value> {
  readonly gt?: Value | undefined
  readonly gte?: Value | undefined
  readonly lt?: Value | undefined
  readonly lte?: Value | undefined
}

/** What a field must be, or what it must lie between. Times may be given as a `Date`. */
export type Filter<Value> = unknown extends Value ? FilterValue | Range<FilterValue> : OneOf<Exclude<Value, null | undefined>>

type OneOf<Value> = [Value] extends [never] ? never : Given<Extract<Value, string | number | boolean>>
type Given<Value> = Value | (Value extends string ? Date : never) | Range<Value | (Value extends string ? Date : never)>

/** Of indexed fields; all of them must hold. */
export type Where<Fields> = { readonly [Name in keyof Fields & string]?: Filter<Fields[Name]> | undefined } & Partial<Stamps>

interface Stamps {
  readonly createdAt: Filter<string> | undefined
  readonly updatedAt: Filter<string> | undefined
}

type Sortable<Fields> = (keyof Fields & string) | keyof Stamps

export interface ListOptions<Fields> extends PageOptions {
  readonly where?: Where<Fields> | undefined
  /** By an indexed field; with a `-` before it, greatest first. Without, in the order of ids, or that of a filter's index. */
  readonly sort?: Sortable<Fields> | `-${Sortable<Fields>}` | undefined
  readonly fields?: undefined
  /** How many there are on all pages, in `count` of the page. */
  readonly count?: boolean | undefined
}

/** The same, with some of the fields only. */
export type ListOptionsFor<Fields, Shown extends keyof Fields & string> = Omit<ListOptions<Fields>, "fields"> & { readonly fields: readonly Shown[] }

/** The same, whatever the fields are. */
export interface AnyListOptions extends PageOptions {
  readonly where?: { readonly [field: string]: unknown } | undefined
  readonly sort?: string | undefined
  readonly fields?: readonly string[] | undefined
  readonly count?: boolean | undefined
}

export function listQuery({ where = {}, sort, fields, count }: AnyListOptions): Query {
  const filters = Object.entries(where).flatMap(([name, filter]) => filterParameters(name, filter))
  return { ...Object.fromEntries(filters), sort, fields: fields?.join(","), count: count === true ? "true" : undefined }
}

function filterParameters(name: string, filter: unknown): readonly (readonly [string, string])[] {
  if (filter === undefined) return []
  if (typeof filter !== "object" || filter === null || filter instanceof Date) return [[name, valueText(filter)]]
  const ends = Object.entries(filter).filter(([, value]) => value !== undefined)
  return ends.map(([end, value]) => [`${name}.${end}`, valueText(value)])
}

/** No text stands for null: a filter that says it would find what holds "null". */
function valueText(value: unknown): string {
  if (value === null) throw new TandemError({ code: "malformed", message: "Nothing can be filtered by null." })
  return value instanceof Date ? value.toISOString() : String(value)
}
