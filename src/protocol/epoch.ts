// The fencing number of a primary's reign. A higher number wins; equal numbers with different ids are a fork.

export interface Epoch {
  /** Grows by one with each promotion; the first reign is 1. */
  readonly number: number
  /** Random, drawn with the number: tells two promotions to the same number apart. */
  readonly id: string
}

export type EpochOrder = "same" | "lower" | "higher" | "forked"

/** How `other` stands to `own`. */
export function compareEpoch(own: Epoch, other: Epoch): EpochOrder {
  if (other.number < own.number) return "lower"
  if (other.number > own.number) return "higher"
  return other.id === own.id ? "same" : "forked"
}
