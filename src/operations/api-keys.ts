// API keys as rows: found by the digest of the token; the token itself is shown once and kept nowhere.
import { digestOf, digestText } from "../protocol/digest.ts"
import { rowText, rowDeleted, type Term, textTerm } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import type { Principal, Scope } from "./scope.ts"

export const tokenPrefix = "tk_"

export interface ApiKeyFields {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: string | null
}

export function tokenTerm(hash: string): Term {
  return textTerm("hash", hash, true)
}

export function tokenHash(token: string): string {
  return digestText(digestOf(token))
}

/** Who a token speaks for as of version `at`; undefined where it is unknown, revoked or expired. */
export function keyByToken(reader: Reader, token: string, at: number, nowMs: number): Principal | undefined {
  if (!token.startsWith(tokenPrefix)) return undefined
  const id = reader.lookup("keys", "hash", tokenTerm(tokenHash(token)).value, at)
  const row = id === undefined ? undefined : reader.row("keys", id, at)
  if (row === undefined || rowDeleted(row)) return undefined
  const key = JSON.parse(rowText(row)) as ApiKeyFields
  // Asked this way round, what is no time has passed.
  if (key.expiresAt !== null && !(Date.parse(key.expiresAt) > nowMs)) return undefined
  return { name: `key:${id}`, scopes: key.scopes }
}
