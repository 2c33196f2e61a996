// How a list is read: along which index, and what is left to be judged by the rows. Pure: how many entries a filter leaves is
// asked of the caller, and only where it decides something.
import type { ListLimits } from "./list-limits.ts"
import { isEmpty, isPoint, type Span, wholeSpan } from "./list-span.ts"

/** A list is in the order of a field's values and, where they are equal, of ids; without a field, of ids alone. */
export interface ListOrder {
  readonly field: string
  readonly term: string
  readonly reverse: boolean
}

/** The entries that a span of an index has, counted up to `sortMax` and one more. */
export type SizeOf = (span: Span) => number

export type Plan =
  /** No entity can be among it. */
  | { readonly kind: "nothing" }
  /** All entities of the collection. */
  | { readonly kind: "all" }
  /** In the order of the index that is walked. */
  | { readonly kind: "walk"; readonly along: Span; readonly reverse: boolean; readonly rest: readonly Span[] }
  /** Few enough to be put in order when all of them are known; where their rows are too large for that, `otherwise`. */
  | { readonly kind: "sort"; readonly along: Span; readonly by: ListOrder; readonly rest: readonly Span[]; readonly otherwise: Plan }

/** What was asked for; else that of ids, which equality gives for free; else that of the range with the fewest entries. */
export function orderOf(spans: readonly Span[], sort: ListOrder | undefined, sizeOf: SizeOf): ListOrder | undefined {
  if (sort !== undefined || spans.length === 0 || spans.some(isPoint)) return sort
  return possibleOrders(spans, undefined).find(({ field }) => field === smallest(spans, sizeOf)?.field)
}

/** Every order that `orderOf` may give. */
export function possibleOrders(spans: readonly Span[], sort: ListOrder | undefined): readonly ListOrder[] {
  if (sort !== undefined) return [sort]
  return spans.some(isPoint) ? [] : spans.map(({ field, term }) => ({ field, term, reverse: false }))
}

/** `spans` are of different fields. Each order is one of `possibleOrders`, or undefined where there are none. */
export function planList(spans: readonly Span[], order: ListOrder | undefined, sizeOf: SizeOf, { sortMax }: Pick<ListLimits, "sortMax">): Plan {
  if (spans.some(isEmpty)) return { kind: "nothing" }
  if (order === undefined) {
    const along = smallest(spans.filter(isPoint), sizeOf)
    return along === undefined ? { kind: "all" } : { kind: "walk", along, reverse: false, rest: without(spans, along) }
  }
  const along = spans.find(({ field }) => field === order.field) ?? wholeSpan(order.field, order.term)
  const walk: Plan = { kind: "walk", along, reverse: order.reverse, rest: without(spans, along) }
  const few = smallest(walk.rest.filter(isPoint), sizeOf)
  if (few === undefined || sizeOf(few) > sortMax) return walk
  if (spans.includes(along) && sizeOf(along) <= sizeOf(few)) return walk
  return { kind: "sort", along: few, by: order, rest: without(spans, few), otherwise: walk }
}

/** Where the matches are counted: the order is of no importance. */
export function planCount(spans: readonly Span[], sizeOf: SizeOf): Plan {
  if (spans.some(isEmpty)) return { kind: "nothing" }
  const along = smallest(spans, sizeOf)
  return along === undefined ? { kind: "all" } : { kind: "walk", along, reverse: false, rest: without(spans, along) }
}

/** Equality goes before a range of the same size. Of one there is nothing to choose, so nobody looks. */
function smallest(spans: readonly Span[], sizeOf: SizeOf): Span | undefined {
  if (spans.length < 2) return spans[0]
  const sized = spans.map((span) => ({ span, size: sizeOf(span) }))
  const [best] = sized.sort((one, other) => one.size - other.size || Number(isPoint(other.span)) - Number(isPoint(one.span)))
  return best?.span
}

function without(spans: readonly Span[], one: Span): readonly Span[] {
  return spans.filter((span) => span !== one)
}
