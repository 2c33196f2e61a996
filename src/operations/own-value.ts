// The part of an entity that its collection's definition speaks of: the value of a document, the data of a user. Written here
// as it is, by who changes entities for reasons of their own; nothing is checked.
import type { Definition } from "./definition.ts"
import { documentTerms } from "./document-terms.ts"
import type { JsonObject } from "./fields.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"
import { type UserFields, writeUser } from "./user.ts"

export function ownValue(collection: string, body: EntityBody | undefined): JsonObject {
  return (body?.[collection === "users" ? "data" : "value"] ?? {}) as JsonObject
}

/** Writes a live entity with another such part. */
export function writeOwnValue(view: TransactionView, definition: Definition, id: string, value: JsonObject): void {
  const { name: collection } = definition
  if (collection === "users") writeUser(view, id, { ...(view.find(collection, id) as EntityBody & UserFields), data: value })
  else view.put(collection, id, { collection, value }, (stamp) => documentTerms(definition, value, stamp))
}
