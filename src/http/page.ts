// GET /{collection}: entities page by page, all pages as of the first one's version; filtered, in the order of a field, or of ids.
import { isRefusal } from "../refusal.ts"
import { readAsOf } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { listAnswer } from "./list.ts"
import { type ListParameters, parseListParameters } from "./list-parameters.ts"
import { collectionMissing, isReadable, isThere } from "./names.ts"

/** Of pages that have neither filters nor an order. */
export const pageParameters = ["limit", "cursor", "at", "atTime"]

export function getPage(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  return answerPage(exchange, collection)
}

export function answerPage(exchange: Exchange, collection: string): Response | Promise<Response> {
  const parameters = parseListParameters(exchange.url)
  if (isRefusal(parameters)) return exchange.problem(parameters)
  const answer = (version: number): Response => {
    if (!isThere(exchange, collection, version)) return collectionMissing(exchange, collection, version)
    const page = listAnswer({ reader: exchange.node.reader, collection, at: version }, parameters)
    if (isRefusal(page)) return exchange.problem(page)
    const { bytes, next } = page
    return exchange.data(bytes, version, next === null ? undefined : { link: nextLink(collection, next, parameters.limit, repeated(parameters)) })
  }
  return readAsOf(exchange, parameters.query, answer, parameters.cursor?.version)
}

/** What the next page must be asked for, too. The cursor carries the version. */
function repeated({ query }: ListParameters): string {
  const others = [...query].filter(([name]) => !pageParameters.includes(name))
  return others.map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("")
}

/** `path` has no leading slash and is encoded; `more` begins with `&`. */
export function nextLink(path: string, next: string, limit: number, more = ""): string {
  return `</${path}?cursor=${next}&limit=${limit}${more}>; rel="next"`
}
