// The rows of one page of a list, as of a version: the plan carried out. Looks at a bounded number of entries, however many the
// collection has; what fulfils the filters is told by the terms that rows carry, so no row is parsed.
import type { Reach } from "../../operations/access.ts"
import { bounds } from "../../bounds.ts"
import { rowDeleted, rowTermValue } from "../../store/row.ts"
import type { Reader, WalkPage, WalkPlace, WalkQuery } from "../../store/store.ts"
import type { CursorSeal } from "./cursor-seal.ts"
import { isSeen } from "../reach.ts"
import { isWithin, type Span } from "./list-span.ts"
import type { ListLimits } from "./list-limits.ts"
import type { ListOrder, Plan, SizeOf } from "./list-plan.ts"

/** The collection as it was at a version. */
export interface Listed {
  readonly reader: Reader
  readonly collection: string
  readonly at: number
  /** What of it the asker may see; the rest is passed by. Undefined for all. */
  readonly reach?: Reach
  /** Hides from the asker where a page ended. */
  readonly seal?: CursorSeal | undefined
}

export interface ListQuery {
  readonly order: ListOrder | undefined
  /** The last one that was looked at; of a list without an order, with an empty value. */
  readonly after: WalkPlace | undefined
  readonly limit: number
  /** What the plan was made from. */
  readonly looks: Looks
}

export interface ListPage {
  readonly rows: readonly Uint8Array[]
  /** Where to go on, or undefined at the end. A page may be short, even empty, and still have one. */
  readonly next: WalkPlace | undefined
}

/** Of a list in the order of ids alone. */
export const noValue = new Uint8Array(0)

export function listPage(listed: Listed, plan: Plan, query: ListQuery, limits: ListLimits): ListPage {
  switch (plan.kind) {
    case "nothing":
      return { rows: [], next: undefined }
    case "all":
      return allPage(listed, query)
    case "walk":
      return walkedPage(listed, plan, query, limits)
    case "sort":
      return sortedPage(listed, plan, query, limits) ?? listPage(listed, plan.otherwise, query, limits)
    default:
      return plan satisfies never
  }
}

/** The first entries of spans, as many as decide how a list is read. Each is looked at once. */
export class Looks {
  readonly #known = new Map<Span, WalkPage>()

  constructor(
    private readonly listed: Listed,
    private readonly limits: ListLimits,
  ) {}

  at(span: Span): WalkPage {
    const page = this.#known.get(span) ?? walkOn(this.listed, span, { reverse: false, limit: this.limits.sortMax + 1, scanMax: this.limits.lookMax })
    this.#known.set(span, page)
    return page
  }

  /** Where most entries are of other versions, so many are looked at that it is not small either. */
  readonly sizeOf: SizeOf = (span) => {
    const { entries, next } = this.at(span)
    return next === undefined ? entries.length : this.limits.sortMax + 1
  }
}

function allPage({ reader, collection, at, reach }: Listed, { after, limit }: ListQuery): ListPage {
  if (collection === "users" && typeof reach === "object" && reach.field === "id") return ownPage(reader, reach.userId, at, after)
  const { rows, next } = reader.page(collection, { at, after: after?.id, limit })
  return { rows: rows.map(({ row }) => row).filter((row) => isShown(reach, collection, row)), next: next === undefined ? undefined : { value: noValue, id: next } }
}

/** Of users who each see themselves only. */
function ownPage(reader: Reader, userId: string, at: number, after: WalkPlace | undefined): ListPage {
  const row = after === undefined ? reader.row("users", userId, at) : undefined
  return { rows: row === undefined || rowDeleted(row) ? [] : [row], next: undefined }
}

/** Whether a row is within reach. Those that are not are like those that are not there, but for the time that they take. */
export function isShown(reach: Reach | undefined, collection: string, row: Uint8Array): boolean {
  return reach === undefined || reach === "all" || isSeen(reach, collection, row)
}

function walkedPage(listed: Listed, { along, reverse, rest }: Plan & { readonly kind: "walk" }, { order, after, limit }: ListQuery, { scanMax, bytesMax }: ListLimits): ListPage {
  const rows: Uint8Array[] = []
  const until = ({ value, id }: WalkPlace): ListPage => ({ rows, next: { value: order === undefined ? noValue : value, id } })
  let last = order === undefined && after !== undefined ? { value: along.from?.value ?? noValue, id: after.id } : after
  let left = scanMax
  let bytes = 0
  // One more than asked for tells whether there is a next page.
  for (let chunk = limit + 1; ; chunk = Math.min(2 * chunk, bounds.pageLimitMax)) {
    const { entries, looked, next } = walkOn(listed, along, { reverse, after: last, limit: chunk, scanMax: left })
    for (const entry of entries) {
      if (last !== undefined && rows.length === limit) return until(last)
      const row = rowOf(listed, entry.id)
      if (last !== undefined && bytes > 0 && bytes + row.length > bytesMax) return until(last)
      bytes += row.length
      if (fulfils(row, rest) && isShown(listed.reach, listed.collection, row)) rows.push(row)
      last = entry
    }
    left -= looked
    if (next === undefined) return { rows, next }
    if (rows.length === limit || left <= 0) return until(next)
  }
}

function walkOn({ reader, collection, at }: Listed, { term, from, to }: Span, query: Omit<WalkQuery, "at" | "from" | "to">): WalkPage {
  return reader.walk(collection, term, { ...query, at, from, to })
}

/** Undefined where the rows are too large to be held at once. */
function sortedPage(listed: Listed, { along, by, rest }: Plan & { readonly kind: "sort" }, { after, limit, looks }: ListQuery, { bytesMax }: ListLimits): ListPage | undefined {
  const { entries } = looks.at(along)
  const sign = by.reverse ? -1 : 1
  const found: Sorted[] = []
  let bytes = 0
  for (const { id } of entries) {
    const row = rowOf(listed, id)
    bytes += row.length
    if (bytes > bytesMax) return undefined
    if (fulfils(row, rest) && isShown(listed.reach, listed.collection, row)) found.push({ row, place: { value: rowTermValue(row, by.term) ?? noValue, id } })
  }
  found.sort((one, other) => sign * byPlace(one.place, other.place))
  const start = after === undefined ? 0 : found.findIndex(({ place }) => sign * byPlace(place, after) > 0)
  const shown = start < 0 ? [] : found.slice(start, start + limit)
  const isMore = start >= 0 && start + limit < found.length
  return { rows: shown.map(({ row }) => row), next: isMore ? shown.at(-1)?.place : undefined }
}

interface Sorted {
  readonly row: Uint8Array
  readonly place: WalkPlace
}

function byPlace(one: WalkPlace, other: WalkPlace): number {
  return Buffer.compare(one.value, other.value) || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))
}

export function rowOf({ reader, collection, at }: Listed, id: string): Uint8Array {
  const row = reader.row(collection, id, at)
  if (row === undefined || rowDeleted(row)) throw new Error(`an index names ${collection}/${id} at version ${at}, where it is not`)
  return row
}

export function fulfils(row: Uint8Array, spans: readonly Span[]): boolean {
  return spans.every((span) => {
    const value = rowTermValue(row, span.term)
    return value !== undefined && isWithin(span, value)
  })
}
