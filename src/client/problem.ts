// The problem document of a refusal, as a node answers it.
import type { Answer } from "./attempt.ts"
import type { ErrorCode } from "./error-code.ts"
import type { Issue } from "./tandem-error.ts"

export interface Problem {
  readonly code: ErrorCode
  readonly detail: string
  readonly status?: number
  readonly operation?: number
  readonly pointer?: string
  readonly key?: string
  readonly version?: number
  /** With `trimmed`: the oldest version that can still be read. */
  readonly oldestVersion?: number
  /** Seconds. */
  readonly retryAfter?: number
  readonly hint?: string
  /** URL of the primary, with `not-primary`. */
  readonly primary?: string
  readonly issues?: readonly Issue[]
}

/** Undefined where the answer is none of a node's: a proxy's, say. */
export function problemOf({ json }: Answer): Problem | undefined {
  if (typeof json !== "object" || json === null) return undefined
  const { code, detail } = json as { readonly code?: unknown; readonly detail?: unknown }
  return typeof code === "string" && typeof detail === "string" ? (json as Problem) : undefined
}
