// The definition of a collection, as reads, results, histories and the feed all show it.
import * as v from "valibot"
import { type Rule, rulePattern } from "./access.ts"
import { fieldTypes, onDeletes } from "./definition.ts"
import { stampAt, stampEntries } from "./entity-shape.ts"

/** The type says what the pattern does. */
const ruleShape = v.pipe(v.string(), v.regex(rulePattern)) as v.GenericSchema<string, string> as v.GenericSchema<Rule>

export const fieldShape = v.strictObject({
  type: v.picklist(fieldTypes),
  required: v.exactOptional(v.literal(true)),
  unique: v.exactOptional(v.literal(true)),
  index: v.exactOptional(v.literal(true)),
  default: v.exactOptional(v.unknown()),
  enum: v.exactOptional(v.array(v.union([v.string(), v.number()]))),
  min: v.exactOptional(v.number()),
  max: v.exactOptional(v.number()),
  minLength: v.exactOptional(v.number()),
  maxLength: v.exactOptional(v.number()),
  to: v.exactOptional(v.string()),
  onDelete: v.exactOptional(v.picklist(onDeletes)),
})

export const indexShape = v.strictObject({
  term: v.pipe(v.string(), v.description("The name of its entries.")),
  unique: v.boolean(),
  state: v.pipe(v.picklist(["ready", "building"]), v.description("Lists may use it once it is ready.")),
})

export const accessShape = v.strictObject({ create: ruleShape, read: ruleShape, update: ruleShape, delete: ruleShape })

export const definitionShape = v.strictObject({
  id: v.string(),
  name: v.string(),
  fields: v.pipe(v.nullable(v.record(v.string(), fieldShape)), v.description("Null where documents are any JSON objects.")),
  access: accessShape,
  indexes: v.record(v.string(), indexShape),
  ...stampEntries,
})

/** What `collection.define` is given. */
const given = {
  fields: {
    owner: { type: "reference", to: "users", onDelete: "cascade" },
    title: { type: "string", required: true, minLength: 1, maxLength: 200 },
    done: { type: "boolean" },
    steps: { type: "integer", min: 0 },
    createdAt: { type: "time", index: true },
  },
  access: { create: "owner:owner", read: "owner:owner", update: "owner:owner", delete: "server" },
}

export function definingExample(name: string) {
  return { name, ...given }
}

/** The definition that a version made of it. */
export function definedExample(name: string, version: number) {
  const index = (field: string) => ({ term: `${field}@${version}`, unique: false, state: "ready" })
  return { id: name, ...definingExample(name), indexes: { owner: index("owner"), createdAt: index("createdAt") }, ...stampAt(version) }
}

/** As version 2 created it. */
export const definitionExample = definedExample("goals", 2)
