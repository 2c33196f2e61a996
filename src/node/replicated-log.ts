// The seam between the writer and "the other copies". The pair (primary.ts) is one implementation; nothing above this
// interface may assume that there are exactly two copies, or know a word of two-phase commit.
import type { SealedRecord } from "../protocol/record.ts"
import type { Refusal } from "../refusal.ts"

/** What becomes of an appended batch. `decided` may be followed by `acknowledged` or `unknown`; the others stand alone. */
export interface Fate {
  /** Durable everywhere it has to be, visible to reads here: the next batch may be appended. */
  decided(): void
  /** Committed on every copy: the clients may be told. */
  acknowledged(): void
  /** Definitely not committed, no trace anywhere. */
  rejected(refusal: Refusal): void
  /** Nobody knows; recovery will decide. */
  unknown(): void
}

export interface ReplicatedLog {
  /** Whether `append` may be called now. */
  ready(): boolean
  /** Appends a batch that continues the log. Exactly one at a time, until it is decided or rejected. */
  append(records: readonly SealedRecord[], fate: Fate): void
  /** Called whenever `ready` may have become true. */
  onReady(callback: () => void): void
}
