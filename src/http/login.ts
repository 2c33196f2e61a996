// Whether a password is that of an account: slowed down for an account where many were wrong, and for an address from which
// many were; in a queue of its own, and never saying what it was.
import { bounds } from "../bounds.ts"
import { emailKey } from "../operations/email.ts"
import type { LoginCredentials } from "../operations/login.ts"
import { isServer } from "../operations/scope.ts"
import { type Verified, verifyPassword } from "../operations/verify-password.ts"
import type { NodeService } from "../node/service.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { rowDeleted, rowText } from "../store/row.ts"
import type { Exchange } from "./exchange.ts"
import { LoginThrottle } from "./login-throttle.ts"

export class LoginThrottles {
  readonly accounts: LoginThrottle
  /** Many users may share one. */
  readonly addresses: LoginThrottle

  constructor(nowMs: () => number) {
    this.accounts = new LoginThrottle(nowMs, bounds.loginFailuresFree)
    this.addresses = new LoginThrottle(nowMs, bounds.loginFailuresFreeOfAddress)
  }
}

export async function verifyLogin(exchange: Exchange, credentials: LoginCredentials): Promise<Verified | Refusal> {
  const { node, shared } = exchange
  const why = node.whyNotReadable()
  if (why !== undefined) return why
  const { accounts, addresses } = shared.throttles
  const account = accountOf(node, credentials)
  // A server speaks for all of its users from one address.
  const address = isServer(exchange.principal) ? undefined : exchange.clientAddress()
  if (address !== undefined) {
    const waitMs = addresses.waitMs(address)
    if (waitMs > 0) return tooMany("from this address", waitMs)
  }
  const waitMs = accounts.waitMs(account)
  if (waitMs > 0) return tooMany("for this account", waitMs)
  // Counted before it is known: tries that come side by side would all be looked at otherwise.
  accounts.failed(account)
  if (address !== undefined) addresses.failed(address)
  const found = await verifyPassword(node.reader, node.committed(), credentials, shared.passwords)
  if (!isRefusal(found) && !found.match) return found
  if (isRefusal(found)) accounts.uncount(account)
  else accounts.forget(account)
  // Not forgotten: who has one account could go on guessing at others.
  if (address !== undefined) addresses.uncount(address)
  return found
}

/** One for a user, however it is named. */
function accountOf(node: NodeService, credentials: LoginCredentials): string {
  if ("email" in credentials) return emailKey(credentials.email)
  const row = node.reader.row("users", credentials.userId, node.committed())
  return row === undefined || rowDeleted(row) ? "" : emailKey((JSON.parse(rowText(row)) as { readonly email: string }).email)
}

function tooMany(where: string, waitMs: number): Refusal {
  return refuse("too-many-requests", `Too many wrong passwords ${where}; wait a little.`, { retryAfter: Math.ceil(waitMs / 1_000) })
}
