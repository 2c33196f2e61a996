// The headers of a found entity, prepared ahead: GET /users/{id} spends more on headers than on anything else here.
// Holds one `Headers` that each answer completes; a Response copies what it is given, so none sees another's.
import type { NodeService } from "../node/service.ts"

/** A cache may keep it for its user, and asks with If-None-Match every time. */
export const revalidated = "private, no-cache"

export class EntityHeaders {
  readonly #node: NodeService
  #headers = new Headers()
  #version = -1
  #role = ""
  #epoch = -1
  #mode = ""
  #stale = false

  constructor(node: NodeService) {
    this.#node = node
  }

  /** To be used up before the next call. */
  of(version: number, requestId: string, etag: string): Headers {
    const node = this.#node
    const role = node.role()
    const epoch = node.epoch().number
    const mode = node.mode()
    const stale = node.maybeStale()
    if (version !== this.#version || role !== this.#role || epoch !== this.#epoch || mode !== this.#mode || stale !== this.#stale) {
      this.#version = version
      this.#role = role
      this.#epoch = epoch
      this.#mode = mode
      this.#stale = stale
      this.#headers = new Headers(nodeHeaders(node, version, "application/json", revalidated))
    }
    this.#headers.set("tandem-request-id", requestId)
    this.#headers.set("etag", etag)
    return this.#headers
  }
}

/** What every answer carries but for the request id. */
export function nodeHeaders(node: NodeService, version: number, contentType: string, cacheControl: string): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": contentType,
    "cache-control": cacheControl,
    "x-content-type-options": "nosniff",
    "tandem-version": String(version),
    "tandem-node": node.nodeId,
    "tandem-role": node.role(),
    "tandem-epoch": String(node.epoch().number),
    "tandem-mode": node.mode(),
  }
  if (node.maybeStale()) headers["tandem-stale"] = "possible"
  return headers
}
