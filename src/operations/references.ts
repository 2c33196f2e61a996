// `{"$ref": "u.id"}` in an operation's data: a value from the result of an earlier operation, by its `as` name.
// What is taken is bounded: results made of results would otherwise double with each operation.
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { escapePointer } from "./json-rules.ts"
import { isObject } from "./merge-patch.ts"
import { quoted } from "./quoted.ts"

/** The results that a transaction's references may take from. */
export class EarlierResults {
  readonly #texts = new Map<string, string>()
  readonly #values = new Map<string, unknown>()
  #bytesLeft: number = bounds.referencedBytesMax

  /** `text` is JSON; it is parsed once somebody asks for it. */
  add(name: string, text: string): void {
    this.#texts.set(name, text)
  }

  /** The value at `name.field…`; undefined where there is none. */
  find(path: string): unknown {
    const [name = "", ...fields] = path.split(".")
    let found = this.#result(name)
    for (const field of fields) found = isObject(found) && Object.hasOwn(found, field) ? found[field] : undefined
    return found
  }

  /** Whether the bound leaves room for one more copy of this value. */
  take(value: unknown): boolean {
    this.#bytesLeft -= Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value))
    return this.#bytesLeft >= 0
  }

  #result(name: string): unknown {
    const text = this.#texts.get(name)
    if (text !== undefined && !this.#values.has(name)) this.#values.set(name, JSON.parse(text))
    return this.#values.get(name)
  }
}

export function hasReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasReference)
  if (!isObject(value)) return false
  return "$ref" in value || Object.values(value).some(hasReference)
}

/** Wrapped, because the value is the client's own and may look like anything, a refusal too. */
type Resolved = { readonly value: unknown } | Refusal

/** `value` with every reference replaced. */
export function resolveReferences(value: unknown, earlier: EarlierResults, pointer = "", depth = 1): Resolved {
  if (Array.isArray(value)) {
    const resolved: unknown[] = []
    for (const [n, item] of value.entries()) {
      const one = resolveReferences(item, earlier, `${pointer}/${n}`, depth + 1)
      if (isRefusal(one)) return one
      resolved.push(one.value)
    }
    return { value: resolved }
  }
  if (!isObject(value)) return { value }
  if ("$ref" in value) return follow(value, earlier, pointer, depth)
  const resolved: { [key: string]: unknown } = {}
  for (const [key, item] of Object.entries(value)) {
    const one = resolveReferences(item, earlier, `${pointer}/${escapePointer(key)}`, depth + 1)
    if (isRefusal(one)) return one
    resolved[key] = one.value
  }
  return { value: resolved }
}

function follow(value: { readonly [key: string]: unknown }, earlier: EarlierResults, pointer: string, depth: number): Resolved {
  const path = value["$ref"]
  if (typeof path !== "string" || Object.keys(value).length !== 1) {
    return refuse("malformed", 'A reference looks like {"$ref": "name.field"}.', { pointer })
  }
  const found = earlier.find(path)
  if (found === undefined) return refuse("malformed", `The reference ${quoted(path)} names nothing in an earlier result.`, { pointer })
  if (!earlier.take(found)) {
    return refuse("too-large", `The references of this transaction take more than ${bounds.referencedBytesMax} bytes.`, { pointer })
  }
  if (depth - 1 + levelsOf(found) > bounds.jsonDepthMax) {
    return refuse("malformed", `With what a reference names, the data nests deeper than ${bounds.jsonDepthMax} levels.`, { pointer })
  }
  return { value: found }
}

/** How deep objects and lists nest; 0 for anything else. */
function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  let deepest = 0
  for (const inner of Object.values(value)) deepest = Math.max(deepest, levelsOf(inner))
  return deepest + 1
}
