// Valibot schemas as JSON Schema (draft 2020-12, which OpenAPI 3.1 uses): the named ones once, everything else refers to them.
// Says only what is true of everything that is taken: what JSON Schema cannot say stands in the description.
import { toJsonSchemaDefs } from "@valibot/to-json-schema"
import type { GenericSchema } from "valibot"

export type JsonSchema = { [keyword: string]: unknown }

export class JsonSchemas {
  readonly #named = new Map<GenericSchema, string>()
  /** Empty objects that were given out, until `finish` fills them. */
  readonly #promised: [JsonSchema, GenericSchema][] = []

  name(name: string, schema: GenericSchema): void {
    if (!this.#named.has(schema)) this.#named.set(schema, name)
  }

  /** The schema, or a reference where it has a name; whole once `finish` was called. */
  of(schema: GenericSchema): JsonSchema {
    const name = this.#named.get(schema)
    if (name !== undefined) return { $ref: componentRef(name) }
    const promised: JsonSchema = {}
    this.#promised.push([promised, schema])
    return promised
  }

  /** The named schemas by their names. */
  finish(): { [name: string]: JsonSchema } {
    const definitions: { [name: string]: GenericSchema } = {}
    for (const [schema, name] of this.#named) definitions[name] = schema
    // Copies, so that nothing takes one of them for a name to refer to.
    for (const [n, [, schema]] of this.#promised.entries()) definitions[`#${n}`] = { ...schema }
    const converted = toJsonSchemaDefs(definitions, {
      target: "draft-2020-12",
      typeMode: "input",
      // Any number in JSON is finite; normal form is what a text gets, not what it must have.
      ignoreActions: ["finite", "normalize"],
      overrideRef: ({ referenceId }) => componentRef(referenceId),
      // What it is instead stands beside it, as metadata.
      overrideSchema: ({ valibotSchema }) => (valibotSchema.type === "custom" ? {} : undefined),
      overrideAction: ({ valibotAction, jsonSchema }) => (rules.has(valibotAction.type) ? { ...jsonSchema, ...described(jsonSchema, valibotAction) } : undefined),
    }) as { [name: string]: JsonSchema }
    for (const [n, [promised]] of this.#promised.entries()) Object.assign(promised, converted[`#${n}`])
    return Object.fromEntries([...this.#named.values()].map((name) => [name, converted[name] ?? {}]))
  }
}

export function componentRef(name: string): string {
  return `#/components/schemas/${name}`
}

/** Rules in code, which JSON Schema has no words for. */
const rules: ReadonlySet<string> = new Set(["check", "partial_check", "raw_check"])

/** The rule's own message as a sentence; one that makes its messages itself is described beside it. */
function described({ description }: { readonly description?: string | undefined }, action: object): { readonly description?: string } {
  const { message } = action as { readonly message?: unknown }
  if (typeof message !== "string") return {}
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  return { description: description === undefined ? sentence : `${description} ${sentence}` }
}
