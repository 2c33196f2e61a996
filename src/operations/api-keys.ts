// API keys as rows: found by the digest of the token; the token itself is shown once and kept nowhere.
import { digestOf, digestText } from "../protocol/digest.ts"
import { type Term, textTerm } from "../store/row.ts"
import type { Scope } from "./scope.ts"

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
