// The operations of POST /do as JSON Schemas: one each, with its data and its result, and the transactions that hold them.
// Made from the registry, so that an operation that is there is described.
import * as v from "valibot"
import { lineEntries, operationEntries, transactionEntries } from "../operations/envelope-shape.ts"
import type { Operation } from "../operations/operation.ts"
import { referenceShape } from "../operations/reference-shape.ts"
import { bounds } from "../bounds.ts"
import { componentRef, type JsonSchema, type JsonSchemas } from "./json-schemas.ts"

const optionsShape = v.object(transactionEntries)
const lineOptionsShape = v.object({ ...transactionEntries, ...lineEntries })

/** Names the schemas that `operationComponents` refers to. */
export function nameOperations(schemas: JsonSchemas, operations: readonly Operation<unknown>[]): void {
  schemas.name("Reference", referenceShape)
  schemas.name("TransactionOptions", optionsShape)
  schemas.name("LineOptions", lineOptionsShape)
  for (const { name, schema, result } of operations) {
    schemas.name(`${pascal(name)}Data`, schema)
    schemas.name(`${pascal(name)}Result`, result)
  }
}

export function operationComponents(schemas: JsonSchemas, operations: readonly Operation<unknown>[]): { [name: string]: JsonSchema } {
  const components: { [name: string]: JsonSchema } = {}
  for (const operation of operations) components[`${pascal(operation.name)}Operation`] = operationSchema(schemas, operation)
  const names = operations.map(({ name }) => name)
  const refOf = (name: string) => componentRef(`${pascal(name)}Operation`)
  const one: JsonSchema = {
    oneOf: names.map((name) => ({ $ref: refOf(name) })),
    discriminator: { propertyName: "op", mapping: Object.fromEntries(names.map((name) => [name, refOf(name)])) },
  }
  components["AnyOperation"] = one
  components["Operation"] = { allOf: [{ $ref: componentRef("AnyOperation") }], unevaluatedProperties: false }
  components["Transaction"] = transaction("TransactionOptions", "One or more operations, or a single one by itself.")
  components["Line"] = transaction("LineOptions", "One line of a stream: a transaction.")
  return components
}

/** Open, so that it may be part of a transaction of its own; closed by who refers to it. */
function operationSchema(schemas: JsonSchemas, { name, summary, scope, schema, result, example }: Operation<unknown>): JsonSchema {
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
    "x-tandem-result": schemas.of(result),
    examples: [{ op: name, data: example.data }],
  }
}

function transaction(options: string, description: string): JsonSchema {
  const list = {
    type: "object",
    properties: { operations: { type: "array", items: { $ref: componentRef("Operation") }, minItems: 1, maxItems: bounds.operationsMax } },
    required: ["operations"],
  }
  const whole = (part: JsonSchema) => ({ allOf: [part, { $ref: componentRef(options) }], unevaluatedProperties: false })
  return { description, anyOf: [whole(list), whole({ $ref: componentRef("AnyOperation") })] }
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
