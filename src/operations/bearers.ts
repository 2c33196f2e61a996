// Who a bearer token speaks for, as of what is committed: an API key, or a user by a session. Found once and then known for
// as long as its row is unchanged, so that what is revoked is dead with the acknowledgement. Unknown tokens are never kept.
import { bounds } from "../bounds.ts"
import { forgetOldest } from "./forget-oldest.ts"
import { rowChanged, rowDeleted, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { expiresAt } from "./account-entries.ts"
import { type ApiKeyFields, tokenHash, tokenPrefix, tokenTerm } from "./api-keys.ts"
import type { Principal } from "./scope.ts"
import { sessionPrefix } from "./session.ts"

interface Known {
  readonly principal: Principal
  readonly collection: "keys" | "sessions"
  readonly id: string
  /** The version of its row, and the newest one as of which it was so. */
  readonly changed: number
  at: number
  /** Infinity where it does not end by itself. */
  readonly endsMs: number
}

export class Bearers {
  readonly #reader: Reader
  readonly #known = new Map<string, Known>()
  #time = { at: -1, ms: 0 }

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** Undefined where it is unknown, revoked or expired as of version `at`, which is the newest committed one. */
  principal(token: string, at: number, nowMs: number): Principal | undefined {
    const known = this.#known.get(token)
    if (known !== undefined && known.at !== at && !this.#isUnchanged(known, at)) this.#known.delete(token)
    const found = this.#known.get(token) ?? this.#find(token, at)
    if (found === undefined || this.#hasEnded(found, at, nowMs)) return undefined
    return found.principal
  }

  #isUnchanged(known: Known, at: number): boolean {
    const row = this.#reader.row(known.collection, known.id, at)
    if (row === undefined || rowDeleted(row) || rowChanged(row) !== known.changed) return false
    known.at = at
    return true
  }

  #find(token: string, at: number): Known | undefined {
    const collection = token.startsWith(sessionPrefix) ? "sessions" : token.startsWith(tokenPrefix) ? "keys" : undefined
    if (collection === undefined) return undefined
    const { field, value } = tokenTerm(tokenHash(token))
    const id = this.#reader.lookup(collection, field, value, at)
    const row = id === undefined ? undefined : this.#reader.row(collection, id, at)
    if (id === undefined || row === undefined || rowDeleted(row)) return undefined
    const body = JSON.parse(rowText(row)) as { readonly [field: string]: unknown }
    const found: Known = { principal: principalOf(collection, id, body), collection, id, changed: rowChanged(row), at, endsMs: endOf(body) }
    this.#keep(token, found)
    return found
  }

  #keep(token: string, known: Known): void {
    this.#known.set(token, known)
    forgetOldest(this.#known, bounds.bearersKnownMax)
  }

  /** By the later of this node's clock and the newest record's time: no node lets in what has ended for a record. */
  #hasEnded({ endsMs }: Known, at: number, nowMs: number): boolean {
    if (endsMs === Infinity) return false
    // Asked this way round, what is no time has passed.
    if (!(endsMs > nowMs)) return true
    if (this.#time.at !== at) this.#time = { at, ms: this.#reader.timeOf(at) }
    return endsMs <= this.#time.ms
  }
}

function principalOf(collection: Known["collection"], id: string, body: { readonly [field: string]: unknown }): Principal {
  if (collection === "keys") return { name: `key:${id}`, scopes: (body as unknown as ApiKeyFields).scopes }
  const userId = String(body["userId"])
  return { name: `user:${userId}`, scopes: [], userId, sessionId: id }
}

function endOf(body: { readonly [field: string]: unknown }): number {
  const end = expiresAt(body)
  return end === null ? Infinity : Date.parse(end)
}
