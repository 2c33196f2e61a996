// API keys for other clients of the store.

export type Scope = "read" | "write" | "log" | "admin"

export interface NewApiKey {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** RFC 3339. */
  readonly expiresAt?: string
}

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: string | null
  /**
   * Shown once, by the answer that made it. Missing where that answer was lost on its way and had to be asked for again:
   * only its hash is stored. Revoke such a key and create another.
   */
  readonly key?: string
}
