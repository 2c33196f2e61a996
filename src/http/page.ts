// GET /{collection}: entities in id order, page by page, all pages as of the first one's version.
import { isRefusal } from "../refusal.ts"
import { rowBody } from "../store/row.ts"
import { readAsOf } from "./as-of.ts"
import { cursorText, parseCursor } from "./cursor.ts"
import type { Exchange } from "./exchange.ts"
import { collectionMissing, isReadable, isThere } from "./names.ts"
import { limitParameter, parseQuery, type Query } from "./query.ts"

export const pageParameters = ["limit", "cursor", "at", "atTime"]

export function getPage(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  const query = parseQuery(exchange.url, pageParameters)
  return isRefusal(query) ? exchange.problem(query) : answerPage(exchange, collection, query)
}

export function answerPage(exchange: Exchange, collection: string, query: Query): Response | Promise<Response> {
  const limit = limitParameter(query)
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
