// GET /changes: committed changes behind a version, whole versions in order, as pages. Never skips one, and never shows one
// that is not committed.
import { bounds } from "../bounds.ts"
import { type FeedItem, feedPage } from "../operations/feed.ts"
import { type FeedView, feedView } from "../operations/feed-view.ts"
import { trimmed } from "../operations/trimmed.ts"
import { isRefusal, type Refusal } from "../refusal.ts"
import { readBehind } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { isReadable } from "./names.ts"
import { limitParameter, parameterRefusal, parseQuery, type Query, wholeParameter } from "./query.ts"

const parameters = ["since", "limit", "collections"]

export function getChanges(exchange: Exchange): Response | Promise<Response> {
  const query = parseQuery(exchange.url, parameters)
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const since = wholeParameter(query, "since") ?? 0
  if (isRefusal(since)) return exchange.problem(since)
  const view = viewParameter(query)
  if (isRefusal(view)) return exchange.problem(view)

  return readBehind(exchange, since, (committed) => {
    const { log } = exchange.node.reader.horizon()
    if (since < log) return exchange.absent(trimmed(since, log))
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
  const text = query.get("collections")
  if (text === undefined) return feedView(undefined)
  const names = text.split(",")
  if (names.length > bounds.feedCollectionsMax) return parameterRefusal("collections", `has more than ${bounds.feedCollectionsMax} names`)
  if (!names.every(isReadable)) return parameterRefusal("collections", "must be names of collections, separated by commas")
  return feedView(names)
}
