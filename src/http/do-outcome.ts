// GET /do/{key}: what became of a transaction, by its idempotency key. Keys belong to their principal.
import { isIdempotencyKey, keyHash } from "../operations/idempotency-key.ts"
import { isRefusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { parseQuery } from "./query.ts"

export function getOutcome(exchange: Exchange): Response {
  const { node } = exchange
  const query = parseQuery(exchange.url, [])
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
