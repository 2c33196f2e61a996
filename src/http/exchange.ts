// One request and how it is answered: every public response is made here, so that none lacks a header it must have.
// GET /users/{id} passes here on every request: nothing here waits, and headers are one plain object.
import type { Context } from "hono"
import type { Backups } from "../node/backups.ts"
import type { NodeService } from "../node/service.ts"
import type { Passwords } from "../operations/passwords.ts"
import type { Rules } from "../operations/rules.ts"
import type { Principal } from "../operations/scope.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Connection } from "../runtime/serve.ts"
import { bearer, challenge } from "./bearer.ts"
import { clientAddress } from "./client-address.ts"
import type { Cors } from "./cors.ts"
import type { CursorSeal } from "./lists/cursor-seal.ts"
import { type EntityHeaders, nodeHeaders, revalidated } from "./entity-headers.ts"
import type { FeedTail } from "./feed/feed-tail.ts"
import { addressSigned, forwardedAddressHeader } from "./forwarded-address.ts"
import type { InFlight } from "./in-flight.ts"
import type { LoginThrottles } from "./login.ts"
import type { OpenApi } from "./openapi/openapi.ts"
import type { Parameter } from "./parameter.ts"
import { problemJson, statusOf } from "./problem.ts"
import { parseQuery, type Query } from "./query.ts"
import { relayedHeaders } from "./relayed-headers.ts"
import type { RequestIds } from "./request-id.ts"
import type { Route } from "./route.ts"
import type { StoreCheck } from "./store-check.ts"

export interface PublicSettings {
  /** Exact origins, such as `https://app.example.com`. */
  readonly corsOrigins: readonly string[]
  readonly bodyBytesMax: number
  /** Sends writes on to the primary instead of answering 421. */
  readonly forwardWrites: boolean
  /** A header in which a proxy in front of this node says the client's address; without it, none is believed. */
  readonly clientAddressHeader?: string | undefined
  /** Shared by both nodes. */
  readonly secret: string
}

/** What all requests share. */
export interface Shared {
  readonly node: NodeService
  readonly settings: PublicSettings
  readonly passwords: Passwords
  readonly storeCheck: StoreCheck
  readonly backups: Pick<Backups, "temporary">
  readonly openApi: OpenApi
  readonly throttles: LoginThrottles
  readonly rules: Rules
  readonly cursorSeal: CursorSeal
  readonly cors: Cors
  readonly entityHeaders: EntityHeaders
  readonly inFlight: InFlight
  readonly feed: FeedTail
  /** A stream ends when no line has come for this long: its client is gone, or takes no answers. */
  readonly streamIdleMs: number
  readonly requestIds: RequestIds
  /** Methods of a path, for `Allow`; empty where there is no such path. */
  readonly methodsAt: (path: string) => readonly string[]
  /** What an unexpected error does to the process and to this answer; see unexpected.ts. */
  readonly unexpected: (error: unknown, where: string) => void
}

/** What of a route says who is let in. */
type Admission = Pick<Route, "scope" | "also">

type Headers = Record<string, string>

const secret = "no-store"

export class Exchange {
  readonly shared: Shared
  readonly node: NodeService
  readonly request: Request
  readonly requestId: string
  readonly #context: Context
  readonly parameters: readonly Parameter[]
  #principal: Principal | undefined
  #forwardedFor: string | undefined
  #admission: Admission | undefined

  /** `parameters` are those of the query that the route takes. */
  constructor(shared: Shared, context: Context, parameters: readonly Parameter[] = []) {
    this.shared = shared
    this.node = shared.node
    this.request = context.req.raw
    this.requestId = shared.requestIds.of(this.request)
    this.#context = context
    this.parameters = parameters
  }

  get url(): string {
    return this.request.url
  }

  /** Decoded. May hold any character: check it before use. */
  param(name: string): string {
    return this.#context.req.param(name) ?? ""
  }

  /** The query, in which only what the route declares may be. */
  query(): Query | Refusal {
    return parseQuery(this.url, this.parameters)
  }

  path(): string {
    return this.#context.req.path
  }

  /** For what may take long, or lets its client take long: the connection is not cut for being idle. */
  takesTime(): void {
    this.#connection?.unlimited(this.request)
  }

  /** By which tries are counted; undefined where it is not known. */
  clientAddress(): string | undefined {
    if (this.#forwardedFor !== undefined) return this.#forwardedFor
    const { clientAddressHeader } = this.shared.settings
    const header = clientAddressHeader === undefined ? null : this.request.headers.get(clientAddressHeader)
    return clientAddress(this.#connection?.address(this.request), header)
  }

  /** Who stands behind a write that the other node has sent on, where that says so. */
  takeForwardedAddress(body: string): void {
    const header = this.request.headers.get(forwardedAddressHeader)
    if (header !== null) this.#forwardedFor = addressSigned(header, body, this.shared.settings.secret)
  }

  /** Calls `listener` once nobody waits for the answer any more, also where it was sent whole. */
  whenGone(listener: () => void): void {
    const connection = this.#connection
    if (connection === undefined) this.request.signal.addEventListener("abort", listener)
    else connection.whenGone(this.request, listener)
  }

  get #connection(): Connection | undefined {
    return (this.#context.env as { readonly connection?: Connection }).connection
  }

  /** Finds out who asks; a refusal where the route is not for them. */
  admit(route: Admission): Refusal | undefined {
    const { scope, also } = route
    if (scope === "public") return undefined
    const found = bearer(this.request, scope, also, this.node)
    if (isRefusal(found)) return found
    this.#principal = found
    this.#admission = route
    return undefined
  }

  /** For what goes on for long: a refusal where who was admitted would be no more. */
  readmit(): Refusal | undefined {
    return this.#admission === undefined ? undefined : this.admit(this.#admission)
  }

  /** What it was admitted by. */
  get credentials(): string {
    return this.request.headers.get("authorization") ?? ""
  }

  get principal(): Principal {
    if (this.#principal === undefined) throw new Error("a public route asked who is there")
    return this.#principal
  }

  /** Data as of `version`. Whether this node may still answer reads is asked here, last thing. */
  data(body: Uint8Array | string, version: number, more?: Headers): Response {
    const why = this.node.whyNotReadable()
    if (why !== undefined) return this.problem(why)
    const headers = this.#headers("application/json", revalidated, version)
    if (more !== undefined) Object.assign(headers, more)
    return new Response(body as BodyInit, { headers })
  }

  /** One entity: data with its tag. The most frequent answer, so its headers are prepared ahead where they can be. */
  entity(body: string, version: number, etag: string): Response {
    const { cors, entityHeaders } = this.shared
    if (cors.isOn) return this.data(body, version, { etag })
    const why = this.node.whyNotReadable()
    if (why !== undefined) return this.problem(why)
    return new Response(body, { headers: entityHeaders.of(version, this.requestId, etag) })
  }

  notModified(version: number, etag: string): Response {
    const why = this.node.whyNotReadable()
    if (why !== undefined) return this.problem(why)
    const headers = this.#headers("application/json", revalidated, version)
    delete headers["content-type"]
    headers["etag"] = etag
    return new Response(null, { status: 304, headers })
  }

  /** What no cache may keep: outcomes, keys, health. */
  fresh(body: BodyInit, version: number, more?: Headers, contentType = "application/json"): Response {
    const headers = this.#headers(contentType, secret, version)
    if (more !== undefined) Object.assign(headers, more)
    return new Response(body, { headers })
  }

  /** The description of the API: the same for everyone, whatever the node's state. Without a text it is the one the client has. */
  description(text: string | undefined, etag: string): Response {
    const headers = this.#headers("application/json", "no-cache", this.node.committed())
    headers["etag"] = etag
    if (text !== undefined) return new Response(text, { headers })
    delete headers["content-type"]
    return new Response(null, { status: 304, headers })
  }

  problem(refused: Refusal, more?: Headers): Response {
    const refusal = this.#complete(refused)
    const headers = this.#headers("application/problem+json", secret, this.node.committed())
    if (more !== undefined) Object.assign(headers, more)
    const { code } = refusal
    if (code === "unauthenticated" || code === "login-failed" || code === "forbidden") {
      headers["www-authenticate"] = challenge(code, this.request.headers.has("authorization"))
    }
    if (refusal.retryAfter !== undefined) headers["retry-after"] = String(Math.max(1, Math.ceil(refusal.retryAfter)))
    if (code === "outcome-unknown" && refusal.key !== undefined) {
      headers["link"] = `</do/${encodeURIComponent(refusal.key)}>; rel="status"`
    }
    return new Response(problemJson(refusal), { status: statusOf(code), headers })
  }

  /** What a read did not find. That is an answer about the data like any other, so this node must still be allowed to give one. */
  absent(refusal: Refusal): Response {
    return this.problem(this.node.whyNotReadable() ?? refusal)
  }

  /** Whether the most literal route of this path knows this method. */
  isRoute(): boolean {
    return this.shared.methodsAt(this.path()).includes(this.request.method)
  }

  /** 404, or 405 where the path knows other methods. */
  noRoute(): Response {
    const methods = this.shared.methodsAt(this.path())
    const method = this.request.method
    if (methods.length === 0 || methods.includes(method)) {
      return this.problem(refuse("not-found", "There is no such path."))
    }
    const allow = methods.join(", ")
    return this.problem(refuse("method-not-allowed", `${method.slice(0, 16)} is not possible here, only ${allow}.`), { allow })
  }

  preflight(): Response {
    const methods = this.shared.methodsAt(this.path())
    if (methods.length === 0) return this.noRoute()
    const headers = this.#headers("", secret, this.node.committed())
    delete headers["content-type"]
    delete headers["cache-control"]
    const allow = methods.join(", ")
    headers["allow"] = allow
    this.shared.cors.preflight(headers, allow)
    return new Response(null, { status: 204, headers })
  }

  /** Passes on what another node answered, its own Tandem headers included. */
  relay(answer: Response): Response {
    const headers = relayedHeaders(answer)
    this.shared.cors.mark(headers, this.request)
    return new Response(answer.body, { status: answer.status, headers })
  }

  /** What was thrown is a bug or a broken disk: it is reported, and the client learns no more than it must. */
  broken(error: unknown, where: string, answer: Refusal): Response {
    this.shared.unexpected(error, where)
    return this.problem(answer)
  }

  #headers(contentType: string, cacheControl: string, version: number): Headers {
    const headers = nodeHeaders(this.node, version, contentType, cacheControl)
    headers["tandem-request-id"] = this.requestId
    this.shared.cors.mark(headers, this.request)
    return headers
  }

  /** Where the primary is, and when to try again: for those that refuse without knowing it. */
  #complete(refusal: Refusal): Refusal {
    if (refusal.code === "not-primary" && refusal.primary === undefined) {
      const primary = this.node.primaryUrl()
      return primary === undefined ? refusal : { ...refusal, primary }
    }
    return statusOf(refusal.code) === 503 && refusal.retryAfter === undefined ? { ...refusal, retryAfter: 1 } : refusal
  }
}
