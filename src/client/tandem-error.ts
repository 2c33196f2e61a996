// The one class of errors that the client throws, whatever went wrong. Must never carry a token or a password.
import type { ErrorCode } from "./error-code.ts"
import type { Problem } from "./problem.ts"

/** What is wrong with one field of an operation's data. */
export interface Issue {
  /** Index of the operation in its transaction. */
  readonly operation?: number
  /** JSON pointer into the operation's data. */
  readonly pointer: string
  readonly code: string
  readonly message: string
}

/**
 * `not-committed`: nothing was written, and nothing will be. `unknown`: the transaction may be committed, now or later;
 * only the same transaction with the same key, or `outcome(key)`, tells.
 */
export type ErrorOutcome = "not-committed" | "unknown"

export interface TandemErrorParts {
  readonly code: ErrorCode
  readonly message: string
  readonly status?: number | undefined
  readonly outcome?: ErrorOutcome
  readonly issues?: readonly Issue[] | undefined
  readonly operation?: number | undefined
  readonly pointer?: string | undefined
  readonly key?: string | undefined
  readonly version?: number | undefined
  readonly retryAfter?: number | undefined
  readonly hint?: string | undefined
  readonly problem?: Problem | undefined
  readonly cause?: unknown
}

/**
 * ```ts
 * try {
 *   await service.createUser({ email: "ada@example.com" })
 * } catch (error) {
 *   if (error instanceof TandemError && error.code === "unique") return "taken"
 *   throw error
 * }
 * ```
 */
export class TandemError extends Error {
  /** What to decide by. */
  readonly code: ErrorCode
  /** The HTTP status; 0 where no answer of a node came. */
  readonly status: number
  readonly outcome: ErrorOutcome
  /** All that is wrong with the data, with the code `invalid`. */
  readonly issues: readonly Issue[]
  /** Index of the operation that was refused. */
  readonly operation: number | undefined
  readonly pointer: string | undefined
  /** The transaction's idempotency key; undefined for reads. */
  readonly key: string | undefined
  readonly version: number | undefined
  /** With `trimmed`: what came before it is not kept any more. */
  readonly oldestVersion: number | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
  /** What to do about it. */
  readonly hint: string | undefined
  /** The node's own words, whole; undefined where none came from a node. */
  readonly problem: Problem | undefined

  constructor(parts: TandemErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = "TandemError"
    this.code = parts.code
    this.status = parts.status ?? 0
    this.outcome = parts.outcome ?? "not-committed"
    this.issues = parts.issues ?? []
    this.operation = parts.operation
    this.pointer = parts.pointer
    this.key = parts.key
    this.version = parts.version
    this.oldestVersion = parts.problem?.oldestVersion
    this.retryAfter = parts.retryAfter
    this.hint = parts.hint
    this.problem = parts.problem
  }
}
