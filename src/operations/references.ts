// `{"$ref": "u.id"}` in an operation's data: a value from the result of an earlier operation, by its `as` name.
import { type Refusal, refuse, isRefusal } from "../refusal.ts"
import { escapePointer } from "./json-rules.ts"
import { isObject } from "./merge-patch.ts"

export function hasReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasReference)
  if (!isObject(value)) return false
  return "$ref" in value || Object.values(value).some(hasReference)
}

/** `value` with every reference replaced. `results` gives the result of the operation with that name. */
export function resolveReferences(value: unknown, results: (name: string) => unknown, pointer = ""): unknown | Refusal {
  if (Array.isArray(value)) {
    const resolved: unknown[] = []
    for (const [n, item] of value.entries()) {
      const one = resolveReferences(item, results, `${pointer}/${n}`)
      if (isRefusal(one)) return one
      resolved.push(one)
    }
    return resolved
  }
  if (!isObject(value)) return value
  if ("$ref" in value) return follow(value, results, pointer)
  const resolved: { [key: string]: unknown } = {}
  for (const [key, item] of Object.entries(value)) {
    const one = resolveReferences(item, results, `${pointer}/${escapePointer(key)}`)
    if (isRefusal(one)) return one
    resolved[key] = one
  }
  return resolved
}

function follow(value: { readonly [key: string]: unknown }, results: (name: string) => unknown, pointer: string): unknown | Refusal {
  const path = value["$ref"]
  if (typeof path !== "string" || Object.keys(value).length !== 1) {
    return refuse("malformed", 'A reference looks like {"$ref": "name.field"}.', { pointer })
  }
  const [name = "", ...fields] = path.split(".")
  let found = results(name)
  for (const field of fields) found = isObject(found) && Object.hasOwn(found, field) ? found[field] : undefined
  if (found === undefined) return refuse("malformed", `The reference \`${path}\` names nothing in an earlier result.`, { pointer })
  return found
}
