// The public HTTP application: the route table put into Hono, and what holds for every request. No middleware: each
// route has one handler, which answers without a promise where nothing waits.
import { type Context, Hono } from "hono"
import type { H, RouterRoute } from "hono/types"
import { bounds } from "../bounds.ts"
import type { Backups } from "../node/backups.ts"
import type { NodeService } from "../node/service.ts"
import { monotonicMs } from "../runtime/clock.ts"
import { randomBytes } from "../runtime/random.ts"
import type { Connection } from "../runtime/serve.ts"
import { refuse } from "../refusal.ts"
import { Cors } from "./cors.ts"
import { CursorSeal } from "./lists/cursor-seal.ts"
import { EntityHeaders } from "./entity-headers.ts"
import { Exchange, type PublicSettings, type Shared } from "./exchange.ts"
import { FeedTail, type FeedTiming, feedTiming } from "./feed/feed-tail.ts"
import { InFlight } from "./in-flight.ts"
import { LoginThrottles } from "./login.ts"
import { OpenApi } from "./openapi/openapi.ts"
import { openApiDocument } from "./openapi/openapi-document.ts"
import { PathRouter } from "./path-router.ts"
import { RequestIds } from "./request-id.ts"
import { checkRoutes, type Route } from "./route.ts"
import { routes } from "./routes.ts"
import { StoreCheck, type StoreReport } from "./store-check.ts"
import { Rules } from "../operations/rules.ts"
import type { Passwords } from "../operations/passwords.ts"
import { operations } from "../operations/registry.ts"
import { processHooks, unexpected, type UnexpectedHooks } from "./unexpected.ts"

export interface PublicAppOptions {
  readonly node: NodeService
  readonly settings: PublicSettings
  readonly passwords: Passwords
  /** The full check that GET /status/verify runs. */
  readonly verifyStore: () => Promise<StoreReport>
  readonly backups: Pick<Backups, "temporary">
  readonly hooks?: UnexpectedHooks
  readonly streamIdleMs?: number
  readonly feedTiming?: FeedTiming
}

export interface PublicApp {
  /** `connection` where a real one is behind the request. */
  fetch(request: Request, connection?: Connection): Response | Promise<Response>
  /** Ends all that waits for changes, so that it goes on elsewhere. */
  endFeed(): void
}

export function createPublicApp(options: PublicAppOptions): PublicApp {
  checkRoutes(routes)
  const router = new PathRouter<[H, RouterRoute]>()
  const hooks = options.hooks ?? processHooks
  const shared: Shared = {
    node: options.node,
    settings: options.settings,
    passwords: options.passwords,
    backups: options.backups,
    storeCheck: new StoreCheck(options.verifyStore),
    openApi: new OpenApi(() => openApiDocument(routes, operations)),
    throttles: new LoginThrottles(monotonicMs),
    cursorSeal: new CursorSeal(options.settings.secret),
    rules: new Rules(options.node.reader),
    cors: new Cors(options.settings.corsOrigins),
    entityHeaders: new EntityHeaders(options.node),
    inFlight: new InFlight(),
    feed: new FeedTail(options.node, monotonicMs, options.feedTiming ?? feedTiming),
    streamIdleMs: options.streamIdleMs ?? bounds.streamIdleMs,
    requestIds: new RequestIds(Buffer.from(randomBytes(6)).toString("base64url")),
    methodsAt: (path) => allowed(router.methodsAt(path)),
    unexpected: (error, where) => unexpected(error, where, hooks),
  }
  const hono = new Hono({ router })
  for (const route of routes) hono.on(route.method, route.path, (context) => answer(shared, route, context))
  hono.notFound((context) => {
    const exchange = new Exchange(shared, context)
    return context.req.method === "OPTIONS" ? exchange.preflight() : exchange.noRoute()
  })
  // Handlers answer for what they throw; what is left is an error in here.
  hono.onError((error, context) => broken(new Exchange(shared, context), "routing", error))
  return { fetch: (request, connection) => hono.fetch(request, { connection }), endFeed: () => shared.feed.end() }
}

/** Hono answers HEAD as GET without the body. */
function allowed(methods: readonly string[]): readonly string[] {
  if (methods.length === 0) return methods
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"]
}

function answer(shared: Shared, route: Route, context: Context): Response | Promise<Response> {
  const exchange = new Exchange(shared, context, route.about.query)
  const refusal = exchange.admit(route)
  if (refusal !== undefined) return exchange.problem(refusal)
  if (route.scope !== "public" && shared.inFlight.full()) {
    return exchange.problem(refuse("unavailable", "Too many requests wait already; nothing was done.", { retryAfter: 1 }))
  }
  try {
    const response = route.handler(exchange)
    if (response instanceof Response) return response
    return shared.inFlight.hold(response.catch((error: unknown) => broken(exchange, nameOf(route), error)))
  } catch (error) {
    return broken(exchange, nameOf(route), error)
  }
}

function broken(exchange: Exchange, where: string, error: unknown): Response {
  return exchange.broken(error, `${where} (${exchange.requestId})`, refuse("internal", "Something is broken here; the node's operator sees where."))
}

function nameOf(route: Route): string {
  return `${route.method} ${route.path}`
}
