// The headers of answers that clients may build on, as /openapi.json names them. entity-headers.ts and exchange.ts set them.
import * as v from "valibot"
import { versionShape } from "../operations/entity-shape.ts"
import { digestHeader, nameHeader } from "./backup-headers.ts"
import { etagHeader } from "./etag.ts"
import { replayedHeader } from "./idempotency.ts"
import { linkHeader } from "./page.ts"
import type { Described } from "./parameter.ts"
import { requestIdHeader } from "./request-id.ts"

export const retryAfterHeader: Described = { name: "retry-after", description: "Seconds.", schema: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) }

export const answerHeaders: readonly Described[] = [
  { name: "tandem-version", description: "The version that the answer reflects.", schema: versionShape },
  { name: "tandem-node", description: "Who answers.", schema: v.string() },
  { name: "tandem-role", description: "The node's role.", schema: v.picklist(["primary", "replica"]) },
  { name: "tandem-epoch", description: "The number of the primary's reign.", schema: versionShape },
  { name: "tandem-mode", description: "Whether writes go to both nodes.", schema: v.picklist(["paired", "solo"]) },
  { name: "tandem-stale", description: "The node has lost its peer and may be behind another primary.", schema: v.optional(v.literal("possible")) },
  requestIdHeader,
  retryAfterHeader,
  etagHeader,
  linkHeader,
  replayedHeader,
  digestHeader,
  nameHeader,
]
