// The operations of POST /do as JSON Schemas: one each, with its data and its result, and the transactions that hold them.
// Made from the registry, so that an operation that is there is described.
import type * as v from "valibot"
import { lineEntries, operationEntries, transactionEntries } from "../operations/envelope-shape.ts"
import type { Operation } from "../operations/operation.ts"
import { referenceShape } from "../operations/reference-shape.ts"
import { bounds } from "../bounds.ts"
import { componentRef, type JsonSchema, type JsonSchemas } from "./json-schemas.ts"

/** Names the schemas that `operationComponents` refers to. */
export function nameOperations(schemas: JsonSchemas, operations: readonly Operation<unknown>[]): void {
  schemas.name("Reference", referenceShape)
  for (const { name, schema, result } of operations) {
    schemas.name(`${pascal(name)}Data`, schema)
    schemas.name(`${pascal(name)}Result`, result)
  }
}

export function operationComponents(schemas: JsonSchemas, operations: readonly Operation<unknown>[]): { [name: string]: JsonSchema } {
  const components: { [name: string]: JsonSchema } = {}
  for (const operation of operations) components[`${pascal(operation.name)}Operation`] = operationSchema(schemas, operation)
  const refs = operations.map(({ name }) => componentRef(`${pascal(name)}Operation`))
  const mapping = Object.fromEntries(operations.map(({ name }, n) => [name, refs[n]]))
  const one = { oneOf: refs.map((ref) => ({ $ref: ref })), unevaluatedProperties: false }
  components["Operation"] = { ...one, discriminator: { propertyName: "op", mapping } }
  components["Transaction"] = transaction(schemas, one, transactionEntries, "One or more operations, or a single one by itself.")
  components["Line"] = transaction(schemas, one, { ...transactionEntries, ...lineEntries }, "One line of a stream: a transaction.")
  return components
}

/** Open, so that it may be part of a transaction of its own; closed by who refers to it. */
function operationSchema(schemas: JsonSchemas, { name, summary, scope, schema, result, example, forUsers }: Operation<unknown>): JsonSchema {
  return {
    type: "object",
    description: summary,
    properties: {
      op: { type: "string", const: name },
      data: { anyOf: [schemas.of(schema), { $ref: componentRef("Reference") }] },
      as: schemas.of(operationEntries.as),
      if: schemas.of(operationEntries.if),
    },
    required: ["op", "data"],
    "x-tandem-scope": scope,
    "x-tandem-for-users": forUsers !== undefined,
    "x-tandem-result": schemas.of(result),
    examples: [{ op: name, data: example.data }],
  }
}

function transaction(schemas: JsonSchemas, one: JsonSchema, entries: v.ObjectEntries, description: string): JsonSchema {
  const options = () => Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, schemas.of(schema as v.GenericSchema)]))
  const operations = { type: "array", items: { $ref: componentRef("Operation") }, minItems: 1, maxItems: bounds.operationsMax }
  const list = { type: "object", properties: { operations, ...options() }, required: ["operations"], additionalProperties: false }
  return { description, anyOf: [list, { type: "object", properties: options(), ...one }] }
}

/** Lets a reference take the place of any value in an operation's data, but for its secrets. */
export function withReferences(schema: JsonSchema, secretFields: readonly string[] = []): JsonSchema {
  const { properties, items } = schema
  if (typeof items === "object" && items !== null) return { ...schema, items: orReference(items as JsonSchema) }
  if (typeof properties !== "object" || properties === null) return schema
  const entries = Object.entries(properties as { readonly [name: string]: JsonSchema })
  return { ...schema, properties: Object.fromEntries(entries.map(([name, inner]) => [name, secretFields.includes(name) ? inner : orReference(inner)])) }
}

function orReference(schema: JsonSchema): JsonSchema {
  const inner = withReferences(schema)
  const reference = { $ref: componentRef("Reference") }
  return Array.isArray(inner["anyOf"]) ? { ...inner, anyOf: [...inner["anyOf"], reference] } : { anyOf: [inner, reference] }
}

/** `user.create` as a name for a schema. */
export function pascal(name: string): string {
  return name.split(".").map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`).join("")
}
