// One page of a list as the bytes of its answer: from what was asked for to what is sent, as of a version.
import type { Reach } from "../../operations/access.ts"
import { definitionAt, stampFields } from "../../operations/definition.ts"
import { isRefusal, type Refusal } from "../../refusal.ts"
import { rowBody } from "../../store/row.ts"
import type { WalkPlace } from "../../store/store.ts"
import { textValue, timeValue } from "../../store/term-value.ts"
import { type Cursor, cursorOf, cursorText } from "./cursor.ts"
import { countOf, type ListCount } from "./list-count.ts"
import { type Described, listField, listFields } from "./list-field.ts"
import { type ListLimits, listLimits } from "./list-limits.ts"
import type { ListParameters } from "./list-parameters.ts"
import { type ListOrder, orderOf, planCount, planList, possibleOrders } from "./list-plan.ts"
import { listingOf, type ListRequest, listRequest } from "./list-request.ts"
import { listPage, type Listed, Looks, noValue } from "./list-rows.ts"
import { narrowed, type Span, spanOf, wholeSpan } from "./list-span.ts"
import { pageBody } from "../page.ts"
import { projected, projectedName } from "./projection.ts"
import { type Declared, parameterRefusal } from "../query.ts"

export interface ListAnswer {
  readonly bytes: Uint8Array
  readonly next: string | null
}

export function listAnswer(listed: Listed, parameters: ListParameters, declared: Declared, limits: ListLimits = listLimits): ListAnswer | Refusal {
  const { collection, at } = listed
  const described: Described = { collection, version: at, definition: definitionAt(listed.reader, collection, at) }
  const request = listRequest(described, parameters, declared)
  if (isRefusal(request)) return request
  const spans = withOwner(described, request.spans, listed.reach)
  const listing = listingOf(collection, { ...request, spans })
  const cursor = parameters.cursor === undefined ? undefined : cursorOf(parameters.cursor, listing)
  if (isRefusal(cursor)) return cursor
  const looks = new Looks(listed, limits)
  const order = cursor === undefined ? orderOf(spans, request.sort, looks.sizeOf) : orderOfCursor(cursor, { ...request, spans })
  if (isRefusal(order)) return order
  const after: WalkPlace | undefined = cursor && { value: cursor.by?.value ?? noValue, id: cursor.after }
  const page = listPage(listed, planList(spansUntil(listed, { ...request, spans }), order, looks.sizeOf, limits), { order, after, limit: parameters.limit, looks }, limits)
  const place = page.next && cursorText({ listing, version: at, after: page.next.id, by: order && { field: order.field, value: page.next.value } })
  const next = place === undefined ? null : (listed.seal?.seal(place) ?? place)
  const count = parameters.count ? countOf(listed, planCount(spans, looks.sizeOf), listFields(described)[0], limits) : undefined
  return { bytes: pageBody(itemsOf(page.rows, collection, parameters.fields), at, next, countText(count)), next }
}

/** What belongs to who asks is found by the index of its owner, where there was one. The rows are judged all the same. */
function withOwner(described: Described, spans: readonly Span[], reach: Reach | undefined): readonly Span[] {
  if (typeof reach !== "object") return spans
  const field = listField(described, reach.field)
  if (field?.type !== "reference") return spans
  const own = spanOf(field.name, field.term, "is", textValue(reach.userId))
  const same = spans.find(({ term }) => term === own.term)
  return same === undefined ? [...spans, own] : spans.map((span) => (span === same ? narrowed(span, own) : span))
}

/** Nothing has stamps of later than when it was looked at: of an old version, what was made since is not even passed by. */
function spansUntil({ reader, at }: Listed, { spans, sort }: ListRequest): readonly Span[] {
  const isStamp = ({ field }: { readonly field: string }): boolean => stampFields.includes(field)
  const isOrder = sort !== undefined && isStamp(sort) && !spans.some(({ field }) => field === sort.field)
  const all = isOrder ? [...spans, wholeSpan(sort.field, sort.term)] : spans
  const timeMs = at < reader.position().head && all.some(isStamp) ? reader.timeOf(at) : 0
  if (timeMs === 0) return spans
  const to = { value: timeValue(new Date(timeMs).toISOString()), inclusive: true }
  return all.map((span) => (isStamp(span) ? narrowed(span, { ...span, from: undefined, to }) : span))
}

/** A list goes on in the order that its first page had. */
function orderOfCursor({ by }: Cursor, { spans, sort }: ListRequest): ListOrder | undefined | Refusal {
  const possible = possibleOrders(spans, sort)
  const order = possible.find(({ field }) => field === by?.field)
  const isPossible = order === undefined ? by === undefined && possible.length === 0 : true
  return isPossible ? order : parameterRefusal("cursor", "is not one that this listing gave out")
}

function itemsOf(rows: readonly Uint8Array[], collection: string, fields: readonly string[] | undefined): Uint8Array[] {
  const name = projectedName(collection)
  return rows.map(fields === undefined || name === undefined ? rowBody : (row) => projected(row, name, fields))
}

function countText(counted: ListCount | undefined): string {
  if (counted === undefined) return ""
  return counted.count === undefined ? `,"count":null,"countAtLeast":${counted.atLeast}` : `,"count":${counted.count}`
}
