// What of a collection the asker may see, as the newest committed rules say. What may not be seen is as if it were not there;
// to the public, the answer is the same for all of it.
import { type Access, isWithin, ownUser, type Reach, reachOf, serverOnly } from "../operations/access.ts"
import { tokenNeeded } from "../operations/operation-access.ts"
import { isAnonymous, isServer } from "../operations/scope.ts"
import type { Refusal } from "../refusal.ts"
import { rowText } from "../store/row.ts"
import type { Exchange } from "./exchange.ts"

export function readReach({ principal }: Exchange, collection: string): Reach | Refusal {
  if (isServer(principal)) return "all"
  const reach = reachOf(principal, accessOf(collection).read)
  return reach === "none" && isAnonymous(principal) ? tokenNeeded : reach
}

function accessOf(collection: string): Access {
  return collection === "users" ? ownUser : serverOnly
}

export function isSeen(reach: Reach, collection: string, row: Uint8Array): boolean {
  if (typeof reach === "string") return reach === "all"
  return isWithin(reach, collection, JSON.parse(rowText(row)) as { readonly [field: string]: unknown })
}
