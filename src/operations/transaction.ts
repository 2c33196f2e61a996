// A transaction from its JSON envelope to the record it produces.
import type { Principal } from "./scope.ts"

/** Shared by the lines of one stream: once one of them is refused, none that follows it may commit. */
export interface TransactionChain {
  /** Set where a transaction of the chain is refused, before a later one runs; those are then refused unrun. */
  stopped: boolean
}

/** A transaction ready for the writer: checked as far as it can be without the state, secrets sealed. */
export interface SubmittedTransaction {
  readonly principal: Principal
  readonly operations: readonly SubmittedOperation[]
  readonly ifVersion: number | undefined
  readonly dryRun: boolean
  readonly note: string | undefined
  readonly key: { readonly text: string; readonly hash: Uint8Array; readonly fingerprint: Uint8Array } | undefined
  /** The record's time, for imports that keep times; undefined for now. Scope `admin`, checked before. */
  readonly atMs: number | undefined
  /** Rough size, for the bounds of queue and batch. */
  readonly bytes: number
  readonly chain?: TransactionChain
}
