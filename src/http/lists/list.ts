// GET /{collection}: entities page by page, all pages as of the first one's version; filtered, in the order of a field, or of ids.
import { definitionExample, definitionShape } from "../../operations/definition-shape.ts"
import { changedExample, documentShape } from "../../operations/document-shape.ts"
import type { Reach } from "../../operations/access.ts"
import { isServer } from "../../operations/scope.ts"
import { isRefusal } from "../../refusal.ts"
import { asOfCodes, minVersionHeader, readAsOf } from "../as-of.ts"
import type { Exchange } from "../exchange.ts"
import { listAnswer } from "./list-page.ts"
import { filterParameters, type ListParameters, listParameters, parseListParameters } from "./list-parameters.ts"
import { collectionMissing, isReadable, isThere, namedCodes } from "../names.ts"
import { linkHeader, nextLink, pageParameters } from "../page.ts"
import { listShape } from "../page-shape.ts"
import { readReach } from "../reach.ts"
import type { About } from "../route.ts"

export function getList(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  const reach = readReach(exchange, collection)
  if (isRefusal(reach)) return exchange.problem(reach)
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  return answerList(exchange, reach, collection)
}

export function answerList(exchange: Exchange, reach: Reach, collection: string): Response | Promise<Response> {
  const seal = isServer(exchange.principal) ? undefined : exchange.shared.cursorSeal
  const parameters = parseListParameters(exchange.url, seal)
  if (isRefusal(parameters)) return exchange.problem(parameters)
  const answer = (version: number): Response => {
    if (!isThere(exchange, collection, version)) return collectionMissing(exchange, collection, version)
    const page = listAnswer({ reader: exchange.node.reader, collection, at: version, reach, seal }, parameters, exchange.parameters)
    if (isRefusal(page)) return exchange.problem(page)
    const { bytes, next } = page
    return exchange.data(bytes, version, next === null ? undefined : { link: nextLink(collection, next, parameters.limit, repeated(parameters)) })
  }
  return readAsOf(exchange, parameters.query, answer, parameters.cursor?.version)
}

/** What the next page must be asked for, too. The cursor carries the version. */
function repeated({ query }: ListParameters): string {
  const others = [...query].filter(([name]) => !pageParameters.some((parameter) => parameter.name === name))
  return others.map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("")
}

export const listDetails =
  "All pages are as of the first one's version. Without `sort`, a list is in the order of ids, or where all filters are ranges in that of one of them. A page may be short, even empty, " +
  "and still have `next`."

export const listAbout: About = {
  name: "listDocuments",
  summary: "The documents of a collection, page by page.",
  details: listDetails,
  query: listParameters,
  filters: filterParameters,
  headers: [minVersionHeader],
  answer: listShape(documentShape),
  answerHeaders: [linkHeader],
  codes: [...asOfCodes, ...namedCodes],
  example: { path: "/goals?owner=ada&createdAt.gte=2026-03-01T00:00:00Z&sort=-createdAt", answer: { items: [changedExample], version: 4, next: null } },
  cases: [
    {
      path: "/collections",
      name: "listDefinitions",
      summary: "The definitions of all collections, page by page.",
      answer: listShape(definitionShape),
      example: { path: "/collections", answer: { items: [definitionExample], version: 4, next: null } },
    },
  ],
}
