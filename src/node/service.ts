// What a running node offers to the HTTP layer. node/node.ts implements it; http/ knows nothing else of the node.
import type { BackupStatus } from "./backups.ts"
import type { Principal } from "../operations/scope.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import type { Decision } from "../protocol/reign.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { Refusal } from "../refusal.ts"
import type { Reader, Role } from "../store/store.ts"
import type { FetchProgress } from "./snapshot-fetch.ts"
import type { ShippingStatus } from "./shipper.ts"

export type Outcome =
  | {
      readonly kind: "committed"
      readonly version: number
      readonly timeMs: number
      /** JSON text of the results array, as the client gets it. */
      readonly results: string
      readonly replayed: boolean
      /** True where a secret that the first answer showed is missing from this replay. */
      readonly secretsOmitted: boolean
    }
  | { readonly kind: "dry-run"; readonly version: number; readonly timeMs: number; readonly results: string }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The node stopped before it knew; only a retry or GET /do/{key} can tell. */
  | { readonly kind: "unknown"; readonly key: string | undefined }

/** An operator's decision: who, and why. */
export interface Asked {
  readonly by: string
  readonly reason: string
}

export interface PromoteDecision extends Asked {
  /** The new primary takes writes that are on its own disk only, until a replica is in sync. */
  readonly solo: boolean
  /** Also where the old primary may still answer reads, or this node may lack writes that were acknowledged. */
  readonly force: boolean
}

export interface SoloDecision extends Asked {
  readonly on: boolean
  /** Also where this node was handing over, and the other one may have become the primary. */
  readonly force: boolean
}

/** What a node is after a decision. */
export interface Standing {
  readonly node: string
  readonly role: Role
  readonly epoch: Epoch
  readonly mode: "paired" | "solo"
  readonly head: number
  readonly committed: number
  /** Public URL of the primary, as far as it is known here. */
  readonly primary: string | undefined
}

export interface PeerStatus {
  readonly node: string | null
  readonly reachable: boolean
  readonly head: number | null
  readonly committed: number | null
  readonly inSync: boolean
  /** RFC 3339, or null. */
  readonly lastHeardAt: string | null
}

export interface NodeStatus {
  readonly node: string
  readonly role: Role
  readonly clusterId: string | null
  readonly epoch: Epoch
  readonly mode: "paired" | "solo"
  readonly head: number
  readonly committed: number
  readonly digest: string
  readonly inDoubt: number
  /** How far back reads may go; 1 where everything is kept. */
  readonly oldestVersion: number
  /** The same of collections that have a retention of their own, and of definitions then. */
  readonly oldestVersions: { readonly [collection: string]: number }
  readonly release: string
  readonly peer: PeerStatus
  /** Milliseconds left of the lease on a primary; null on a replica or before the first sync. */
  readonly lease: { readonly remainingMs: number } | null
  /** Of a replica, what speaks against promoting it: writes that it may lack, and what may be left of its primary's lease. */
  readonly promotion: { readonly lacking: boolean; readonly waitMs: number } | null
  /** The newest about role and mode; null where none was made yet. */
  readonly decision: Decision | null
  /** Of a replica that fetches a copy of its primary's data, how much it has; null otherwise. */
  readonly fetching: FetchProgress | null
  readonly disk: { readonly freeBytes: number; readonly floorBytes: number; readonly dataBytes: number }
  /** The newest that this process made, and why the last one came to nothing; null where it makes none. */
  readonly backup: BackupStatus | null
  readonly shipping: ShippingStatus | null
  /** How far this node is with reading all that it has. */
  readonly scrub: ScrubStatus
  readonly startedAt: string
  /** Why it is stuck, with `--when-stuck serve-reads`; null otherwise. */
  readonly stuck: string | null
}

export interface ScrubStatus {
  /** When the last pass of this process came to its end; null before. */
  readonly endedAt: string | null
  /** That the present pass has read; 0 where it rests. */
  readonly entries: number
}

export interface NodeService {
  readonly nodeId: string
  readonly reader: Reader
  role(): Role
  mode(): "paired" | "solo"
  epoch(): Epoch
  committed(): number
  /** Public URL of the primary as the replica knows it, for 421. */
  primaryUrl(): string | undefined
  /** Checked after every wait and right before a read is answered: why this node may not answer reads now. */
  whyNotReadable(): Refusal | undefined
  /** Why writes are refused now: a replica, out of sync, draining. */
  whyNotWritable(): Refusal | undefined
  /** True while reads may be behind another primary's (stuck and lease over): answers carry `Tandem-Stale: possible`. */
  maybeStale(): boolean
  /** Queues a transaction; resolves when its one true outcome is known. A client that goes away changes nothing. */
  submit(transaction: SubmittedTransaction): Promise<Outcome>
  /** Resolves true as soon as `version` is committed here, false when `timeoutMs` ran out. */
  waitForVersion(version: number, timeoutMs: number): Promise<boolean>
  /** Calls `listener` whenever `committed` has moved, amid the commit: it may only take note. Until what it returns is called. */
  onAdvanced(listener: () => void): () => void
  promote(decision: PromoteDecision): Promise<Standing | Refusal>
  solo(decision: SoloDecision): Promise<Standing | Refusal>
  handover(decision: Asked): Promise<Standing | Refusal>
  authenticate(token: string): Principal | undefined
  status(): NodeStatus
}
