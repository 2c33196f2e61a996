// Scopes of API keys. `admin` includes the others: who may make keys may make any key.
import * as v from "valibot"

export const scopes = ["read", "write", "log", "admin"] as const
export type Scope = (typeof scopes)[number]
export const scopeSchema = v.picklist(scopes)

export interface Principal {
  /** `root`, or `key:<id>`; stored in every record it writes. */
  readonly name: string
  readonly scopes: readonly Scope[]
}

export function allows(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope) || principal.scopes.includes("admin")
}
