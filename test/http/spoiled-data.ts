// Data that no operation may take, made from its schema and its example: each field in turn missing, of another type, too long or
// beside something that is no field. What a new operation adds is spoiled by itself.
import type { Operation } from "../../src/operations/operation.ts"

export interface Spoiled {
  readonly what: string
  /** JSON pointer to what is wrong, within the data. */
  readonly pointer: string
  readonly data: unknown
}

/** A schema, as far as this looks into it. */
interface Looked {
  readonly type: string
  readonly wrapped?: Looked
  readonly entries?: { readonly [name: string]: Looked }
  readonly value?: Looked
  readonly item?: Looked
  readonly options?: readonly Looked[]
}

type Path = readonly string[]

const long = "x".repeat(100_000)
/** Of each type, what is none. Undefined stands for a field that is missing. */
const wrong: { readonly [type: string]: readonly unknown[] } = {
  string: [null, true, 5, [], {}, ["x"], long],
  picklist: [null, true, 5, [], {}, "colour", "", "toString"],
  number: [null, true, "5", [], {}, 0.5e-300],
  boolean: [null, 0, "true", [], {}],
  array: [null, true, 5, "x", {}, [null], [{}]],
  record: [null, true, 5, "x", [], [1], { "": {} }, { toString: {} }, { [long]: {} }],
  strict_object: [null, true, 5, "x", []],
  custom: [null, true, 5, "x", []],
  union: [true, [], {}, long],
}

export function spoiledData(operation: Pick<Operation<unknown>, "schema">, example: unknown): Spoiled[] {
  const found: Spoiled[] = []
  look(operation.schema as unknown as Looked, [], example, found)
  return found
}

/** All places in an example where a value stands, as pointers; also the whole. */
export function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))]
}

/** The example with something else at one place. */
export function withAt(example: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value
  if (Array.isArray(example)) return example.map((item: unknown, n) => (String(n) === name ? withAt(item, rest, value) : item))
  const object = typeof example === "object" && example !== null ? (example as { readonly [field: string]: unknown }) : {}
  return { ...object, [name]: withAt(object[name], rest, value) }
}

function look(schema: Looked, path: Path, example: unknown, found: Spoiled[], isOptional = schema.type === "optional"): void {
  const inner = present(schema)
  const mayBeNull = schema !== inner && nullable(schema)
  const say = (what: string, at: Path, value: unknown): void => {
    const pointer = at.map((step) => `/${step}`).join("")
    found.push({ what: `${what} at ${pointer.slice(0, 80) || "the whole"}`, pointer, data: withAt(example, at, value) })
  }
  for (const value of wrong[inner.type] ?? []) {
    if (value === 0.5e-300 && !isWhole(inner)) continue
    if (!(value === null && mayBeNull)) say(JSON.stringify(value).slice(0, 20), path, value)
  }
  if (!isOptional && path.length > 0) say("nothing", path, undefined)
  if (inner.entries !== undefined && inner.type === "strict_object") {
    for (const name of ["colour", "toString", "hasOwnProperty", long]) say("an unknown field", [...path, name], 1)
    for (const [name, field] of Object.entries(inner.entries)) look(field, [...path, name], example, found)
  }
  // One name of a record, which the example must have, stands for all.
  const [key] = Object.keys(at(example, path) ?? {})
  if (inner.value !== undefined && key !== undefined) look(inner.value, [...path, key], example, found, true)
}

function present(schema: Looked): Looked {
  return schema.wrapped === undefined ? schema : present(schema.wrapped)
}

function nullable(schema: Looked): boolean {
  return schema.type === "nullable" || (schema.wrapped !== undefined && nullable(schema.wrapped))
}

function isWhole(schema: Looked & { readonly pipe?: readonly { readonly type: string }[] }): boolean {
  return schema.pipe?.some(({ type }) => type === "safe_integer") === true
}

function at(value: unknown, path: Path): object | undefined {
  let found: unknown = value
  for (const name of path) found = (found as { readonly [field: string]: unknown } | undefined)?.[name]
  return typeof found === "object" && found !== null ? found : undefined
}
