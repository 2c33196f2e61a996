// What the example request of a route has for each of its parameters, as values of their schemas.
import * as v from "valibot"
import type { Described } from "../parameter.ts"

export class ExampleParameters {
  readonly #path: ReadonlyMap<string, string>
  readonly #query: ReadonlyMap<string, string>

  /** `pattern` is the route's path, `url` the example's path and query. */
  constructor(pattern: string, url: string) {
    const [path = "", query] = url.split("?")
    const segments = path.split("/")
    const named = pattern.split("/").flatMap((name, n) => (name.startsWith(":") ? [[name.slice(1), decodeURIComponent(segments[n] ?? "")] as const] : []))
    this.#path = new Map(named)
    this.#query = new Map(new URLSearchParams(query))
  }

  inPath({ name, schema }: Described): unknown {
    return valueOf(schema, this.#path.get(name))
  }

  inQuery({ name, schema }: Described): unknown {
    return valueOf(schema, this.#query.get(name))
  }

  /** Those of the query that are none of `declared`. */
  others(declared: readonly Described[]): { readonly [name: string]: string } | undefined {
    const found = [...this.#query].filter(([name]) => !declared.some((one) => one.name === name))
    return found.length === 0 ? undefined : Object.fromEntries(found)
  }
}

/** The text, or the number or flag that it stands for. */
function valueOf(schema: v.GenericSchema, text: string | undefined): unknown {
  return text === undefined || v.is(schema, text) ? text : (JSON.parse(text) as unknown)
}
