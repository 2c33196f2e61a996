// The operations of POST /do as JSON Schemas: one each, with its data and its result, and the transactions that hold them.
// Made from the registry, so that an operation that is there is described.
import type * as v from "valibot"
import { lineEntries, operationEntries, transactionEntries } from "../../operations/envelope-shape.ts"
import type { Operation } from "../../operations/operation.ts"
import { referenceShape } from "../../operations/reference-shape.ts"
import { bounds } from "../../bounds.ts"
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
  components["Operation"] = { oneOf: refs.map((ref) => ({ $ref: ref })), discriminator: { propertyName: "op", mapping } }
  components["Transaction"] = transaction(schemas, operations, transactionEntries, "One or more operations, or a single one by itself.")
  components["Line"] = transaction(schemas, operations, { ...transactionEntries, ...lineEntries }, "One line of a stream: a transaction.")
  return components
}

function operationSchema(schemas: JsonSchemas, operation: Operation<unknown>): JsonSchema {
  const { name, summary, scope, result, example, forUsers } = operation
  return {
    type: "object",
    description: summary,
    properties: { op: { type: "string", const: name }, data: dataOf(schemas, operation), ...propertiesOf(schemas, operationEntries) },
    required: ["op", "data"],
    additionalProperties: false,
    "x-tandem-scope": scope,
    "x-tandem-for-users": forUsers !== undefined,
    "x-tandem-result": schemas.of(result),
    examples: [{ op: name, data: example.data }],
  }
}

function dataOf(schemas: JsonSchemas, { schema }: Operation<unknown>): JsonSchema {
  return { anyOf: [schemas.of(schema), { $ref: componentRef("Reference") }] }
}

function propertiesOf(schemas: JsonSchemas, entries: v.ObjectEntries): JsonSchema {
  return Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, schemas.of(schema as v.GenericSchema)]))
}

/** A list of operations, or a single one by itself: its `op` says what its data must be. */
function transaction(schemas: JsonSchemas, operations: readonly Operation<unknown>[], entries: v.ObjectEntries, description: string): JsonSchema {
  const list = { type: "array", items: { $ref: componentRef("Operation") }, minItems: 1, maxItems: bounds.operationsMax }
  const op = { type: "string", enum: operations.map(({ name }) => name) }
  const bare = { op, data: { type: "object", additionalProperties: true }, ...propertiesOf(schemas, operationEntries), ...propertiesOf(schemas, entries) }
  return {
    description,
    anyOf: [
      { type: "object", properties: { operations: list, ...propertiesOf(schemas, entries) }, required: ["operations"], additionalProperties: false },
      {
        type: "object",
        properties: bare,
        required: ["op", "data"],
        additionalProperties: false,
        allOf: operations.map((operation) => ({
          if: { properties: { op: { const: operation.name } } },
          then: { properties: { data: dataOf(schemas, operation) } },
        })),
      },
    ],
  }
}

/** Lets a reference take the place of any value in an operation's data, but for its secrets. */
export function withReferences(schema: JsonSchema, secretFields: readonly string[] = []): JsonSchema {
  const { properties, items, additionalProperties, anyOf } = schema
  return {
    ...schema,
    ...(isSchema(items) ? { items: orReference(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: orReference(additionalProperties) } : {}),
    ...(Array.isArray(anyOf) ? { anyOf: anyOf.map((one) => withReferences(one as JsonSchema)) } : {}),
    ...(isSchema(properties) ? { properties: mapped(properties, (name, inner) => (secretFields.includes(name) ? inner : orReference(inner))) } : {}),
  }
}

function mapped(properties: JsonSchema, change: (name: string, schema: JsonSchema) => JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, change(name, schema as JsonSchema)]))
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null
}

function orReference(schema: JsonSchema): JsonSchema {
  const inner = withReferences(schema)
  // Any JSON is any reference, too.
  if (Object.keys(inner).length === 0) return inner
  const reference = { $ref: componentRef("Reference") }
  return Array.isArray(inner["anyOf"]) ? { ...inner, anyOf: [...inner["anyOf"], reference] } : { anyOf: [inner, reference] }
}

/** `user.create` as a name for a schema. */
export function pascal(name: string): string {
  return name.split(".").map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`).join("")
}
