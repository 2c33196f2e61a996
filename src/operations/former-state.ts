// Gives entities the states back that they had before: what `revert` does once it knows which. Goes through the same
// functions as every other write, so what must hold of users and documents holds of those that come back.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Change } from "./change.ts"
import { collectionMissing, putDocument } from "./document.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"
import { deleteUser, putUser, type UserFields } from "./user.ts"

export interface FormerState {
  readonly collection: string
  readonly id: string
  /** As a read answered it; undefined where the entity was not there. */
  readonly body: EntityBody | undefined
}

/** Refuses where a state cannot come back, force or not: a unique value has passed on, a collection is gone or still in use. */
export function bringBack(view: TransactionView, states: readonly FormerState[]): Change[] | Refusal {
  const wanted = [...states].sort((a, b) => rank(a) - rank(b))
  const wasThere = new Set(wanted.filter(({ collection, id }) => view.versionOf(collection, id) !== undefined))
  // All of them go before the first comes back: they may have passed unique values to each other.
  for (const state of wasThere) remove(view, state)
  for (const state of wanted) {
    const refused = state.body === undefined ? undefined : restore(view, state, state.body)
    if (refused !== undefined) return refused
  }
  for (const state of wanted) {
    const refused = whyNotLeft(view, state)
    if (refused !== undefined) return refused
  }
  return wanted.filter((state) => state.body !== undefined || wasThere.has(state)).map((state) => changeOf(view, state, wasThere.has(state)))
}

/** Definitions come first: documents need theirs. */
function rank({ collection }: FormerState): number {
  return collection === "collections" ? 0 : collection === "users" ? 1 : 2
}

function remove(view: TransactionView, { collection, id, body }: FormerState): void {
  const isAnother = body?.createdVersion !== view.find(collection, id)?.createdVersion
  // Who has the id now may be somebody else than who had it then: their password goes with them.
  if (collection === "users" && isAnother) deleteUser(view, id)
  else view.delete(collection, id)
}

function restore(view: TransactionView, { collection, id }: FormerState, body: EntityBody): Refusal | undefined {
  if (collection === "users") {
    const refused = putUser(view, id, body as EntityBody & UserFields, body)
    return refused && { ...refused, detail: `User \`${id}\` cannot be brought back: ${refused.detail}`, pointer: "" }
  }
  if (collection === "collections") view.put(collection, id, ownFields(body), [], body)
  else {
    if (view.versionOf("collections", collection) === undefined) return collectionMissing(collection, "")
    const put = putDocument(view, collection, id, body["value"], body)
    if (isRefusal(put)) return put
  }
  return undefined
}

/** A collection that a revert takes away must not leave documents behind. */
function whyNotLeft(view: TransactionView, { collection, id, body }: FormerState): Refusal | undefined {
  if (collection !== "collections" || body !== undefined || view.ids(id, 1).length === 0) return undefined
  return refuse("conflict", `Collection \`${id}\` has documents that other versions made; they would be left without it.`, {
    pointer: "",
    hint: "collection.drop takes them with it.",
  })
}

function changeOf(view: TransactionView, { collection, id }: FormerState, wasThere: boolean): Change {
  const value = view.find(collection, id) ?? null
  return { collection, id, change: value === null ? "deleted" : wasThere ? "updated" : "created", value }
}

/** Without what every entity has. */
function ownFields({ id: _, createdAt: _c, updatedAt: _u, version: _v, createdVersion: _d, ...own }: EntityBody): object {
  return own
}
