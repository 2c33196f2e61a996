// Whether an e-mail address and a password belong together: slowed down for an account where many were wrong, in a queue of
// its own, and never saying which of the two it was.
import { emailKey } from "../operations/email.ts"
import type { LoginCredentials } from "../operations/login.ts"
import { type Verified, verifyPassword } from "../operations/verify-password.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"

export async function verifyLogin({ node, shared }: Exchange, credentials: LoginCredentials): Promise<Verified | Refusal> {
  const why = node.whyNotReadable()
  if (why !== undefined) return why
  const account = emailKey(credentials.email)
  const waitMs = shared.throttle.waitMs(account)
  if (waitMs > 0) return refuse("too-many-requests", "Too many wrong passwords for this account; wait a little.", { retryAfter: Math.ceil(waitMs / 1_000) })
  // Counted before it is known: tries that come side by side would all be looked at otherwise.
  shared.throttle.failed(account)
  const found = await verifyPassword(node.reader, node.committed(), credentials, shared.passwords)
  if (isRefusal(found)) shared.throttle.notLookedAt(account)
  else if (found.match) shared.throttle.succeeded(account)
  return found
}
