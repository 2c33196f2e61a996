// Whether a value is what a definition asks for: definitions compiled to valibot schemas. All that is wrong with a value is said
// at once. Reads no state: whether references name anything is checked where they are written.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import type { Issue } from "../refusal.ts"
import { type Definition, type Field, type Fields, isIndexed, stampFields } from "./definition.ts"
import { type JsonObject, timeField } from "./fields.ts"
import { escapePointer } from "./json-rules.ts"

type Checked = { readonly value: JsonObject } | { readonly issues: readonly Issue[] }

/** The value as it is kept, with defaults and normalised times. `pointer` is where it stands in the operation's data. */
export function checkValue({ fields }: Definition, value: JsonObject, pointer: string): Checked {
  if (fields === null) return { value }
  const schema = schemaOf(fields)
  const issues: Issue[] = Object.keys(value)
    .filter((name) => !Object.hasOwn(schema.entries, name))
    .map((name) => ({ pointer: `${pointer}/${escapePointer(name)}`, code: "unknown-field", message: messageOfUnknown(fields, name) }))
  const result = v.safeParse(schema, value, { abortPipeEarly: true })
  if (result.success && issues.length === 0) return { value: result.output }
  return { issues: [...issues, ...(result.issues ?? []).map((issue) => issueOf(issue, pointer))] }
}

function messageOfUnknown(fields: Fields, name: string): string {
  return Object.hasOwn(fields, name) ? "is set by the server" : "is not a field of this collection"
}

function issueOf(issue: v.BaseIssue<unknown>, pointer: string): Issue {
  const path = (issue.path ?? []).map((step) => `/${escapePointer(String(step.key))}`).join("")
  return { pointer: `${pointer}${path}`, code: issue.type, message: issue.received === "undefined" ? "is missing" : issue.message }
}

type FieldSchema = v.GenericSchema<unknown, unknown>
type ValueSchema = v.ObjectSchema<Record<string, FieldSchema>, undefined>

/** A definition's fields are one object for as long as its text is the same. */
const compiled = new WeakMap<Fields, ValueSchema>()

function schemaOf(fields: Fields): ValueSchema {
  const known = compiled.get(fields)
  if (known !== undefined) return known
  const entries: Record<string, FieldSchema> = {}
  for (const [name, field] of Object.entries(fields)) if (!stampFields.includes(name)) entries[name] = fieldSchema(field)
  const schema = v.object(entries)
  compiled.set(fields, schema)
  return schema
}

function fieldSchema(field: Field): FieldSchema {
  const schema = presentSchema(field)
  if (field.required === true && field.default === undefined) return schema
  if (field.required === true) return v.optional(schema, () => field.default)
  return field.default === undefined ? v.optional(v.nullable(schema)) : v.optional(v.nullable(schema), () => field.default)
}

/** Of a value that is neither missing nor null. */
export function presentSchema(field: Field): FieldSchema {
  const { enum: values } = field
  const schema = typeSchema(field)
  return values === undefined ? schema : v.pipe(schema, v.check((value) => values.some((one) => one === value), `must be one of ${JSON.stringify(values)}`))
}

function typeSchema(field: Field): FieldSchema {
  const { type, min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = field
  switch (type) {
    case "string":
      return textSchema(field)
    case "integer":
      return v.pipe(v.number("must be an integer"), v.safeInteger("must be an integer"), v.minValue(min, `must be at least ${min}`), v.maxValue(max, `must be at most ${max}`))
    case "number":
      return v.pipe(v.number("must be a number"), v.minValue(min, `must be at least ${min}`), v.maxValue(max, `must be at most ${max}`))
    case "boolean":
      return v.boolean("must be true or false")
    case "time":
      return v.pipe(v.string("must be a time such as 2026-01-31T12:00:00Z"), timeField)
    case "json":
      return v.custom<unknown>((value) => value !== null && value !== undefined, "must not be null")
    case "reference":
      return v.pipe(v.string("must be an id"), v.minLength(1, "must be an id"), v.maxLength(bounds.idLengthMax, "must be an id"))
    default:
      return type satisfies never
  }
}

/** Index entries have the text in their keys, which are bounded. */
function textSchema({ minLength = 0, maxLength = Number.MAX_SAFE_INTEGER, ...field }: Field): FieldSchema {
  const tooShort = minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`
  const text = v.pipe(v.string("must be a text"), v.minLength(minLength, tooShort), v.maxLength(maxLength, `must have at most ${maxLength} characters`))
  if (!isIndexed(field)) return text
  return v.pipe(text, v.check((value) => Buffer.byteLength(value) <= bounds.indexedTextBytesMax, `must have at most ${bounds.indexedTextBytesMax} bytes as UTF-8, because it is indexed`))
}
