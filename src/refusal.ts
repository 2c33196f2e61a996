// A refusal: a "no" that a client, a peer or a disk can cause. Returned, never thrown.
// One closed union of codes; http/problem.ts has the one table from code to HTTP status.

export type RefusalCode =
  | "malformed" // broken JSON, envelope, parameter or header
  | "unknown-operation"
  | "unauthenticated"
  | "forbidden"
  | "login-failed" // wrong e-mail or password; says nothing of the token that asked
  | "not-found" // no such route
  | "entity-missing"
  | "collection-missing"
  | "method-not-allowed"
  | "unique" // another entity holds this value
  | "wrong-state" // the node's role or mode does not allow this
  | "conflict" // the entity is in a state that does not allow this
  | "precondition-failed"
  | "too-large"
  | "unsupported-media-type"
  | "not-primary" // 421: a replica was asked to write
  | "invalid" // the data of an operation; `issues` lists all of it
  | "key-reused" // the idempotency key belongs to another request
  | "too-many-requests"
  | "unavailable" // definitely not committed; try again
  | "version-unavailable" // this node has not committed that version yet
  | "version-ahead" // `at` lies beyond what is committed
  | "trimmed" // below the horizon of retention; `oldestVersion` is above it
  | "disk-full" // below the free-space floor, definitely not committed
  | "outcome-unknown"
  | "internal"

export interface Issue {
  /** Index of the operation in its transaction. */
  readonly operation?: number
  /** JSON pointer into the request body, or into the operation's data. */
  readonly pointer: string
  readonly code: string
  readonly message: string
}

export interface Refusal {
  readonly refused: true
  readonly code: RefusalCode
  /** A sentence: what was wrong and where. */
  readonly detail: string
  readonly operation?: number
  readonly pointer?: string
  readonly key?: string
  readonly version?: number
  /** With `trimmed`: the oldest version that can still be read. */
  readonly oldestVersion?: number
  /** Seconds. */
  readonly retryAfter?: number
  /** What to do about it. */
  readonly hint?: string
  /** URL of the primary, with `not-primary`. */
  readonly primary?: string
  readonly issues?: readonly Issue[]
}

export function refuse(code: RefusalCode, detail: string, more: Omit<Refusal, "refused" | "code" | "detail"> = {}): Refusal {
  return { refused: true, code, detail, ...more }
}

/** What the protocol or a disk says, as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && (value as { refused?: unknown }).refused === true
}
