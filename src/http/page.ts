// GET /{collection}: entities in id order, page by page, all pages as of the first one's version.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { definitionExample, definitionShape } from "../operations/definition-shape.ts"
import { changedExample, documentShape } from "../operations/document-shape.ts"
import { isRefusal } from "../refusal.ts"
import { rowBody } from "../store/row.ts"
import { asOfCodes, asOfParameters, minVersionHeader, readAsOf } from "./as-of.ts"
import { cursorText, parseCursor } from "./cursor.ts"
import type { Exchange } from "./exchange.ts"
import { collectionMissing, isReadable, isThere, namedCodes } from "./names.ts"
import { pageShape } from "./page-shape.ts"
import { type Described, text, wholeOr } from "./parameter.ts"
import type { Query } from "./query.ts"
import type { About } from "./route.ts"

export const limitParameter = wholeOr(bounds.pageLimitDefault, { name: "limit", description: "Items of a page, at most.", min: 1, max: bounds.pageLimitMax })
export const cursorParameter = text({ name: "cursor", description: "Goes on where a page of this listing ended, as of the same version." })

/** The parameters of every listing that goes on by a cursor. */
export const pageParameters = [limitParameter, cursorParameter, ...asOfParameters]

export const linkHeader: Described = { name: "link", description: 'The next page, as `<…>; rel="next"`; absent at the end.', schema: v.optional(v.string()) }

export function getPage(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  const query = exchange.query()
  return isRefusal(query) ? exchange.problem(query) : answerPage(exchange, collection, query)
}

export function answerPage(exchange: Exchange, collection: string, query: Query): Response | Promise<Response> {
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const text = query.get("cursor")
  const cursor = text === undefined ? undefined : parseCursor(text, collection)
  if (isRefusal(cursor)) return exchange.problem(cursor)

  const answer = (version: number): Response => {
    if (!isThere(exchange, collection, version)) return collectionMissing(exchange, collection, version)
    const page = exchange.node.reader.page(collection, { at: version, after: cursor?.after, limit })
    const next = page.next === undefined ? null : cursorText({ listing: collection, version, after: page.next })
    const body = pageBody(page.rows.map(({ row }) => rowBody(row)), version, next)
    return exchange.data(body, version, next === null ? undefined : { link: nextLink(collection, next, limit) })
  }
  return readAsOf(exchange, query, answer, cursor?.version)
}

/** `path` has no leading slash and is encoded. */
export function nextLink(path: string, next: string, limit: number): string {
  return `</${path}?cursor=${next}&limit=${limit}>; rel="next"`
}

const comma = Buffer.from(",")
const opening = Buffer.from('{"items":[')

/** Built from the bytes of the rows, without parsing one. */
export function pageBody(items: readonly Uint8Array[], version: number, next: string | null): Uint8Array {
  const parts: Uint8Array[] = [opening]
  for (const [n, item] of items.entries()) {
    if (n > 0) parts.push(comma)
    parts.push(item)
  }
  parts.push(Buffer.from(`],"version":${version},"next":${JSON.stringify(next)}}`))
  return Buffer.concat(parts)
}

export const pageAbout: About = {
  name: "listDocuments",
  summary: "The documents of a collection, page by page.",
  details: "All pages are as of the first one's version.",
  query: pageParameters,
  headers: [minVersionHeader],
  answer: pageShape(documentShape),
  answerHeaders: [linkHeader],
  codes: [...asOfCodes, ...namedCodes],
  example: { path: "/goals?limit=10", answer: { items: [changedExample], version: 4, next: null } },
  cases: [
    {
      path: "/collections",
      name: "listDefinitions",
      summary: "The definitions of all collections, page by page.",
      answer: pageShape(definitionShape),
      example: { path: "/collections", answer: { items: [definitionExample], version: 4, next: null } },
    },
  ],
}
