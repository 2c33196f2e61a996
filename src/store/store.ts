// The Store contract: a multi-version store with a commit log, on one machine.
//
// The life of a batch, and what a crash leaves behind:
//   1. `prepare` writes records, rows, superseded rows, index entries and idempotency keys in ONE durable
//      transaction. Before it returns, a crash leaves either all of it or nothing.
//   2. Between prepare and commit the batch is in doubt: on disk, at `head`, but no read as of `committed` shows it.
//   3. `commit` moves one number in memory. The number becomes durable with the next `prepare`, or with `flush`.
//      A crash before that leaves the batch in doubt; recovery completes it, never undoes it.
//   4. `undo` takes an in-doubt batch away again, durably, from the log and `history` alone. (So does `undoTo`, for a node that
//      becomes the replica of another, with what it had committed alone.)
//
// table-store.ts implements it over the tables of an engine: LMDB's in a node, the simulator's in memory. Both pass
// test/store/store-contract.ts. Every method that reads is synchronous. Those that write return a promise, so that
// the writer may move to its own thread.
import type { Checkpoint } from "../protocol/checkpoint.ts"
import type { Digest } from "../protocol/digest.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { SealedRecord } from "../protocol/record.ts"
import type { Decision, Mode } from "../protocol/reign.ts"
import type { Refusal } from "../refusal.ts"
import type { Horizon } from "./horizon.ts"

export type Role = "primary" | "replica"

/** What a node knows about itself; durable, and changed only by `saveIdentity`. */
export interface Identity {
  /** Undefined on a disk that never belonged to a pair. */
  readonly clusterId: string | undefined
  readonly nodeId: string
  readonly role: Role
  readonly epoch: Epoch
  /** Of a primary: how it stands towards the other copy. */
  readonly mode: Mode
  /** Of a replica: whether it may lack writes that were acknowledged. Of a primary: whether it asked the other node to take its place, which may have acknowledged some since. */
  readonly lacking: boolean
  /** Of the primary that a replica last heard; 0 where that is not known. */
  readonly leaseMs: number
  /** The newest decisions about role and mode, oldest first: what of them is not in the log yet is logged as soon as this node can write. */
  readonly decisions: readonly LoggedDecision[]
}

export interface LoggedDecision extends Decision {
  /** The number of the epoch, and of the decision within it. */
  readonly epoch: number
  readonly serial: number
}

/** What a disk is given at its very first start. */
export type FirstIdentity = Pick<Identity, "clusterId" | "nodeId" | "role" | "epoch"> & Partial<Identity>

/** For a data file that is opened for what it holds: it has an identity of its own. */
export const nobody: FirstIdentity = { clusterId: undefined, nodeId: "", role: "replica", epoch: { number: 0, id: "" } }

/** What an identity has where nothing else was decided, and what releases before protocol 2 did not store. */
export const undecided = { mode: "paired", lacking: false, leaseMs: 0, decisions: [] } as const satisfies Partial<Identity>

/** Where a log stands. `committed` ≤ `head`. */
export interface Position {
  readonly head: number
  readonly headDigest: Digest
  readonly committed: number
}

export interface EntityRow {
  readonly id: string
  /** Encoded; see row.ts. Never a tombstone in a page. */
  readonly row: Uint8Array
}

export interface Page {
  readonly rows: readonly EntityRow[]
  /** The id to continue after, or undefined at the end. A page may be short, even empty, and still have one. */
  readonly next: string | undefined
}

export interface PageQuery {
  readonly at: number
  readonly after: string | undefined
  readonly limit: number
}

export interface HoldersPage {
  readonly ids: readonly string[]
  /** The id to continue after, or undefined at the end. A page may be short, even empty, and still have one. */
  readonly next: string | undefined
}

/** Where an entry stands in an index: value before id, both as bytes. */
export interface WalkPlace {
  /** See term-value.ts. */
  readonly value: Uint8Array
  readonly id: string
}

export interface WalkBound {
  readonly value: Uint8Array
  readonly inclusive: boolean
}

export interface WalkQuery {
  readonly at: number
  readonly reverse: boolean
  readonly limit: number
  /** The least value; undefined is open. */
  readonly from?: WalkBound | undefined
  /** The greatest value; undefined is open. */
  readonly to?: WalkBound | undefined
  /** Continues behind this entry, in the direction of the walk. */
  readonly after?: WalkPlace | undefined
  /** How many entries to look at, at most; those of other versions count. */
  readonly scanMax?: number | undefined
}

export interface WalkPage {
  readonly entries: readonly WalkPlace[]
  /** How many were looked at to find them. */
  readonly looked: number
  /** The place to continue after, or undefined at the end. A page may be short, even empty, and still have one. */
  readonly next: WalkPlace | undefined
}

export interface HistoryQuery {
  /** Versions above this one are not shown. */
  readonly at: number
  readonly limit: number
}

export interface Reader {
  position(): Position
  identity(): Identity
  /** The row of an entity as of version `at`, tombstones included; undefined where there was none. The bytes are the caller's. */
  row(collection: string, id: string, at: number): Uint8Array | undefined
  /** Live entities of a collection as of `query.at`, in id order (UTF-8 bytes). Looks at `bounds.pageScanMax` rows and gives `bounds.pageBytesMax` at most. */
  page(collection: string, query: PageQuery): Page
  /** The rows of an entity with a version ≤ `query.at`, newest first, tombstones included: at least one where there is one, then as many as fit. */
  history(collection: string, id: string, query: HistoryQuery): Uint8Array[]
  /** The id that held this unique index value as of version `at`. */
  lookup(collection: string, field: string, value: Uint8Array, at: number): string | undefined
  /** The ids that held an index value that is not unique as of `query.at`, in id order (UTF-8 bytes): a walk over one value. */
  holders(collection: string, field: string, value: Uint8Array, query: PageQuery): HoldersPage
  /**
   * The entries of an index as of version `query.at`, in the order of value and id, or with `query.reverse` the other way round.
   * Terms may be unique or not, but those of one value are all of one kind. Looks at `query.scanMax` entries at most, and at most at `bounds.pageScanMax`.
   */
  walk(collection: string, field: string, query: WalkQuery): WalkPage
  /** The record of a version ≤ head. */
  record(version: number): SealedRecord | undefined
  /** Records from `from` on up to and including `to`: at least one where there is one, then as many as fit. */
  records(from: number, to: number, countMax: number, bytesMax: number): SealedRecord[]
  /** The version whose record carries this idempotency key hash, in doubt or committed, and not below the horizon. */
  versionOfKey(keyHash: Digest): number | undefined
  /** The time of the record of a version ≤ head, in milliseconds; 0 where there is none. Cheap, however large the record is. */
  timeOf(version: number): number
  /** The greatest version ≤ `at` whose record time is ≤ `timeMs`; where there is none, the one before the oldest record. O(log n). */
  versionAtTime(timeMs: number, at: number): number
  /** As of `committed`: how far back reads may go. What is below it may be there still, or be gone. */
  horizon(): Horizon
  /** The first version whose record is on this disk, or will be: at least 1, at most the horizon's. */
  logStart(): number
  /** Of a version from `logStart` - 1 on up to head: the oldest record names the digest of the one before it. */
  digest(version: number): Digest | undefined
  /** The digest of all rows at that version; without one, at the newest at which it was noted. Undefined where it was not, or is forgotten. */
  checkpoint(version?: number): Checkpoint | undefined
}

export interface Batch {
  /** Continues the log at head: consecutive, parents linked. At least one. */
  readonly records: readonly SealedRecord[]
  /** What is known to be committed; stored with the batch. At most the head before the batch. */
  readonly committed: number
  /** This disk alone decides: the batch is stored as committed, and `commit` shows it. */
  readonly decided?: boolean
}

export interface ScrubPass {
  /** That were read so far. */
  readonly entries: number
  /** Reads on until `spent` says that it was enough for now, at least one entry. True at the end of the pass. Throws StoreDamaged. */
  step(spent: () => boolean): boolean
  close(): void
}

export interface Store extends Reader {
  /**
   * Makes a batch durable and in doubt; when it resolves it is on disk (I2). Resolves with a refusal, leaving no
   * trace, where the batch breaks a unique index entry. Any disk error is thrown and must end the process.
   */
  prepare(batch: Batch): Promise<Refusal | undefined>
  /** Moves `committed` up to `version` ≤ head, in memory. Lower or equal numbers change nothing. Cannot fail. */
  commit(version: number): void
  /** Durably removes everything above `committed`: records, rows, index entries, keys. Rows get their predecessors back. */
  undo(): Promise<void>
  /**
   * The same of everything above `version`, what is committed too, newest first and in chunks: `onProgress` is given the head after
   * each but the last. A crash between two leaves the head where the last one had it. Only a node that serves nobody does this.
   * Resolves with a refusal, having changed nothing, where retention took away what it needs.
   */
  undoTo(version: number, onProgress?: (head: number) => void): Promise<Refusal | undefined>
  /** Why `undoTo` would refuse, if so. */
  whyNoUndo(version: number): Refusal | undefined
  /** Makes the committed number durable if it is not. */
  flush(): Promise<void>
  /** Whether there is anything below the horizon still. */
  trimmable(): boolean
  /** Durably takes a bounded part of it away. False where it could not, since a batch in doubt has to end first. */
  trim(): Promise<boolean>
  saveIdentity(change: Partial<Identity>): Promise<void>
  /** Begins to read all that is stored, to find what the disk has changed; `close` it. */
  scrub(): ScrubPass
  close(): Promise<void>
}
