// GET /status, /status/verify, /livez and /readyz: how this node is. Health is public and says yes or no, nothing of the data.
import * as v from "valibot"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { choice } from "./parameter.ts"
import type { About } from "./route.ts"
import { nodeStatusShape, storeCheckShape } from "./status-shape.ts"

export function getStatus(exchange: Exchange): Response {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  return exchange.fresh(JSON.stringify(exchange.node.status()), exchange.node.committed())
}

export function getStoreCheck(exchange: Exchange): Response | Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  exchange.takesTime()
  return exchange.shared.storeCheck.report().then(({ committed, digest, problems, counts }) => {
    return exchange.fresh(JSON.stringify({ version: committed, digest, problems, counts }), committed)
  })
}

/** Answered by every process whose loop turns, whatever else is wrong. */
export function getLive(exchange: Exchange): Response {
  const query = exchange.query()
  return isRefusal(query) ? exchange.problem(query) : exchange.fresh('{"live":true}', exchange.node.committed())
}

export function getReady(exchange: Exchange): Response {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const purpose = forParameter.of(query)
  if (isRefusal(purpose)) return exchange.problem(purpose)
  const why = whyNotReady(exchange, purpose)
  if (why === undefined) return exchange.fresh(`{"ready":true,"for":"${purpose}"}`, exchange.node.committed())
  // One code for every reason, so that a health check sees one status.
  return exchange.problem(refuse("unavailable", why.detail, { retryAfter: why.retryAfter ?? 1 }))
}

const purposes = ["read", "write", "sync"] as const
type Purpose = (typeof purposes)[number]

const forParameter = choice(purposes, { name: "for", description: "Whether reads are answered, writes taken, or both nodes in sync." })

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

export const statusAbout: About = {
  name: "getStatus",
  summary: "How this node is: its role, how far it is, its peer, its disk.",
  query: [],
  headers: [],
  answer: nodeStatusShape,
  codes: [],
  example: {
    path: "/status",
    answer: {
      node: "a",
      role: "primary",
      clusterId: "cluster",
      epoch: { number: 1, id: "first" },
      mode: "paired",
      head: 4,
      committed: 4,
      digest: "",
      inDoubt: 0,
      oldestVersion: 1,
      oldestVersions: {},
      release: "0.0.0",
      peer: { node: "b", reachable: true, head: 4, committed: 4, inSync: true, lastHeardAt: null },
      lease: { remainingMs: 1_000 },
      promotion: null,
      decision: null,
      disk: { freeBytes: 1, floorBytes: 0, dataBytes: 1 },
      backup: null,
      fetching: null,
      shipping: null,
      scrub: { endedAt: null, entries: 0 },
      startedAt: "2026-03-01T12:00:00.000Z",
      stuck: null,
    },
  },
}

export const storeCheckAbout: About = {
  name: "checkStore",
  summary: "A full check of this node's store. Takes as long as reading all of it.",
  query: [],
  headers: [],
  answer: storeCheckShape,
  codes: [],
  example: { path: "/status/verify", answer: { version: 4, digest: "ab", problems: [], counts: { records: 1, entities: 1, superseded: 0 } } },
}

export const liveAbout: About = {
  name: "isLive",
  summary: "Whether the process runs.",
  query: [],
  headers: [],
  answer: v.strictObject({ live: v.literal(true) }),
  codes: [],
  example: { path: "/livez", answer: { live: true } },
}

export const readyAbout: About = {
  name: "isReady",
  summary: "Whether this node is ready: 200 or 503.",
  query: [forParameter],
  headers: [],
  answer: v.strictObject({ ready: v.literal(true), for: v.picklist(purposes) }),
  codes: ["unavailable"],
  example: { path: "/readyz?for=write", answer: { ready: true, for: "write" } },
}
