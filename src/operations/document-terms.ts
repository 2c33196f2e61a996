// The terms of a document or of a user's data: one for each index of its definition, also where there is no value.
import { nullValue, booleanValue, numberValue, textValue, timeValue } from "../store/term-value.ts"
import type { Term } from "../store/row.ts"
import type { Definition, Field } from "./definition.ts"
import { stampFields } from "./definition.ts"
import type { JsonObject } from "./fields.ts"
import type { Stamp } from "./transaction-view.ts"

/** `value` has been checked against the definition. */
export function documentTerms({ fields, indexes }: Definition, value: JsonObject, stamp: Stamp): Term[] {
  const terms: Term[] = []
  for (const name in indexes) {
    const index = indexes[name]
    const field = fields?.[name]
    if (index === undefined || field === undefined) continue
    const own = stampFields.includes(name) ? stamp[name as keyof Stamp] : value[name]
    const bytes = fieldValue(field, own)
    terms.push({ field: index.term, value: bytes, unique: index.unique && bytes !== nullValue })
  }
  return terms
}

/** The bytes of a field's value in an index. */
export function fieldValue({ type }: Field, value: unknown): Uint8Array {
  if (value === undefined || value === null) return nullValue
  switch (type) {
    case "boolean":
      return booleanValue(value === true)
    case "integer":
    case "number":
      return numberValue(value as number)
    case "time":
      return timeValue(String(value))
    case "string":
    case "reference":
      return textValue(String(value))
    case "json":
      throw new Error("a field of type json has no index")
    default:
      return type satisfies never
  }
}
