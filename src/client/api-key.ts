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
   * Shown once, by the answer that made it; only its hash is stored. Missing where that answer was lost and had to be asked for
   * again.
   */
  readonly key?: string
}
