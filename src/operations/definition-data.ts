// What `collection.define` is given, and everything about it that can be checked without the state.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { type Access, type Rule, rulePattern, serverOnly } from "./access.ts"
import { type Field, type Fields, fieldTypes, isIndexed, onDeletes, stampFields } from "./definition.ts"
import { presentSchema } from "./document-value.ts"
import { collectionNameField, noList } from "./fields.ts"

const fieldNamePattern = /^[a-zA-Z][a-zA-Z0-9_]*$/
const fieldNameField = v.pipe(
  v.string(),
  v.maxLength(bounds.fieldNameLengthMax),
  v.regex(fieldNamePattern, "must begin with a letter, then letters, digits or _"),
  // A document without it would seem to have it.
  v.check((name) => !(name in Object.prototype), "is the name of something that every object has"),
)

/** Parameters of lists: a filter of that name would mean something else. */
export const listParameters: readonly string[] = ["limit", "cursor", "sort", "at", "atTime", "fields", "count"]
/** And of lists of users. */
export const userParameters: readonly string[] = ["email", "issuer", "subject"]

const length = v.pipe(v.number(), v.safeInteger(), v.minValue(1, "must be at least 1"))

const fieldSchema = v.strictObject({
  type: v.picklist(fieldTypes, `must be one of ${fieldTypes.join(", ")}`),
  required: v.optional(v.boolean()),
  unique: v.optional(v.boolean()),
  index: v.optional(v.boolean()),
  default: v.optional(v.unknown()),
  enum: v.optional(v.pipe(v.array(v.union([v.string(), v.number()], "must be a text or a number")), v.minLength(1, "must have a value"), v.maxLength(bounds.enumValuesMax))),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
  minLength: v.optional(length),
  maxLength: v.optional(length),
  to: v.optional(v.union([v.literal("users"), collectionNameField], "must be the name of a collection, or `users`")),
  onDelete: v.optional(v.picklist(onDeletes, `must be one of ${onDeletes.join(", ")}`)),
})
type FieldData = v.InferOutput<typeof fieldSchema>

const rule = v.pipe(
  v.string(),
  v.maxLength(bounds.fieldNameLengthMax + "owner:".length),
  v.regex(rulePattern, "must be `server`, `user`, `public` or `owner:` and the name of a field"),
  v.transform((text) => text as Rule),
)

export const definitionSchema = v.strictObject({
  name: v.union([v.literal("users"), collectionNameField], (issue) => collectionNameIssue(issue.input)),
  fields: v.optional(
    v.nullable(
      v.pipe(
        noList(v.record(fieldNameField, fieldSchema)),
        v.check((fields) => Object.keys(fields).length <= bounds.fieldsMax, `must be at most ${bounds.fieldsMax} fields`),
        v.check((fields) => JSON.stringify(fields).length <= bounds.definitionLengthMax, `must have at most ${bounds.definitionLengthMax} characters as JSON`),
        v.check((fields) => Object.values(plainFields(fields)).filter(isIndexed).length <= bounds.indexesMax, `must have at most ${bounds.indexesMax} indexes; unique fields and references have one`),
        v.rawCheck(({ dataset, addIssue }) => {
          if (!dataset.typed) return
          for (const [name, field] of Object.entries(dataset.value)) {
            for (const [key, message] of fieldFaults(name, field)) {
              const path: [v.IssuePathItem, ...v.IssuePathItem[]] = [{ type: "object", origin: "value", input: dataset.value, key: name, value: field }]
              if (key !== "") path.push({ type: "object", origin: "value", input: field, key, value: field[key] })
              addIssue({ message, path })
            }
          }
        }),
      ),
    ),
  ),
  access: v.optional(noList(v.strictObject({ create: v.optional(rule), read: v.optional(rule), update: v.optional(rule), delete: v.optional(rule) }))),
})

function collectionNameIssue(name: unknown): string {
  const [issue] = v.safeParse(collectionNameField, name).issues ?? []
  return issue === undefined || issue.message.startsWith("Invalid ") ? "must be the name of a collection" : issue.message
}

export function plainFields(fields: { readonly [name: string]: FieldData }): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, plainField(field)]))
}

/** Without what says only what holds anyway. */
function plainField(field: FieldData): Field {
  return Object.fromEntries(Object.entries(field).filter(([key, value]) => value !== undefined && !(value === false && flags.includes(key)))) as unknown as Field
}

const flags = ["required", "unique", "index"]

export function plainAccess(before: Access = serverOnly, access: { readonly [action in keyof Access]?: Rule | undefined } = {}): Access {
  const { create = before.create, read = before.read, update = before.update, delete: drop = before.delete } = access
  return { create, read, update, delete: drop }
}

type Fault = readonly [key: keyof FieldData | "", message: string]

function fieldFaults(name: string, data: FieldData): Fault[] {
  const field = plainField(data)
  if (stampFields.includes(name)) return stampFaults(name, field)
  const faults: Fault[] = []
  const isText = field.type === "string"
  const isNumber = field.type === "integer" || field.type === "number"
  const only = (key: keyof FieldData, fits: boolean, what: string) => {
    if (data[key] !== undefined && !fits) faults.push([key, `is for ${what} only`])
  }
  only("minLength", isText, "strings")
  only("maxLength", isText, "strings")
  only("min", isNumber, "numbers")
  only("max", isNumber, "numbers")
  only("enum", isText || isNumber, "strings and numbers")
  only("to", field.type === "reference", "references")
  only("onDelete", field.type === "reference", "references")
  if (field.type === "json" && field.index === true) faults.push(["index", "cannot be for a field of type json"])
  if (field.type === "json" && field.unique === true) faults.push(["unique", "cannot be for a field of type json"])
  if (field.type === "reference" && field.to === undefined) faults.push(["to", "is missing: the collection that is referenced"])
  if (field.onDelete === "setNull" && field.required === true) faults.push(["onDelete", "cannot be setNull where the field is required"])
  if (field.min !== undefined && field.max !== undefined && field.min > field.max) faults.push(["max", "is less than `min`"])
  if (field.minLength !== undefined && field.maxLength !== undefined && field.minLength > field.maxLength) faults.push(["maxLength", "is less than `minLength`"])
  if (isIndexed(field) && listParameters.includes(name)) faults.push(["", `cannot have an index: \`${name}\` is a parameter of lists`])
  // What follows judges values by the field, which must be sound for it.
  if (faults.length > 0) return faults
  return [...enumFaults(field), ...defaultFaults(field)]
}

function stampFaults(name: string, field: Field): Fault[] {
  const isStamp = field.type === "time" && field.index === true && Object.keys(field).length === 2
  return isStamp ? [] : [["", `is the time that the server keeps: { "${name}": { "type": "time", "index": true } } gives it an index, and nothing else can be said of it`]]
}

function enumFaults({ enum: values, ...field }: Field): Fault[] {
  const schema = presentSchema(field)
  return values?.every((value) => v.is(schema, value)) === false ? [["enum", `must hold values that the field may have`]] : []
}

function defaultFaults(field: Field): Fault[] {
  if (field.default === undefined) return []
  if (field.type === "reference" || field.unique === true) return [["default", "cannot be for a reference or a unique field"]]
  const [issue] = v.safeParse(presentSchema(field), field.default).issues ?? []
  return issue === undefined ? [] : [["default", issue.message]]
}
