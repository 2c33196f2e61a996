// What a list was asked for, understood with the definition that its collection had: filters as spans of indexes, and the order.
import { quoted } from "../../operations/quoted.ts"
import { isRefusal, type Refusal } from "../../refusal.ts"
import { filterValue, valueForm } from "./filter-value.ts"
import { type Described, hintFor, listField, listFields, whyNoField } from "./list-field.ts"
import type { Filter, ListParameters, Sort } from "./list-parameters.ts"
import type { ListOrder } from "./list-plan.ts"
import { narrowed, type Span, spanOf } from "./list-span.ts"
import { projectedName } from "./projection.ts"
import { type Declared, parameterRefusal, unknownRefusal } from "../query.ts"

export interface ListRequest {
  /** Of one field each. */
  readonly spans: readonly Span[]
  readonly sort: ListOrder | undefined
}

export function listRequest(described: Described, parameters: ListParameters, declared: Declared): ListRequest | Refusal {
  const unknown = unknownOf(described, parameters, declared)
  if (unknown !== undefined) return unknown
  const spans = spansOf(described, parameters.filters)
  if (isRefusal(spans)) return spans
  const sort = sortOf(described, parameters.sort)
  if (isRefusal(sort)) return sort
  return fieldsRefusal(described, parameters.fields) ?? { spans, sort }
}

/** What a cursor is good for: the same filters and the same order, however they were written. */
export function listingOf(collection: string, { spans, sort }: ListRequest): string {
  const order = sort === undefined ? null : [sort.term, sort.reverse]
  return JSON.stringify([collection, order, ...spans.map(({ term, from, to }) => [term, boundText(from), boundText(to)]).sort()])
}

function boundText(bound: Span["from"]): string {
  return bound === undefined ? "" : `${bound.inclusive ? "=" : ""}${Buffer.from(bound.value).toString("hex")}`
}

/** All that is neither a parameter nor anything that the collection has. */
function unknownOf(described: Described, { filters, unknown }: ListParameters, declared: Declared): Refusal | undefined {
  const names = described.definition?.fields ?? {}
  const strange = filters.filter(({ field }) => !Object.hasOwn(names, field) && listField(described, field) === undefined)
  if (unknown.length + strange.length === 0) return undefined
  const known = declared.map(({ name }) => name)
  return unknownRefusal([...unknown, ...strange.map(({ parameter }) => parameter)], known, hintForUnknown(described, strange[0]?.field))
}

function hintForUnknown(described: Described, field: string | undefined): string | undefined {
  const indexed = listFields(described).map(({ name }) => `\`${name}\``)
  const there = indexed.length === 0 ? [] : [`Fields with an index: ${indexed.join(", ")}.`]
  const more = field === undefined || described.collection === "collections" ? [] : [hintFor(described, field)]
  return there.length + more.length === 0 ? undefined : [...there, ...more].join(" ")
}

function spansOf(described: Described, filters: readonly Filter[]): readonly Span[] | Refusal {
  const spans = new Map<string, Span>()
  for (const { parameter, field: name, operator, text } of filters) {
    const field = listField(described, name)
    if (field === undefined) return parameterRefusal(parameter, `needs an index: ${whyNoField(described, name)}`, hintFor(described, name))
    const value = filterValue(field.type, text)
    if (value === undefined) return parameterRefusal(parameter, valueForm(field.type))
    const span = spanOf(name, field.term, operator, value)
    const other = spans.get(name)
    spans.set(name, other === undefined ? span : narrowed(other, span))
  }
  return [...spans.values()]
}

function sortOf(described: Described, sort: Sort | undefined): ListOrder | undefined | Refusal {
  if (sort === undefined) return undefined
  const field = listField(described, sort.field)
  if (field !== undefined) return { field: field.name, term: field.term, reverse: sort.reverse }
  const hint = described.collection === "collections" ? undefined : hintFor(described, sort.field)
  return parameterRefusal("sort", `needs an index: ${whyNoField(described, sort.field)}`, hint)
}

function fieldsRefusal({ collection, definition }: Described, asked: readonly string[] | undefined): Refusal | undefined {
  if (asked === undefined) return undefined
  if (projectedName(collection) === undefined) return parameterRefusal("fields", "is for documents and users; definitions are shown whole")
  const fields = definition?.fields ?? undefined
  const unknown = fields === undefined ? undefined : asked.find((name) => !Object.hasOwn(fields, name))
  if (unknown === undefined) return undefined
  return parameterRefusal("fields", `names ${quoted(unknown)}, which is no field of \`${collection}\`; what every entity has is always shown`)
}
