// What of a collection the asker may see, as the newest committed rules say. What may not be seen is as if it were not there;
// to the public, the answer is the same for all of it.
import { isWithin, type Reach, reachOf } from "../operations/access.ts"
import { tokenNeeded } from "../operations/operation-access.ts"
import { isAnonymous, isServer } from "../operations/scope.ts"
import type { Refusal } from "../refusal.ts"
import { rowText } from "../store/row.ts"
import type { Exchange } from "./exchange.ts"

export function readReach({ principal, node, shared }: Exchange, collection: string): Reach | Refusal {
  if (isServer(principal)) return "all"
  const reach = reachOf(principal, shared.rules.of(collection, node.committed()).read)
  return reach === "none" && isAnonymous(principal) ? tokenNeeded : reach
}

export function isSeen(reach: Reach, collection: string, row: Uint8Array): boolean {
  if (typeof reach === "string") return reach === "all"
  return isWithin(reach, collection, JSON.parse(rowText(row)) as { readonly [field: string]: unknown })
}
