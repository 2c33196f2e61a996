// GET /changes: committed changes behind a version, whole versions in order: a page, a page that is waited for, or a stream of
// events. Never skips one, and never shows one that is not committed.
import { bounds } from "../bounds.ts"
import { parseDuration } from "../operations/durations.ts"
import { feedPage } from "../operations/feed.ts"
import { type FeedView, feedView } from "../operations/feed-view.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { readBehind } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { type Awaited, awaitChanges } from "./feed-poll.ts"
import { FeedStream } from "./feed-stream.ts"
import { isReadable } from "./names.ts"
import { limitParameter, parameterRefusal, parseQuery, parseWhole, type Query, wholeParameter } from "./query.ts"

const parameters = ["since", "limit", "collections", "wait"]

export function getChanges(exchange: Exchange): Response | Promise<Response> {
  const query = parseQuery(exchange.url, parameters)
  if (isRefusal(query)) return exchange.problem(query)
  const view = viewParameter(query)
  if (isRefusal(view)) return exchange.problem(view)
  const since = wholeParameter(query, "since") ?? 0
  if (isRefusal(since)) return exchange.problem(since)
  return wantsEvents(exchange.request) ? answerStream(exchange, query, view, since) : answerPage(exchange, query, view, since)
}

/** EventSource asks for nothing else. */
function wantsEvents({ headers }: Request): boolean {
  const accept = headers.get("accept")
  if (accept === null || !accept.includes("text/event-stream")) return false
  return accept.split(",").some((part) => part.split(";")[0]?.trim() === "text/event-stream")
}

function answerPage(exchange: Exchange, query: Query, view: FeedView, since: number): Response | Promise<Response> {
  const limit = limitParameter(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const waitMs = waitParameter(query)
  if (isRefusal(waitMs)) return exchange.problem(waitMs)
  return readBehind(exchange, since, (committed) => {
    const { feedRecordsMax: recordsMax, feedBytesMax: bytesMax } = bounds
    const page = feedPage(exchange.node.reader, view, { after: since, to: committed, itemsMax: limit, recordsMax, bytesMax })
    const isNews = page.items.length > 0 || page.last < committed
    if (isNews || waitMs === 0 || exchange.request.method === "HEAD") return pageOf(exchange, view, limit, page)
    return waitFor(exchange, { view, after: page.last, limit, waitMs })
  })
}

function pageOf(exchange: Exchange, view: FeedView, limit: number, { items, last }: Awaited): Response {
  const committed = exchange.node.committed()
  const body = `{"items":[${items.map(({ text }) => text).join(",")}],"version":${committed},"next":${last}}`
  if (last >= committed) return exchange.data(body, committed)
  const filter = view.collections === undefined ? "" : `&collections=${[...view.collections].join(",")}`
  return exchange.data(body, committed, { link: `</changes?since=${last}&limit=${limit}${filter}>; rel="next"` })
}

interface Wait {
  readonly view: FeedView
  readonly after: number
  readonly limit: number
  readonly waitMs: number
}

async function waitFor(exchange: Exchange, wait: Wait): Promise<Response> {
  const { feed, inFlight } = exchange.shared
  if (feed.full()) return exchange.problem(noRoom())
  exchange.takesTime()
  const awaited = await inFlight.spare(awaitChanges(exchange, feed, wait))
  const refused = exchange.readmit()
  return refused === undefined ? pageOf(exchange, wait.view, wait.limit, awaited) : exchange.problem(refused)
}

function answerStream(exchange: Exchange, query: Query, view: FeedView, since: number): Response | Promise<Response> {
  for (const name of ["limit", "wait"]) if (query.has(name)) return exchange.problem(parameterRefusal(name, "is for pages, not for a stream of events"))
  const header = exchange.request.headers.get("last-event-id")
  const after = header === null ? since : parseWhole(header.trim())
  if (after === undefined) return exchange.problem(refuse("malformed", "The header `Last-Event-ID` is not a version."))
  return readBehind(exchange, after, (committed) => {
    const { feed } = exchange.shared
    if (feed.full()) return exchange.problem(noRoom())
    // Its body would be nobody's to read.
    const body = exchange.request.method === "HEAD" ? "" : new FeedStream(exchange, feed, view, after).body
    // For proxies that would collect what they pass on.
    return exchange.fresh(body, committed, { "x-accel-buffering": "no" }, "text/event-stream")
  })
}

function noRoom(): Refusal {
  return refuse("unavailable", "Nobody more can wait for changes on this node now.", { retryAfter: 5 })
}

function waitParameter(query: Query): number | Refusal {
  const text = query.get("wait")
  if (text === undefined) return 0
  const waitMs = parseDuration(text)
  if (waitMs !== undefined && waitMs <= bounds.feedWaitMsMax) return waitMs
  return parameterRefusal("wait", `must be a duration of at most ${bounds.feedWaitMsMax / 1_000}s, such as 30s`)
}

function viewParameter(query: Query): FeedView | Refusal {
  const text = query.get("collections")
  if (text === undefined) return feedView(undefined)
  const names = text.split(",")
  if (names.length > bounds.feedCollectionsMax) return parameterRefusal("collections", `has more than ${bounds.feedCollectionsMax} names`)
  if (!names.every(isReadable)) return parameterRefusal("collections", "must be names of collections, separated by commas")
  return feedView(names)
}
