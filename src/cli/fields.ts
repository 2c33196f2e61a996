// Reads JSON that came from elsewhere: nothing is taken to be there, or to have the type one hopes for.

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === "string" ? value : undefined
}

export function numberField(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  return typeof value === "number" ? value : undefined
}

export function fieldsOf(value: unknown, name: string): Fields {
  const inner = isFields(value) ? value[name] : undefined
  return isFields(inner) ? inner : {}
}

/** The `items` of a page. */
export function itemsOf(value: unknown): readonly Fields[] {
  const items = isFields(value) ? value["items"] : undefined
  return Array.isArray(items) ? items.filter(isFields) : []
}
