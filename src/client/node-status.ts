// How a node is, as GET /status answers.

export interface NodeStatus {
  readonly node: string
  readonly role: "primary" | "replica"
  readonly clusterId: string | null
  /** Of the primary's reign: the higher number wins. */
  readonly epoch: { readonly number: number; readonly id: string }
  readonly mode: "paired" | "solo"
  readonly head: number
  readonly committed: number
  readonly digest: string
  /** Versions prepared here whose outcome is not decided yet. */
  readonly inDoubt: number
  /** How far back reads may go; 1 where everything is kept. */
  readonly oldestVersion: number
  /** The same of collections that have a retention of their own, and of definitions then. */
  readonly oldestVersions: { readonly [collection: string]: number }
  readonly release: string
  readonly peer: {
    readonly node: string | null
    readonly reachable: boolean
    readonly head: number | null
    readonly committed: number | null
    readonly inSync: boolean
    readonly lastHeardAt: string | null
  }
  readonly lease: { readonly remainingMs: number } | null
  /** Of a replica, what speaks against promoting it: writes that it may lack, and what may be left of its primary's lease. */
  readonly promotion: { readonly lacking: boolean; readonly waitMs: number } | null
  /** The newest decision about roles and mode; null where none was taken yet. */
  readonly decision: { readonly what: "promote" | "promote-solo" | "handover" | "solo" | "paired" | "restore"; readonly by: string; readonly reason: string; readonly forced: boolean } | null
  /** Of a replica that fetches a copy of its primary's data, how much it has: it shows nothing meanwhile; null otherwise. */
  readonly fetching: { readonly version: number | null; readonly bytes: number; readonly totalBytes: number } | null
  readonly disk: { readonly freeBytes: number; readonly floorBytes: number; readonly dataBytes: number }
  /** Up to which version the log is shipped, and how far that is behind; null where no log is shipped. Of a replica, which ships nothing, the version is null. */
  readonly shipping: { readonly version: number | null; readonly lagVersions: number; readonly lagMs: number; readonly error: string | null } | null
  /** The newest that this process made, and why the last one came to nothing, if it did; null where it makes none. */
  readonly backup: { readonly version: number | null; readonly at: string | null; readonly error: string | null } | null
  /** When this process last came to the end of reading all that is stored, and how many entries it has read since it began again. */
  readonly scrub: { readonly endedAt: string | null; readonly entries: number }
  readonly startedAt: string
  /** Why it is stuck; null where it is not. */
  readonly stuck: string | null
}

/** What a check of a node's whole data found. */
export interface StoreReport {
  readonly version: number
  /** Equal on both nodes at the same version. */
  readonly digest: string
  readonly problems: readonly { readonly where: string; readonly what: string }[]
  readonly counts: Readonly<Record<string, number>>
}
