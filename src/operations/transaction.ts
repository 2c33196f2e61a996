// A transaction on its way from the request to the record.
import type { Condition, Operation } from "./operation.ts"
import type { Principal } from "./scope.ts"

/** Shared by the lines of one stream: once one of them is refused, none that follows it may commit. */
export interface TransactionChain {
  /** Set where a transaction of the chain is refused, before a later one runs; those are then refused unrun. */
  stopped: boolean
}

export interface SubmittedOperation {
  readonly operation: Operation<unknown>
  /** Checked and sealed; where it holds a `$ref`, as it was asked, to be checked once that is resolved. */
  readonly data: unknown
  readonly hasReferences: boolean
  readonly as: string | undefined
  readonly condition: Condition | undefined
  readonly sealed: unknown
  /** What was found out of secrets before; stored nowhere. */
  readonly checked?: unknown
  /** Shown to the client once, with the first answer. */
  readonly once: object | undefined
}

/** A transaction ready for the writer: checked as far as it can be without the state, secrets sealed. */
export interface SubmittedTransaction {
  readonly principal: Principal
  readonly operations: readonly SubmittedOperation[]
  /** JSON text of the operations, as the record keeps them. */
  readonly operationsText: string
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
