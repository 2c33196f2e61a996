// What a list may be filtered and sorted by: the fields that had an index at the version it is as of. Says of any other name why not,
// and what would change that.
import type { Definition, FieldType } from "../../operations/definition.ts"

export interface ListField {
  /** As clients name it. */
  readonly name: string
  /** As rows name it. */
  readonly term: string
  readonly type: FieldType | "email"
}

/** A collection and the definition that it had. */
export interface Described {
  readonly collection: string
  readonly version: number
  /** Undefined for those that are always there and were never defined. */
  readonly definition: Definition | undefined
}

const email: ListField = { name: "email", term: "email", type: "email" }

/** Undefined where it has no index, or one that is still being built. */
export function listField({ collection, definition }: Described, name: string): ListField | undefined {
  if (collection === "users" && name === email.name) return email
  const index = own(definition?.indexes, name)
  const field = own(definition?.fields, name)
  return index?.state === "ready" && field !== undefined ? { name, term: index.term, type: field.type } : undefined
}

export function listFields(described: Described): ListField[] {
  const names = [...(described.collection === "users" ? [email.name] : []), ...Object.keys(described.definition?.indexes ?? {})]
  return names.flatMap((name) => listField(described, name) ?? [])
}

/** What is wrong with a name that `listField` does not know, as the end of a sentence. */
export function whyNoField({ collection, version, definition }: Described, name: string): string {
  const then = `at version ${version}`
  if (own(definition?.indexes, name) !== undefined) return `the index of \`${name}\` was still being built ${then}`
  const field = own(definition?.fields, name)
  if (field?.type === "json") return `\`${name}\` of \`${collection}\` holds any JSON, which has no order`
  if (field !== undefined) return `\`${name}\` of \`${collection}\` had no index ${then}`
  return `\`${collection}\` had no field \`${name}\` with an index ${then}`
}

/** What to do about it. */
export function hintFor({ collection, definition }: Described, name: string): string {
  if (own(definition?.indexes, name) !== undefined) return "Try again when it is ready: GET /collections/{name} says so."
  if (own(definition?.fields, name)?.type === "json") return "Keep what shall be looked for in a field of its own."
  return `collection.define of \`${collection}\` adds it, with \`"index": true\` on the field \`${name}\`.`
}

/** What a field may be called. */
export const fieldNamePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/

export function isFieldName(name: string): boolean {
  return fieldNamePattern.test(name)
}

function own<Value>(record: Readonly<Record<string, Value>> | null | undefined, name: string): Value | undefined {
  return record != null && Object.hasOwn(record, name) ? record[name] : undefined
}
