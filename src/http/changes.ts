// GET /changes: committed changes behind a version, whole versions in order, as pages. Never skips one, and never shows one
// that is not committed.
import { bounds } from "../bounds.ts"
import { type FeedItem, feedPage } from "../operations/feed.ts"
import { type FeedView, feedView } from "../operations/feed-view.ts"
import { changedExample } from "../operations/document-shape.ts"
import { isRefusal, type Refusal } from "../refusal.ts"
import { asOfCodes, minVersionHeader, readBehind } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { isReadable } from "./names.ts"
import { feedPageShape } from "./feed-shape.ts"
import { limitParameter, linkHeader } from "./page.ts"
import { text, wholeOr } from "./parameter.ts"
import { parameterRefusal, type Query } from "./query.ts"
import type { About } from "./route.ts"

const sinceParameter = wholeOr(0, { name: "since", description: "Changes behind this version." })
const collectionsParameter = text({ name: "collections", description: "Only changes in these collections: names, separated by commas." })

export function getChanges(exchange: Exchange): Response | Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const since = sinceParameter.of(query)
  if (isRefusal(since)) return exchange.problem(since)
  const view = viewParameter(query)
  if (isRefusal(view)) return exchange.problem(view)

  return readBehind(exchange, since, (committed) => {
    const { items, last } = feedPage(exchange.node.reader, view, { after: since, to: committed, itemsMax: limit, bytesMax: bounds.feedBytesMax })
    return answerPage(exchange, view, items, { last, committed, limit })
  })
}

interface Position {
  /** What the next page begins behind. */
  readonly last: number
  readonly committed: number
  readonly limit: number
}

function answerPage(exchange: Exchange, view: FeedView, items: readonly FeedItem[], { last, committed, limit }: Position): Response {
  const body = `{"items":[${items.map(({ text }) => text).join(",")}],"version":${committed},"next":${last}}`
  if (last === committed) return exchange.data(body, committed)
  const filter = view.collections === undefined ? "" : `&collections=${view.key}`
  return exchange.data(body, committed, { link: `</changes?since=${last}&limit=${limit}${filter}>; rel="next"` })
}

function viewParameter(query: Query): FeedView | Refusal {
  const list = collectionsParameter.of(query)
  if (isRefusal(list)) return list
  if (list === undefined) return feedView(undefined)
  const names = list.split(",")
  if (names.length > bounds.feedCollectionsMax) return parameterRefusal("collections", `has more than ${bounds.feedCollectionsMax} names`)
  if (!names.every(isReadable)) return parameterRefusal("collections", "must be names of collections, separated by commas")
  return feedView(names)
}

export const changesAbout: About = {
  name: "listChanges",
  summary: "Committed changes behind a version: whole versions, in order.",
  query: [sinceParameter, limitParameter, collectionsParameter],
  headers: [minVersionHeader],
  answer: feedPageShape,
  answerHeaders: [linkHeader],
  codes: asOfCodes,
  example: {
    path: "/changes?since=2&collections=goals",
    answer: {
      items: [{ version: 3, time: changedExample.updatedAt, principal: "root", note: null, changes: [{ collection: "goals", id: "g1", change: "updated", value: changedExample }] }],
      version: 4,
      next: 4,
    },
  },
}
