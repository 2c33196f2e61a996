// Which version a read answers from: the newest committed one, `at`, `atTime`, or the one a cursor carries; and the
// bounded wait until this node has it. Never answers from a version above what is committed here.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, type RefusalCode, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { type Described, time, whole } from "./parameter.ts"
import { parameterRefusal, parseWhole, type Query } from "./query.ts"
import { whyTrimmed } from "./trimmed.ts"

/** Refuses, or calls `answer` with the version: at once where there is nothing to wait for. */
export function readAsOf(
  exchange: Exchange,
  query: Query,
  answer: (version: number) => Response,
  pinned?: number,
): Response | Promise<Response> {
  return settle(exchange, asOf(exchange, query, pinned), answer)
}

/** For reads that go on behind a version: refuses, or calls `answer` with the newest version, which is not below it. */
export function readBehind(exchange: Exchange, version: number, answer: (newest: number) => Response | Promise<Response>): Response | Promise<Response> {
  const why = exchange.node.whyNotReadable()
  if (why !== undefined) return exchange.problem(why)
  return settle(exchange, reach(exchange, version, () => exchange.node.committed()), answer)
}

type Found = number | Refusal

function settle(exchange: Exchange, version: Found | Promise<Found>, answer: (version: number) => Response | Promise<Response>): Response | Promise<Response> {
  if (typeof version === "number") return answer(version)
  if (isRefusal(version)) return exchange.problem(version)
  return version.then((found) => (isRefusal(found) ? exchange.problem(found) : answer(found)))
}

/** The same for reads that know no parameters but `at` and `atTime`. */
export function readEntityAsOf(exchange: Exchange, answer: (version: number) => Response): Response | Promise<Response> {
  const query = exchange.query()
  return isRefusal(query) ? exchange.problem(query) : readAsOf(exchange, query, answer)
}

const atParameter = whole({ name: "at", description: "Answers as of this version: the same, for ever." })
const atTimeParameter = time({ name: "atTime", description: "Answers as of the newest version of this time or before." })

/** The parameters of every read of entities. */
export const asOfParameters = [atParameter, atTimeParameter]

export const minVersionHeader: Described = {
  name: "tandem-min-version",
  description: "Waits a little until this node has committed this version, so that a client reads its own writes on either node.",
  schema: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
}

export const asOfCodes: readonly RefusalCode[] = ["version-ahead", "version-unavailable", "trimmed"]

function asOf(exchange: Exchange, query: Query, pinned: number | undefined): Found | Promise<Found> {
  const { node, request } = exchange
  const why = node.whyNotReadable()
  if (why !== undefined) return why
  if (query.size === 0 && !request.headers.has(minimumHeader)) return node.committed()
  const asked = askedVersion(query, pinned)
  if (isRefusal(asked)) return asked
  return reach(exchange, typeof asked === "number" ? asked : 0, () => chosenVersion(exchange, asked))
}

const minimumHeader = minVersionHeader.name

/** What `choose` gives once this node has `asked`, and what the request's header wants; waits for them where it must. */
function reach({ node, request }: Exchange, asked: number, choose: () => Found): Found | Promise<Found> {
  const header = request.headers.get(minimumHeader)
  const minimum = header === null ? 0 : parseWhole(header.trim())
  if (minimum === undefined) return refuse("malformed", "The header `Tandem-Min-Version` is not a version.")
  const committed = node.committed()
  if (asked > committed && node.role() === "primary") {
    return refuse("version-ahead", `Version ${asked} is beyond ${committed}, the newest one.`, { version: committed })
  }
  const needed = Math.max(minimum, asked)
  if (needed <= committed) return choose()
  return node.waitForVersion(needed, bounds.versionWaitMs).then((there) => {
    if (!there) return notHereYet(node.committed(), needed)
    return node.whyNotReadable() ?? choose()
  })
}

interface AskedTime {
  readonly timeMs: number
}

/** A version, a time, or undefined for the newest. */
function askedVersion(query: Query, pinned: number | undefined): number | AskedTime | undefined | Refusal {
  const at = atParameter.of(query)
  if (isRefusal(at)) return at
  const timeMs = atTimeParameter.of(query)
  if (isRefusal(timeMs)) return timeMs
  if (pinned !== undefined) {
    if (timeMs !== undefined) return parameterRefusal("atTime", "cannot go with `cursor`, which carries its version")
    if (at !== undefined && at !== pinned) return parameterRefusal("at", `is not ${pinned}, the version that \`cursor\` carries`)
    return pinned
  }
  if (timeMs === undefined) return at
  return at === undefined ? { timeMs } : parameterRefusal("atTime", "cannot go with `at`")
}

function chosenVersion(exchange: Exchange, asked: number | AskedTime | undefined): Found {
  const committed = exchange.node.committed()
  if (asked === undefined) return committed
  const version = typeof asked === "number" ? asked : exchange.node.reader.versionAtTime(asked.timeMs, committed)
  return whyTrimmed(exchange, version) ?? version
}

function notHereYet(committed: number, needed: number): Refusal {
  return refuse("version-unavailable", `This node has not committed version ${needed} yet; it is at ${committed}.`, {
    version: committed,
    retryAfter: 1,
  })
}
