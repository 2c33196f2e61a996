// `fields=` of a list: of each entity what all have, and of its own value only what was asked for. The one read that parses bodies.
import { rowText } from "../../store/row.ts"

/** Where entities of a collection keep what clients defined; undefined for those that have no such thing. */
export function valueName(collection: string): "value" | "data" | undefined {
  if (collection === "collections") return undefined
  return collection === "users" ? "data" : "value"
}

export function projected(row: Uint8Array, name: "value" | "data", fields: readonly string[]): Uint8Array {
  const body = JSON.parse(rowText(row)) as { readonly [field: string]: unknown }
  const whole = body[name] as { readonly [field: string]: unknown }
  const shown = fields.filter((field) => Object.hasOwn(whole, field)).map((field) => [field, whole[field]] as const)
  return Buffer.from(JSON.stringify({ ...body, [name]: Object.fromEntries(shown) }))
}
