// What belongs to a user beside its own row, in collections that nobody reads: found by the user's id, bounded in number,
// and gone with the user.
import { bounds } from "../bounds.ts"
import { type Term, textTerm } from "../store/row.ts"
import type { TransactionView } from "./transaction-view.ts"

/** Collections of rows that carry their user's term. */
const collections = ["identities", "sessions", "tokens"] as const

export function userTerm(userId: string): Term {
  return textTerm("userId", userId, false)
}

/** Room for one more: where there is none, what has expired goes, and if nothing has, the oldest. */
export function makeRoom(view: TransactionView, collection: "sessions" | "tokens", userId: string): void {
  const ids = view.holders(collection, userTerm(userId))
  if (ids.length < bounds.accountEntriesMax) return
  const expired = ids.filter((id) => hasEnded(view, collection, id))
  // Ids are made in the order of time.
  for (const id of expired.length > 0 ? expired : ids.slice(0, 1)) view.delete(collection, id)
}

/** Whether it is over at a time, RFC 3339 in UTC; a session also where it was idle for too long. */
export function hasExpired(entity: { readonly [field: string]: unknown }, time: string): boolean {
  return String(expiresAt(entity)) <= time
}

/** When it is over by itself; null for never. */
export function expiresAt(entity: { readonly [field: string]: unknown }): string | null {
  const end = entity["idleExpiresAt"] ?? entity["expiresAt"] ?? null
  return end === null ? null : String(end)
}

function hasEnded(view: TransactionView, collection: string, id: string): boolean {
  const entity = view.find(collection, id)
  return entity === undefined || hasExpired(entity, view.time)
}

/** The user's sessions but one; how many of them had not ended by themselves. */
export function deleteSessions(view: TransactionView, userId: string, except?: string): number {
  const ids = view.holders("sessions", userTerm(userId)).filter((id) => id !== except)
  const live = ids.filter((id) => !hasEnded(view, "sessions", id)).length
  for (const id of ids) view.delete("sessions", id)
  return live
}

/** In the version that deletes the user: an id that is used again brings none of it back. */
export function deleteAccountEntries(view: TransactionView, userId: string): void {
  if (view.versionOf("credentials", userId) !== undefined) view.delete("credentials", userId)
  for (const collection of collections) for (const id of view.holders(collection, userTerm(userId))) view.delete(collection, id)
}
