// The definition of a collection, as reads, results, histories and the feed all show it.
import * as v from "valibot"
import type { Rule } from "./access.ts"
import { fieldTypes, onDeletes } from "./definition.ts"
import { stampAt, stampEntries } from "./entity-shape.ts"

/** The type says what the pattern does. */
const ruleShape = v.pipe(v.string(), v.regex(/^(server|user|public|owner:[a-zA-Z][a-zA-Z0-9_]*)$/)) as v.GenericSchema<string, string> as v.GenericSchema<Rule>

const fieldShape = v.strictObject({
  type: v.picklist(fieldTypes),
  required: v.optional(v.literal(true)),
  unique: v.optional(v.literal(true)),
  index: v.optional(v.literal(true)),
  default: v.optional(v.unknown()),
  enum: v.optional(v.array(v.union([v.string(), v.number()]))),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
  maxLength: v.optional(v.number()),
  to: v.optional(v.string()),
  onDelete: v.optional(v.picklist(onDeletes)),
})

const indexShape = v.strictObject({
  term: v.pipe(v.string(), v.description("The name of its entries.")),
  unique: v.boolean(),
  state: v.pipe(v.picklist(["ready", "building"]), v.description("Lists may use it once it is ready.")),
})

export const definitionShape = v.strictObject({
  id: v.string(),
  name: v.string(),
  fields: v.pipe(v.nullable(v.record(v.string(), fieldShape)), v.description("Null where documents are any JSON objects.")),
  access: v.strictObject({ create: ruleShape, read: ruleShape, update: ruleShape, delete: ruleShape }),
  indexes: v.record(v.string(), indexShape),
  ...stampEntries,
})

const serverOnly = { create: "server", read: "server", update: "server", delete: "server" }

export function definedExample(name: string, version: number) {
  return { id: name, name, fields: null, access: serverOnly, indexes: {}, ...stampAt(version) }
}

/** As version 2 created it. */
export const definitionExample = definedExample("goals", 2)
