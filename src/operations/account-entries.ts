// What belongs to a user beside its own row, in collections that nobody reads: found by the user's id, bounded in number,
// and gone with the user.
import { bounds } from "../bounds.ts"
import { type Term, textTerm } from "../store/row.ts"
import type { TransactionView } from "./transaction-view.ts"

/** Collections of rows that carry their user's term. */
const collections = ["tokens"] as const

export function userTerm(userId: string): Term {
  return textTerm("userId", userId, false)
}

/** Room for one more: where there is none, what has expired goes, and if nothing has, the oldest. */
export function makeRoom(view: TransactionView, collection: (typeof collections)[number], userId: string): void {
  const ids = view.holders(collection, userTerm(userId))
  if (ids.length < bounds.accountEntriesMax) return
  const expired = ids.filter((id) => String(view.find(collection, id)?.["expiresAt"]) <= view.time)
  // Ids are made in the order of time.
  for (const id of expired.length > 0 ? expired : ids.slice(0, 1)) view.delete(collection, id)
}

/** In the version that deletes the user: an id that is used again brings none of it back. */
export function deleteAccountEntries(view: TransactionView, userId: string): void {
  if (view.versionOf("credentials", userId) !== undefined) view.delete("credentials", userId)
  for (const collection of collections) for (const id of view.holders(collection, userTerm(userId))) view.delete(collection, id)
}
