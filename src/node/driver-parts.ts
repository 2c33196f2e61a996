// What the primary's and the replica's driver share: the store, the clocks, and the ways out.
import type { StopReason } from "../protocol/effect.ts"
import type { Store } from "../store/store.ts"

export interface DriverParts {
  readonly store: Store
  readonly session: string
  readonly publicUrl: string
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  /** One line for the operator. */
  readonly notice: (line: string) => void
  /** Ends the process: it must not go on. */
  readonly stop: (reason: StopReason, detail: string, hint: string) => void
  /** Ends the process: the disk failed, or a bug was found. Never returns to normal work. */
  readonly fatal: (error: unknown) => void
  /** This node's identity is the other role's now: a driver of that role takes over. */
  readonly roleChanged: () => void
  /** `committed` has moved. */
  readonly advanced: (committed: number) => void
}
