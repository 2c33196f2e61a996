// Who asks: an API key with its scopes, a user by a session, or the public. What the latter two may do, access.ts says.
import * as v from "valibot"

/** `admin` includes the others: who may make keys may make any key. */
export const scopes = ["read", "write", "log", "admin"] as const
export type Scope = (typeof scopes)[number]
export const scopeSchema = v.picklist(scopes)

export interface Principal {
  /** `root`, `key:<id>`, `user:<id>` or `public`; stored in every record it writes. */
  readonly name: string
  /** Of an API key; sessions and the public have none. */
  readonly scopes: readonly Scope[]
  /** Of a session. */
  readonly userId?: string
  readonly sessionId?: string
}

/** Who shows no token. */
export const anonymous: Principal = { name: "public", scopes: [] }

export function allows(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope) || principal.scopes.includes("admin")
}

export function isAnonymous(principal: Principal): boolean {
  return !isServer(principal) && principal.userId === undefined
}

/** Whether it is an API key, which stands above every access rule. */
export function isServer(principal: Principal): boolean {
  return principal.scopes.length > 0
}
