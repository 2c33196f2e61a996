// One-time tokens, for what a link in an e-mail may do once, as operations take and give them.
import type { JsonObject } from "./json.ts"

export interface NewOneTimeToken {
  /** What it is for, such as `verify-email`: it can be consumed for nothing else. */
  readonly purpose: string
  readonly userId?: string
  /** How long it lasts, such as `15m` (1h). */
  readonly ttl?: string
  readonly data?: JsonObject
}

export interface OneTimeToken {
  readonly id: string
  /** RFC 3339, in UTC. */
  readonly expiresAt: string
  /** Shown once, by the answer that made it; only its hash is stored. Missing where that answer was lost and had to be asked for again. */
  readonly token?: string
}

export interface ConsumedToken {
  readonly id: string
  readonly purpose: string
  readonly userId: string | null
  readonly data: JsonObject
}
