// What a route is, and what must hold of all of them. The table itself is in routes.ts.
import type { AlsoFor, RouteScope } from "./bearer.ts"
import type { Exchange } from "./exchange.ts"

export type Handler = (exchange: Exchange) => Response | Promise<Response>

export interface Route {
  readonly method: "GET" | "POST"
  /** Segments are literal or `:name`; of several routes that match, the more literal one answers. */
  readonly path: string
  readonly scope: RouteScope
  readonly also?: AlsoFor
  readonly handler: Handler
}

const scopes: readonly unknown[] = ["public", "any", "read", "write", "log", "admin"] satisfies RouteScope[]

/** Throws where an entry lacks a scope: such a route would be open to everyone. */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>()
  for (const { method, path, scope } of routes) {
    const name = `${method} ${path}`
    if (!scopes.includes(scope)) throw new Error(`the route ${name} declares no scope`)
    if (seen.has(name)) throw new Error(`the route ${name} is declared twice`)
    seen.add(name)
  }
}
