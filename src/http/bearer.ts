// Who is asking: the bearer token of a request, and whether it may do what the route needs. Never logs or echoes a token.
import type { NodeService } from "../node/service.ts"
import { tokenNeeded } from "../operations/operation-access.ts"
import { allows, anonymous, type Principal, type Scope } from "../operations/scope.ts"
import { type Refusal, refuse } from "../refusal.ts"

/** `public` needs no token, `any` any API key, a scope one that allows it. */
export type RouteScope = "public" | "any" | Scope

/** Who else is let in: sessions, or sessions and the public. What they may see and do there, access rules say. */
export type AlsoFor = "sessions" | "everyone"

/** Longer than any token there is; checked before anything is hashed. */
const tokenLengthMax = 512

const scheme = /^bearer +(\S+) *$/i

export function bearer(
  request: Request,
  scope: "any" | Scope,
  also: AlsoFor | undefined,
  node: Pick<NodeService, "authenticate" | "whyNotReadable" | "maybeStale">,
): Principal | Refusal {
  const header = request.headers.get("authorization")
  if (header === null) return also === "everyone" ? anonymous : tokenNeeded
  const token = header.length <= tokenLengthMax ? tokenOf(header) : undefined
  if (token === undefined) {
    return refuse("unauthenticated", "The Authorization header is not of the form `Bearer <key>`.")
  }
  const principal = node.authenticate(token)
  if (principal === undefined) return whyNobody(node)
  if (principal.userId !== undefined) {
    return also === undefined ? refuse("forbidden", "This is for API keys only, not for sessions.") : principal
  }
  if (scope !== "any" && !allows(principal, scope)) {
    return refuse("forbidden", `This needs a key with the scope ${scope}.`)
  }
  return principal
}

/** That there is no such token can only be said where what is read is the newest: it may have been made elsewhere meanwhile. */
function whyNobody(node: Pick<NodeService, "whyNotReadable" | "maybeStale">): Refusal {
  const why = node.whyNotReadable()
  if (why !== undefined) return why
  if (node.maybeStale()) return refuse("unavailable", "This node does not know the token, and may be behind.", { retryAfter: 1 })
  return refuse("unauthenticated", "The token is unknown, revoked or expired.")
}

/** The usual spelling is cut out without a regular expression: every read passes here. */
function tokenOf(header: string): string | undefined {
  if (header.startsWith("Bearer ") && header.indexOf(" ", 7) < 0 && header.length > 7) return header.slice(7)
  return scheme.exec(header)?.[1]
}

/** For the header `WWW-Authenticate`, see RFC 6750. */
export function challenge(code: Refusal["code"], hadToken: boolean): string {
  if (code === "forbidden") return 'Bearer realm="tandem", error="insufficient_scope"'
  return hadToken && code !== "login-failed" ? 'Bearer realm="tandem", error="invalid_token"' : 'Bearer realm="tandem"'
}
