// What the document operations share. Every document that is written passes here, so it is what its definition asks for.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { type Definition, definitionIn } from "./definition.ts"
import { documentTerms } from "./document-terms.ts"
import type { JsonObject } from "./fields.ts"
import type { Result } from "./operation.ts"
import { definedValue } from "./defined-value.ts"
import type { Beginning, TransactionView } from "./transaction-view.ts"

export function collectionMissing(name: string, pointer = "/collection"): Refusal {
  return refuse("collection-missing", `There is no collection \`${name}\`.`, { pointer, hint: "Make it with collection.define." })
}

/** Of a collection that documents may be written to: users have operations of their own. */
export function definitionOf(view: TransactionView, collection: string): Definition | Refusal {
  const definition = definitionIn(view, collection)
  return definition === undefined || collection === "users" ? collectionMissing(collection) : definition
}

/**
 * Writes a document, where its value is what the definition asks for. Its own fields are under `value`, so they clash with nothing.
 * `pointer` is where the value stands in the operation's data.
 */
export function putDocument(view: TransactionView, definition: Definition, id: string, value: JsonObject, { began, pointer = "/value", coming }: PutOptions = {}): Result | Refusal {
  const collection = definition.name
  const defined = definedValue(view, definition, id, value, pointer, coming)
  if (isRefusal(defined)) return defined
  view.put(collection, id, { collection, value: defined.value }, (stamp) => documentTerms(definition, defined.value, stamp), began)
  return { kind: "entity", collection, id }
}

interface PutOptions {
  readonly began?: Beginning
  readonly pointer?: string
  /** Entities, as `collection/id`, that the same operation writes next: they may be referenced already. */
  readonly coming?: ReadonlySet<string>
}

/** A document that is there, with its definition. */
export function findDocument(view: TransactionView, collection: string, id: string): { readonly definition: Definition; readonly value: JsonObject } | Refusal {
  const definition = definitionOf(view, collection)
  if (isRefusal(definition)) return definition
  const found = view.find(collection, id)
  if (found !== undefined) return { definition, value: found["value"] as JsonObject }
  return documentMissing(collection, id)
}

export function documentMissing(collection: string, id: string): Refusal {
  return refuse("entity-missing", `There is no \`${id}\` in \`${collection}\`.`, { pointer: "/id" })
}
