// Writes what is an entity's own as it is, for who changes entities for reasons of their own: nothing is checked.
import type { Definition } from "./definition.ts"
import { documentTerms } from "./document-terms.ts"
import type { JsonObject } from "./fields.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"
import { type UserFields, writeUser } from "./user.ts"

/** Of a live entity. */
export function writeOwnValue(view: TransactionView, definition: Definition, id: string, value: JsonObject): void {
  const { name: collection } = definition
  if (collection === "users") writeUser(view, id, { ...(view.find(collection, id) as EntityBody & UserFields), data: value })
  else view.put(collection, id, { collection, value }, (stamp) => documentTerms(definition, value, stamp))
}
