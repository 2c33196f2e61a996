// GET /do/{key}: what became of a transaction, by its idempotency key. Keys belong to their principal.
import { isIdempotencyKey, keyHash } from "../operations/idempotency-key.ts"
import { isRefusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { outcomeShape } from "./do-shape.ts"
import type { About } from "./route.ts"

export function getOutcome(exchange: Exchange): Response {
  const { node } = exchange
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const key = exchange.param("key")
  if (!isIdempotencyKey(key)) return exchange.problem(refuse("malformed", "The path does not end in an idempotency key.", { pointer: "/key" }))
  const version = node.reader.versionOfKey(keyHash(exchange.principal.name, key))
  const why = node.whyNotReadable()
  if (why !== undefined) return exchange.problem(why)
  if (version === undefined) {
    return exchange.problem(
      refuse("entity-missing", "No transaction with this key is known here.", {
        key,
        hint: "One that is still on its way shows up later; to be sure, send it again with the same key.",
      }),
    )
  }
  const committed = node.committed()
  if (version > committed) return exchange.fresh('{"outcome":"in-doubt"}', committed)
  return exchange.fresh(`{"outcome":"committed","version":${version}}`, committed)
}

export const outcomeAbout: About = {
  name: "getOutcome",
  summary: "What became of a transaction, by its idempotency key.",
  details: "Keys belong to their principal. One that is not known may still be on its way; to be sure, send the transaction again with its key.",
  query: [],
  headers: [],
  answer: outcomeShape,
  codes: ["entity-missing"],
  example: { path: "/do/sign-up-1", answer: { outcome: "committed", version: 1 } },
}
