// Who may see and change what, as access rules say it. Pure: reads no state, knows no HTTP. API keys stand above every rule.
import { ownValue } from "./own-value.ts"
import { isServer, type Principal } from "./scope.ts"

export type Rule = "server" | "user" | "public" | `owner:${string}`

export type Action = "create" | "read" | "update" | "delete"
export const rulePattern = /^(server|user|public|owner:[a-zA-Z][a-zA-Z0-9_]*)$/

export interface Access {
  readonly create: Rule
  readonly read: Rule
  readonly update: Rule
  readonly delete: Rule
}

/** Of collections whose definition says nothing. */
export const serverOnly: Access = { create: "server", read: "server", update: "server", delete: "server" }

/** Of users, unless a definition named `users` says otherwise: everyone sees themselves. */
export const ownUser: Access = { ...serverOnly, read: "owner:id" }

/** What a rule leaves to a principal: all entities, none, or those that belong to its user. */
export type Reach = "all" | "none" | Owned

export interface Owned {
  /** The field that names the owner: of a document's value or a user's data; of users, `id` is the user itself. */
  readonly field: string
  readonly userId: string
}

export function reachOf(principal: Principal, rule: Rule): Reach {
  if (isServer(principal) || rule === "public") return "all"
  if (rule === "server" || principal.userId === undefined) return "none"
  return rule === "user" ? "all" : { field: rule.slice("owner:".length), userId: principal.userId }
}

/** Whether an entity, as a read answers it, is within reach. */
export function isWithin(reach: Reach, collection: string, body: { readonly [field: string]: unknown }): boolean {
  if (typeof reach === "string") return reach === "all"
  return ownerOf(reach.field, collection, body) === reach.userId
}

function ownerOf(field: string, collection: string, body: { readonly [field: string]: unknown }): unknown {
  if (collection === "users" && field === "id") return body["id"]
  const own = ownValue(collection, body)
  return Object.hasOwn(own, field) ? own[field] : undefined
}
