// What a route is, how it describes itself, and what must hold of all of them. The table itself is in routes.ts.
import type { GenericSchema } from "valibot"
import type { RefusalCode } from "../refusal.ts"
import type { AlsoFor, RouteScope } from "./bearer.ts"
import type { Exchange } from "./exchange.ts"
import type { Described, Parameter } from "./parameter.ts"

export type Handler = (exchange: Exchange) => Response | Promise<Response>

export interface Route {
  readonly method: "GET" | "POST"
  /** Segments are literal or `:name`; of several routes that match, the more literal one answers. */
  readonly path: string
  readonly scope: RouteScope
  readonly also?: AlsoFor
  readonly handler: Handler
  readonly about: About
}

/** What clients are told of a route, at /openapi.json. Tests hold every answer against it. */
export interface About extends Case {
  /** The query parameters that the route takes: all others are refused. */
  readonly query: readonly Parameter[]
  /** Others that it takes, by the names of fields: a map of them to texts. */
  readonly filters?: Described
  readonly headers: readonly Described[]
  readonly body?: Content
  readonly answerType?: string
  /** What it answers instead to who accepts that. */
  readonly alternative?: { readonly type: string; readonly schema: GenericSchema; readonly example: unknown }
  /** Headers of the answer beside those that each has. */
  readonly answerHeaders?: readonly Described[]
  /** What it may refuse with, beside what any route may: see `codesOf`. */
  readonly codes: readonly RefusalCode[]
  /** Names that the path's parameters may have which get something of their own. */
  readonly cases?: readonly (Case & { readonly path: string })[]
}

interface Case {
  /** What generated clients call it. */
  readonly name: string
  readonly summary: string
  readonly details?: string
  readonly answer: GenericSchema
  readonly example: Example
}

export interface Content {
  readonly type: string
  /** Its own, or the name of one that is made from the registry of operations; see openapi-operations.ts. */
  readonly schema: GenericSchema | { readonly component: "Transaction" | "Line" }
}

/** A request and its answer, in the store that test/http/story.ts tells of. */
export interface Example {
  /** Of the request, with its query, after the route's own path: `/users/ada?at=1`. */
  readonly path: string
  readonly body?: unknown
  readonly answer: unknown
}

const scopes: readonly unknown[] = ["public", "any", "read", "write", "log", "admin"] satisfies RouteScope[]

/** Throws where an entry lacks a scope: such a route would be open to everyone. */
export function checkRoutes(routes: readonly Pick<Route, "method" | "path" | "scope">[]): void {
  const seen = new Set<string>()
  for (const { method, path, scope } of routes) {
    const name = `${method} ${path}`
    if (!scopes.includes(scope)) throw new Error(`the route ${name} declares no scope`)
    if (seen.has(name)) throw new Error(`the route ${name} is declared twice`)
    seen.add(name)
  }
}

/** All codes that a route may refuse with. */
export function codesOf({ scope, also, about }: Route): readonly RefusalCode[] {
  const codes: RefusalCode[] = ["malformed", ...about.codes, "internal"]
  // Whether there is room for one more is asked of all but the public ones.
  if (scope !== "public") codes.push("unauthenticated", "unavailable")
  // Keys may lack the scope, and sessions may not be let in.
  if (scope !== "public" && (scope !== "any" || also === undefined)) codes.push("forbidden")
  return [...new Set(codes)]
}
