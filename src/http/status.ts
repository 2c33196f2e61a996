// GET /status, /status/verify, /livez and /readyz: how this node is. Health is public and says yes or no, nothing of the data.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { parameterRefusal, parseQuery } from "./query.ts"

export function getStatus(exchange: Exchange): Response {
  const query = parseQuery(exchange.url, [])
  if (isRefusal(query)) return exchange.problem(query)
  return exchange.fresh(JSON.stringify(exchange.node.status()), exchange.node.committed())
}

export function getStoreCheck(exchange: Exchange): Response | Promise<Response> {
  const query = parseQuery(exchange.url, [])
  if (isRefusal(query)) return exchange.problem(query)
  exchange.takesTime()
  return exchange.shared.storeCheck.report().then(({ committed, digest, problems, counts }) => {
    return exchange.fresh(JSON.stringify({ version: committed, digest, problems, counts }), committed)
  })
}

/** Answered by every process whose loop turns, whatever else is wrong. */
export function getLive(exchange: Exchange): Response {
  const query = parseQuery(exchange.url, [])
  return isRefusal(query) ? exchange.problem(query) : exchange.fresh('{"live":true}', exchange.node.committed())
}

export function getReady(exchange: Exchange): Response {
  const query = parseQuery(exchange.url, ["for"])
  if (isRefusal(query)) return exchange.problem(query)
  const purpose = query.get("for") ?? "read"
  if (!isPurpose(purpose)) return exchange.problem(parameterRefusal("for", "must be `read`, `write` or `sync`"))
  const why = whyNotReady(exchange, purpose)
  if (why === undefined) return exchange.fresh(`{"ready":true,"for":"${purpose}"}`, exchange.node.committed())
  // One code for every reason, so that a health check sees one status.
  return exchange.problem(refuse("unavailable", why.detail, { retryAfter: why.retryAfter ?? 1 }))
}

const purposes = ["read", "write", "sync"] as const
type Purpose = (typeof purposes)[number]

function isPurpose(text: string): text is Purpose {
  return (purposes as readonly string[]).includes(text)
}

function whyNotReady({ node }: Exchange, purpose: Purpose): Refusal | undefined {
  switch (purpose) {
    case "read":
      return node.whyNotReadable()
    case "write":
      return node.whyNotWritable()
    case "sync":
      return node.status().peer.inSync ? undefined : refuse("unavailable", "The other node is not in sync with this one.")
    default:
      return purpose satisfies never
  }
}
