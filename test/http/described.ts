// The description at /openapi.json, to be asked for its parts, and whether a value is one of a schema that it has.
import Ajv2020 from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { inside } from "./harness.ts"
import { pascal } from "../../src/http/openapi/openapi-operations.ts"

const id = "https://tandem.test/openapi.json"

export class Described {
  readonly #document: object
  readonly #ajv = new Ajv2020({ strict: false, allErrors: false })

  constructor(document: unknown) {
    this.#document = document as object
    addFormats(this.#ajv)
    this.#ajv.addSchema({ ...this.#document, $id: id }, undefined, false, false)
  }

  /** What a pointer that begins with `#` leads to. */
  at(pointer: string): unknown {
    return inside(this.#document, ...pointer.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")))
  }

  pointer(method: string, path: string): string {
    return `#/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method.toLowerCase()}`
  }

  operation(method: string, path: string): unknown {
    return this.at(this.pointer(method, path))
  }

  parameters(method: string, path: string, place: string): string[] {
    const all = inside(this.operation(method, path), "parameters") as readonly { readonly name: string; readonly in: string }[]
    return all.filter((parameter) => parameter.in === place).map(({ name }) => name)
  }

  /** Of an operation of POST /do. */
  described(name: string): unknown {
    return this.at(`#/components/schemas/${pascal(name)}Operation`)
  }

  /** What is wrong with a value, by the schema that a pointer leads to. */
  issues(pointer: string, value: unknown): readonly string[] {
    const fragment = pointer.split("/").map(encodeURIComponent).join("/").replace("%23", "#")
    const validate = this.#ajv.getSchema(`${id}${fragment}`) ?? this.#ajv.compile({ $ref: `${id}${fragment}` })
    return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }

  /** Where a schema says nothing at all, though that is not meant. */
  openSchemas(): string[] {
    const found: string[] = []
    const look = (value: unknown, at: string): void => {
      if (typeof value !== "object" || value === null) return
      const entries = Object.entries(value)
      if (entries.every(([name]) => name === "description") && isSchema(at)) found.push(at)
      for (const [name, inner] of entries) if (name !== "example" && name !== "examples" && name !== "default") look(inner, `${at}/${name}`)
    }
    look(this.#document, "#")
    return found
  }
}

/** Any JSON stands in the steps of a diff. */
function isSchema(at: string): boolean {
  return /\/(schema|items|properties\/[^/]+|(?:anyOf|oneOf|allOf)\/\d+|components\/schemas\/[^/]+)$/.test(at) && !at.startsWith("#/components/schemas/DiffStep/")
}
