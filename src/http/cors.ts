// Cross-origin rules: exact origins from the settings. Never answers a wildcard, never allows cookies.

/** What scripts of an allowed origin may read besides the body. */
const exposed =
  "ETag, Link, Retry-After, Idempotency-Replayed, Tandem-Version, Tandem-Node, Tandem-Role, Tandem-Epoch, Tandem-Mode, Tandem-Stale, Tandem-Request-Id"

const requestHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Tandem-Min-Version, Tandem-Request-Id"

const preflightSeconds = 7_200

export class Cors {
  readonly #origins: ReadonlySet<string>

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins)
  }

  get isOn(): boolean {
    return this.#origins.size > 0
  }

  /** Adds what an answer needs. `Vary` is there for every origin, so that no cache mixes two up. */
  mark(headers: Record<string, string>, request: Request): void {
    if (!this.isOn) return
    headers["vary"] = "Origin"
    const origin = request.headers.get("origin")
    if (origin === null || !this.#origins.has(origin)) return
    headers["access-control-allow-origin"] = origin
    headers["access-control-expose-headers"] = exposed
  }

  /** The headers that a preflight's answer adds to those of `mark`; none for a foreign origin. */
  preflight(headers: Record<string, string>, methods: string): void {
    if (this.isOn) headers["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    if (headers["access-control-allow-origin"] === undefined) return
    headers["access-control-allow-methods"] = methods
    headers["access-control-allow-headers"] = requestHeaders
    headers["access-control-max-age"] = String(preflightSeconds)
  }
}
