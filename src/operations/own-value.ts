// The part of an entity that is its clients' own, and that its collection's definition speaks of: the value of a document, the data
// of a user.
import type { JsonObject } from "./fields.ts"

/** Under which name an entity keeps it. */
export function valueName(collection: string): "value" | "data" {
  return collection === "users" ? "data" : "value"
}

/** Empty where there is no such entity. */
export function ownValue(collection: string, body: { readonly [field: string]: unknown } | undefined): JsonObject {
  return (body?.[valueName(collection)] ?? {}) as JsonObject
}
