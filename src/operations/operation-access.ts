// Whether a principal may ask for an operation at all, before anything is known of the state: API keys by their scope, sessions
// and the public where the operation has something for them.
import { type Refusal, refuse } from "../refusal.ts"
import type { Operation } from "./operation.ts"
import { allows, isAnonymous, isServer, type Principal } from "./scope.ts"

export function whyNotFor(principal: Principal, operation: Operation<unknown>): Refusal | undefined {
  const { name, scope } = operation
  if (isServer(principal)) {
    return allows(principal, scope) ? undefined : refuse("forbidden", `\`${name}\` needs the scope ${scope}, which this key does not have.`)
  }
  if (operation.forUsers !== undefined) return undefined
  return isAnonymous(principal) ? tokenNeeded : refuse("forbidden", `\`${name}\` is for API keys only, not for sessions.`)
}

/** What the public is told wherever it may not: the same whether there is something or not. */
export const tokenNeeded = refuse("unauthenticated", "The request has no Authorization header.", { hint: "Send `Authorization: Bearer <key or session token>`." })
