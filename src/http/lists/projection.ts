// `fields=` of a list: of each entity what all have, and of its own value only what was asked for. The one read that parses bodies.
import { valueName } from "../../operations/own-value.ts"
import { rowText } from "../../store/row.ts"

/** Under which name entities of a collection keep their own value; undefined for definitions, which have none. */
export function projectedName(collection: string): "value" | "data" | undefined {
  return collection === "collections" ? undefined : valueName(collection)
}

export function projected(row: Uint8Array, name: "value" | "data", fields: readonly string[]): Uint8Array {
  const body = JSON.parse(rowText(row)) as { readonly [field: string]: unknown }
  const whole = body[name] as { readonly [field: string]: unknown }
  const shown = fields.filter((field) => Object.hasOwn(whole, field)).map((field) => [field, whole[field]] as const)
  return Buffer.from(JSON.stringify({ ...body, [name]: Object.fromEntries(shown) }))
}
