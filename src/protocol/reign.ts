// How a primary stands towards the other copy, and what an operator decides about it. Facts and names only.

/**
 * paired: commits need both disks, and the other node may be promoted, so reads need the lease.
 * alone: promoted, and no other node is known to hold everything, so none may be promoted: reads need no lease, and nothing is written.
 * solo: alone, and an operator decided that commits need one disk.
 */
export type Mode = "paired" | "alone" | "solo"

export interface Decision {
  readonly what: "promote" | "promote-solo" | "handover" | "solo" | "paired" | "restore"
  /** Who decided: the name of a principal. */
  readonly by: string
  readonly reason: string
  /** Against what the node knew: the lease that may still run, or writes that it may lack. */
  readonly forced: boolean
}

/** The end of being alone is nobody's decision: the replica has come back. */
export const inSyncAgain: Decision = { what: "paired", by: "tandem", reason: "the replica is in sync", forced: false }
