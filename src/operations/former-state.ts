// Gives entities the states back that they had before: what `revert` does once it knows which. Goes through the same
// functions as every other write, so what must hold of users and documents holds of those that come back.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Change } from "./change.ts"
import { type Definition, defaultAccess, definitionIn } from "./definition.ts"
import { define } from "./defining.ts"
import { definitionOf, putDocument } from "./document.ts"
import type { JsonObject } from "./fields.ts"
import { referringCollections, whyLeftReferenced } from "./referrers.ts"
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
  const coming = new Set(wanted.flatMap(({ collection, id, body }) => (body === undefined ? [] : [`${collection}/${id}`])))
  for (const state of wanted) {
    const refused = state.body === undefined ? undefined : restore(view, state, state.body, coming)
    if (refused !== undefined) return refused
  }
  for (const state of wanted) {
    const refused = state.body === undefined ? whyNotLeft(view, state) : whyNamesNothing(view, state)
    if (refused !== undefined) return refused
  }
  return wanted.filter((state) => state.body !== undefined || wasThere.has(state)).map((state) => changeOf(view, state, wasThere.has(state)))
}

/** Definitions come first: documents need theirs. */
function rank({ collection }: FormerState): number {
  return collection === "collections" ? 0 : collection === "users" ? 1 : 2
}

function remove(view: TransactionView, { collection, id, body }: FormerState): void {
  // One definition takes the place of another, which tells what is new in it.
  if (collection === "collections" && body !== undefined) return
  const isAnother = body?.createdVersion !== view.find(collection, id)?.createdVersion
  // Who has the id now may be somebody else than who had it then: their password goes with them.
  if (collection === "users" && isAnother) deleteUser(view, id)
  else view.delete(collection, id)
}

function restore(view: TransactionView, { collection, id }: FormerState, body: EntityBody, coming: ReadonlySet<string>): Refusal | undefined {
  const refused = restored(view, collection, id, body, coming)
  return refused && { ...refused, code: refused.code === "invalid" ? "conflict" : refused.code, detail: `\`${collection}/${id}\` cannot be brought back: ${refused.detail}`, pointer: "" }
}

function restored(view: TransactionView, collection: string, id: string, body: EntityBody, coming: ReadonlySet<string>): Refusal | undefined {
  if (collection === "users") return putUser(view, id, body as EntityBody & UserFields, { began: body, coming })
  if (collection === "collections") {
    const { fields = null, access = defaultAccess(id) } = body as Partial<Definition>
    const refused = define(view, { name: id, fields, access }, undefined, body)
    return refused?.code === "unavailable" ? tooLargeToNarrow(id) : refused
  }
  const definition = definitionOf(view, collection)
  if (isRefusal(definition)) return definition
  const put = putDocument(view, definition, id, body["value"] as JsonObject, { began: body, coming })
  return isRefusal(put) ? put : undefined
}

/** A revert looks through no large collection ahead, so another try would end the same. */
function tooLargeToNarrow(name: string): Refusal {
  return refuse("conflict", `it asks for more than the definition of now, and \`${name}\` is too large to be looked through within a transaction.`, {
    hint: "collection.define with those fields looks through it ahead.",
  })
}

/** A definition that came back may reference a collection that is gone, or that goes in the same version. */
function whyNamesNothing(view: TransactionView, { collection, id }: FormerState): Refusal | undefined {
  if (collection !== "collections") return undefined
  for (const [name, { to }] of Object.entries(definitionIn(view, id)?.fields ?? {})) {
    if (to === undefined || to === "users" || view.versionOf("collections", to) !== undefined) continue
    return refuse("conflict", `The definition of \`${id}\` cannot be brought back: its \`${name}\` references \`${to}\`, and there is no such collection.`, { pointer: "" })
  }
  return undefined
}

/** What a revert takes away must leave nothing behind that belongs to it or names it. */
function whyNotLeft(view: TransactionView, { collection, id }: FormerState): Refusal | undefined {
  if (collection !== "collections") return whyLeftReferenced(view, collection, id)
  // Users are there without a definition, too.
  if (id === "users") return undefined
  const referring = referringCollections(view, id).find((name) => name !== id)
  if (referring !== undefined) return refuse("conflict", `Collection \`${id}\` is referenced by \`${referring}\`.`, { pointer: "" })
  if (view.isEmpty(id)) return undefined
  return refuse("conflict", `Collection \`${id}\` has documents that other versions made; they would be left without it.`, {
    pointer: "",
    hint: "collection.drop takes them with it.",
  })
}

function changeOf(view: TransactionView, { collection, id }: FormerState, wasThere: boolean): Change {
  const value = view.find(collection, id) ?? null
  return { collection, id, change: value === null ? "deleted" : wasThere ? "updated" : "created", value }
}
