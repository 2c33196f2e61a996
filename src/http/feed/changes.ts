// GET /changes: committed changes behind a version, whole versions in order: a page, a page that is waited for, or a stream of
// events. Never skips one, and never shows one that is not committed.
import * as v from "valibot"
import { bounds } from "../../bounds.ts"
import { changedExample } from "../../operations/document-shape.ts"
import { feedPage } from "../../operations/feed.ts"
import { type FeedView, feedView } from "../../operations/feed-view.ts"
import { tokenNeeded } from "../../operations/operation-access.ts"
import { isAnonymous, isServer } from "../../operations/scope.ts"
import { trimmed } from "../../operations/trimmed.ts"
import { isRefusal, type Refusal, refuse } from "../../refusal.ts"
import { asOfCodes, minVersionHeader, readBehind } from "../as-of.ts"
import { changeEvents, eventStream } from "./event-stream.ts"
import type { Exchange } from "../exchange.ts"
import { type Awaited, awaitChanges, type PollOptions } from "./feed-poll.ts"
import { feedPageShape } from "./feed-shape.ts"
import { FeedStream } from "./feed-stream.ts"
import { isReadable } from "../names.ts"
import { limitParameter, linkHeader } from "../page.ts"
import { type Described, duration, text, wholeOr } from "../parameter.ts"
import { parameterRefusal, parseWhole, type Query } from "../query.ts"
import { readReach } from "../reach.ts"
import type { About } from "../route.ts"

const sinceParameter = wholeOr(0, { name: "since", description: "Changes behind this version." })
const collectionsParameter = text({ name: "collections", description: "Only changes in these collections: names, separated by commas." })
const waitParameter = duration({
  name: "wait",
  description: `How long to wait for the first change where there is none yet, such as \`30s\`; ${bounds.feedWaitMsMax / 1_000}s at most.`,
  maxMs: bounds.feedWaitMsMax,
})

const lastEventIdHeader: Described = {
  name: "last-event-id",
  description: "Resumes a stream of events behind this version, whatever `since` says.",
  schema: v.optional(v.pipe(v.string(), v.regex(/^\d+$/))),
}

export function getChanges(exchange: Exchange): Response | Promise<Response> {
  const query = exchange.query()
  if (isAnonymous(exchange.principal) && !isForThePublic(exchange, query)) return exchange.problem(tokenNeeded)
  if (isRefusal(query)) return exchange.problem(query)
  const since = sinceParameter.of(query)
  if (isRefusal(since)) return exchange.problem(since)
  const view = viewOf(exchange, query)
  if (isRefusal(view)) return exchange.problem(view)
  return wantsEvents(exchange.request) ? answerStream(exchange, query, view, since) : answerPage(exchange, query, view, since)
}

/** EventSource asks for nothing else. */
function wantsEvents({ headers }: Request): boolean {
  const accept = headers.get("accept")
  if (accept === null || !accept.includes(eventStream)) return false
  return accept.split(",").some((part) => part.split(";")[0]?.trim() === eventStream)
}

function answerPage(exchange: Exchange, query: Query, view: FeedView, since: number): Response | Promise<Response> {
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const waitMs = waitParameter.of(query) ?? 0
  if (isRefusal(waitMs)) return exchange.problem(waitMs)
  return readBehind(exchange, since, (committed) => {
    const gone = whyGone(exchange, since)
    if (gone !== undefined) return exchange.absent(gone)
    const { feedRecordsMax: recordsMax, feedBytesMax: bytesMax } = bounds
    const page = feedPage(exchange.node.reader, view, { after: since, to: committed, itemsMax: limit, recordsMax, bytesMax })
    const isNews = page.items.length > 0 || page.last < committed
    if (isNews || waitMs === 0 || exchange.request.method === "HEAD") return pageOf(exchange, view, limit, page)
    return waitFor(exchange, { view, after: page.last, limit, waitMs })
  })
}

function pageOf(exchange: Exchange, view: FeedView, limit: number, { items, last }: Awaited): Response {
  const committed = exchange.node.committed()
  const body = `{"items":[${items.map((item) => item.text).join(",")}],"version":${committed},"next":${last}}`
  if (last >= committed) return exchange.data(body, committed)
  const filter = view.collections === undefined ? "" : `&collections=${[...view.collections].join(",")}`
  return exchange.data(body, committed, { link: `</changes?since=${last}&limit=${limit}${filter}>; rel="next"` })
}

async function waitFor(exchange: Exchange, wait: PollOptions): Promise<Response> {
  const { feed, inFlight } = exchange.shared
  if (feed.full()) return exchange.problem(noRoom)
  exchange.takesTime()
  const awaited = await inFlight.spare(awaitChanges(exchange, feed, wait))
  const refused = exchange.readmit()
  return refused === undefined ? pageOf(exchange, wait.view, wait.limit, awaited) : exchange.problem(refused)
}

function answerStream(exchange: Exchange, query: Query, view: FeedView, since: number): Response | Promise<Response> {
  for (const { name } of [limitParameter, waitParameter]) {
    if (query.has(name)) return exchange.problem(parameterRefusal(name, "is for pages, not for a stream of events"))
  }
  const header = exchange.request.headers.get(lastEventIdHeader.name)
  const after = header === null ? since : parseWhole(header.trim())
  if (after === undefined) return exchange.problem(refuse("malformed", "The header `Last-Event-ID` is not a version."))
  return readBehind(exchange, after, (committed) => {
    const gone = whyGone(exchange, after)
    if (gone !== undefined) return exchange.absent(gone)
    const { feed } = exchange.shared
    if (feed.full()) return exchange.problem(noRoom)
    // The body of an answer to HEAD would be nobody's to read.
    const body = exchange.request.method === "HEAD" ? "" : new FeedStream(exchange, feed, view, after).body
    // For proxies that would collect what they pass on.
    return exchange.fresh(body, committed, { "x-accel-buffering": "no" }, eventStream)
  })
}

/** What a change replaced is known of those behind the oldest version that can be read. */
function whyGone({ node }: Exchange, since: number): Refusal | undefined {
  const { log } = node.reader.horizon()
  return since < log ? trimmed(since, log) : undefined
}

const noRoom = refuse("unavailable", "Nobody more can wait for changes on this node now.", { retryAfter: 5 })

/** It must say of which collections it wants to hear, and may hear of all of those. */
function isForThePublic(exchange: Exchange, query: Query | Refusal): boolean {
  const list = isRefusal(query) ? undefined : collectionsParameter.of(query)
  return typeof list === "string" && list.split(",").every((name) => readReach(exchange, name) === "all")
}

function viewOf(exchange: Exchange, query: Query): FeedView | Refusal {
  const list = collectionsParameter.of(query)
  if (isRefusal(list)) return list
  const names = list?.split(",")
  if (names !== undefined && names.length > bounds.feedCollectionsMax) return parameterRefusal("collections", `has more than ${bounds.feedCollectionsMax} names`)
  if (names?.every(isReadable) === false) return parameterRefusal("collections", "must be names of collections, separated by commas")
  if (isServer(exchange.principal)) return feedView(names)
  return feedView(names, (collection) => {
    const reach = readReach(exchange, collection)
    return isRefusal(reach) ? "none" : reach
  })
}

const changeExample = {
  version: 3,
  time: changedExample.updatedAt,
  principal: "root",
  note: null,
  changes: [{ collection: "goals", id: "g1", change: "updated", value: changedExample }],
}

export const changesAbout: About = {
  name: "listChanges",
  summary: "Committed changes behind a version: whole versions, in order.",
  details:
    "With `Accept: text/event-stream` they come as events without an end: `change`, whose id is its version and whose data is an item of a page; `heartbeat`, without an id, " +
    "whose data is the version up to which all was shown; and `overflow`, the last one for a reader who took nothing for too long.",
  query: [sinceParameter, limitParameter, collectionsParameter, waitParameter],
  headers: [minVersionHeader, lastEventIdHeader],
  answer: feedPageShape,
  answerHeaders: [linkHeader],
  alternative: {
    type: eventStream,
    schema: v.pipe(v.string(), v.description("Events, as EventSource reads them.")),
    example: new TextDecoder().decode(changeEvents([{ version: changeExample.version, text: JSON.stringify(changeExample) }])),
  },
  codes: asOfCodes,
  example: {
    path: "/changes?since=2&collections=goals",
    answer: { items: [changeExample], version: 4, next: 4 },
  },
}
