// POST /node/promote, /node/solo and /node/handover: what an operator decides about this very node. Who asked is the principal of the key.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import type { Asked, Standing } from "../node/service.ts"
import { versionShape } from "../operations/entity-shape.ts"
import { isRefusal, type Refusal } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { readJson } from "./json-body.ts"
import type { About } from "./route.ts"

const reason = v.optional(v.pipe(v.string(), v.maxLength(bounds.noteLengthMax), v.description("Why: it is kept in the log.")), "")
const flag = (description: string) => v.optional(v.pipe(v.boolean(), v.description(description)), false)

const promoteShape = v.strictObject({
  solo: flag("Take writes that are on this disk only, until a replica is in sync."),
  force: flag("Also where the old primary may still answer reads, or where this node may lack writes that were acknowledged."),
  reason,
})
const soloShape = v.strictObject({
  on: v.boolean(),
  force: flag("Also where this node was handing over, and the other one may have become the primary."),
  reason,
})
const handoverShape = v.strictObject({ reason })

export function postPromote(exchange: Exchange): Promise<Response> {
  return decide(exchange, promoteShape, "{ solo?, force?, reason? }", (body, by) => exchange.node.promote({ ...body, by }))
}

export function postSolo(exchange: Exchange): Promise<Response> {
  return decide(exchange, soloShape, "{ on, force?, reason? }", (body, by) => exchange.node.solo({ ...body, by }))
}

export function postHandover(exchange: Exchange): Promise<Response> {
  return decide(exchange, handoverShape, "{ reason? }", (body, by) => exchange.node.handover({ ...body, by }))
}

type Decide<Body> = (body: Body, by: Asked["by"]) => Promise<Standing | Refusal>

async function decide<Shape extends v.GenericSchema>(exchange: Exchange, shape: Shape, looks: string, made: Decide<v.InferOutput<Shape>>): Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const body = await readJson(exchange, shape, looks)
  if (isRefusal(body)) return exchange.problem(body)
  exchange.takesTime()
  const standing = await made(body, exchange.principal.name)
  if (isRefusal(standing)) return exchange.problem(standing)
  const { primary = null, ...stands } = standing
  return exchange.fresh(JSON.stringify({ ...stands, primary }), standing.committed)
}

const standingShape = v.strictObject({
  node: v.string(),
  role: v.picklist(["primary", "replica"]),
  epoch: v.strictObject({ number: versionShape, id: v.string() }),
  mode: v.picklist(["paired", "solo"]),
  head: versionShape,
  committed: versionShape,
  primary: v.pipe(v.nullable(v.string()), v.description("Where the primary is reached, as far as this node knows.")),
})

const standing = { node: "a", role: "primary", epoch: { number: 1, id: "first" }, mode: "paired", head: 4, committed: 4, primary: null }

/** What the three have in common. */
const about = { query: [], headers: [], answer: standingShape, codes: ["wrong-state", "unsupported-media-type", "too-large"] } as const

export const promoteAbout: About = {
  ...about,
  name: "promote",
  summary: "Makes this replica the primary, after the other node is gone.",
  details: "Refused while the old primary may still answer reads, and where this node may lack writes that were acknowledged. Without `solo` it answers reads, and takes writes once a replica is in sync.",
  body: { type: "application/json", schema: promoteShape },
  example: { path: "/node/promote", body: { solo: true, reason: "node a burnt down" }, answer: standing },
}

export const soloAbout: About = {
  ...about,
  name: "setSolo",
  summary: "Lets this primary acknowledge writes that are on its own disk only, or ends that.",
  details: "Only while the replica is away. It ends by itself when a replica is in sync.",
  body: { type: "application/json", schema: soloShape },
  example: { path: "/node/solo", body: { on: true, reason: "node b gets a new disk" }, answer: standing },
}

export const handoverAbout: About = {
  ...about,
  name: "handOver",
  summary: "Lets the replica take this primary's place, with everything that was acknowledged.",
  details: "What was accepted is finished first; new writes are answered with 503 and are taken by the other node a moment later.",
  body: { type: "application/json", schema: handoverShape },
  example: { path: "/node/handover", body: { reason: "node a gets a new kernel" }, answer: standing },
}
