// What the two nodes say to each other. The primary asks, the replica answers; every answer repeats what it is about,
// so a late or repeated one can be told from the awaited one.
import type { Checkpoint } from "./checkpoint.ts"
import type { Digest } from "./digest.ts"
import type { Epoch } from "./epoch.ts"
import type { SealedRecord } from "./record.ts"
import type { Decision, Mode } from "./reign.ts"
import type { SnapshotManifest } from "./snapshot.ts"

export const protocolVersion = 2
/** What a replica still understands of a primary that was not upgraded yet, and answers in. */
export const protocolVersionMin = 1

export function isSpoken(protocol: number): boolean {
  return protocol >= protocolVersionMin && protocol <= protocolVersion
}

/** On every message, in both directions. A receiver checks it before anything else (I6). */
export interface Envelope {
  readonly protocol: number
  readonly cluster: string | null
  readonly node: string
  readonly epoch: Epoch
  /** Drawn by the sender at its process start. */
  readonly session: string
  /** The receiver's session as the sender knows it; null in the first hello. */
  readonly peerSession: string | null
  /**
   * The link that a request belongs to; a hello names the newest that its sender knows of. An answer repeats its
   * request's, or 0 (no link at all) where that quoted another session of the replica. Fences older links.
   */
  readonly link: number
  /** The asker's monotonic clock when it sent the request, repeated in the answer: what a lease counts from. */
  readonly sentAtMs: number
}

export interface HelloRequest {
  readonly kind: "hello"
  /** False asks only who is there; true quotes both sessions and opens link `envelope.link` + 1. */
  readonly open: boolean
  readonly head: number
  readonly headDigest: Digest
  readonly committed: number
  readonly logStart: number
  /** Where clients reach the primary, so that the replica can point writers there. */
  readonly publicUrl: string
  /** The sender's; from protocol 2 on. */
  readonly mode?: Mode
  readonly leaseMs?: number
  readonly checkpoint?: Checkpoint
}

export interface PrepareRequest {
  readonly kind: "prepare"
  /** Grows with every batch of a session: a late copy of an earlier prepare is refused by it (I10). */
  readonly round: number
  /** The sender's committed version; implies the commit of everything up to it. */
  readonly committed: number
  readonly records: readonly SealedRecord[]
}

export interface CommitRequest {
  readonly kind: "commit"
  readonly version: number
  readonly digest: Digest
  /** True once the primary knows that both logs are equal: the replica may serve reads. */
  readonly inSync: boolean
}

export interface RollbackRequest {
  readonly kind: "rollback"
  /** The round to take back; it may have arrived, or may still arrive later, when it must be refused. */
  readonly round: number
  readonly first: number
  /** Of the round's last record. */
  readonly digest: Digest
  /** Of the record before the round: the head digest after the rollback. */
  readonly parent: Digest
}

export interface RecordsRequest {
  readonly kind: "records"
  readonly from: number
}

export interface DigestRequest {
  readonly kind: "digest"
  readonly version: number
}

/** The primary, which writes no more, asks the replica to take its place. From protocol 2 on. */
export interface HandoverRequest {
  readonly kind: "handover"
  /** Head and committed on both. */
  readonly version: number
  readonly digest: Digest
  /** Of the new reign. */
  readonly epoch: Epoch
  readonly decision: Decision
}

export interface HeartbeatRequest {
  readonly kind: "heartbeat"
  /** From protocol 2 on. */
  readonly checkpoint?: Checkpoint
}

/** The primary has found the first version at which both logs differ: both nodes stop. */
export interface DivergedRequest {
  readonly kind: "diverged"
  readonly version: number
  /** Of that version in the primary's log. */
  readonly digest: Digest
  /** Of that version in the replica's log. */
  readonly peerDigest: Digest
  /** The version before it, where both logs are equal; null where they begin too late to tell. */
  readonly common: number | null
}

/** What the primary asks of its replica. */
export type Request =
  | HelloRequest
  | PrepareRequest
  | CommitRequest
  | RollbackRequest
  | RecordsRequest
  | DigestRequest
  | HeartbeatRequest
  | HandoverRequest
  | DivergedRequest

/** Who the other node is and where its log stands. Belongs to no link; see question.ts. */
export interface PositionRequest {
  readonly kind: "position"
}

/** What a whole copy of the asked node's data consists of; it is made where there is none. Belongs to no link, as a question does. */
export interface SnapshotManifestRequest {
  readonly kind: "snapshot-manifest"
}

export interface SnapshotChunkRequest {
  readonly kind: "snapshot-chunk"
  /** Of the manifest. */
  readonly id: string
  readonly index: number
}

export type SnapshotRequest = SnapshotManifestRequest | SnapshotChunkRequest

/** All that one node may ask of the other. */
export type PeerRequest = Request | PositionRequest | SnapshotRequest

export type PeerRefusalCode =
  | "protocol" // another protocol version
  | "foreign-cluster"
  | "same-node" // both have one node id
  | "itself" // the peer address leads back to the sender
  | "fenced" // the sender's epoch is lower
  | "epoch-forked" // equal epoch numbers, different ids: both were promoted
  | "session" // not the sessions or the link that the last hello opened
  | "not-replica"
  | "deposed" // a primary that a higher epoch has greeted: it is about to stop, or to become a replica
  | "wiped" // an empty disk facing a log with data, and no --join
  | "stale-round"
  | "gap" // does not continue this log
  | "in-doubt" // another batch is still in doubt
  | "behind" // lacks versions that the primary's log has no more
  | "fetching" // the same, and a whole copy is being fetched
  | "no-copy" // no copy can be given, or the one that was asked for is gone
  | "rows-differ" // both logs are equal, and the rows are not
  | "damaged" // a batch without records
  | "busy"

export interface HelloAnswer {
  readonly kind: "hello"
  readonly opened: boolean
  /** How often the replica's session has opened a link, with this one: the newest is the only one that counts. */
  readonly link: number
  /** True where the disk belonged to no pair before this hello. */
  readonly fresh: boolean
  readonly head: number
  readonly headDigest: Digest
  readonly committed: number
  readonly logStart: number
}

export type VoteRefusalCode = "disk-full" | "unique"

export type Vote = { readonly prepared: true } | { readonly prepared: false; readonly code: VoteRefusalCode; readonly detail: string }

export interface VoteAnswer {
  readonly kind: "vote"
  readonly round: number
  readonly vote: Vote
  /** The replica's committed version: confirms commits that a prepare implied. */
  readonly committed: number
}

export interface CommittedAnswer {
  readonly kind: "committed"
  readonly committed: number
}

export interface RolledBackAnswer {
  readonly kind: "rolled-back"
  readonly round: number
}

export interface RecordsAnswer {
  readonly kind: "records"
  readonly from: number
  readonly records: readonly SealedRecord[]
}

export interface DigestAnswer {
  readonly kind: "digest"
  readonly version: number
  /** Null above the head, and further than a version before the beginning of the log. */
  readonly digest: Digest | null
}

export interface TookOverAnswer {
  readonly kind: "took-over"
  readonly epoch: Epoch
}

export interface HeartbeatAnswer {
  readonly kind: "heartbeat"
  readonly head: number
  readonly committed: number
}

export interface DivergedAnswer {
  readonly kind: "diverged"
}

/** The answer's envelope says of which node, and of which epoch. */
export interface PositionAnswer {
  readonly kind: "position"
  readonly role: "primary" | "replica"
  /** Of a primary. */
  readonly mode: Mode
  /** Of a replica: whether it may lack writes that were acknowledged. */
  readonly lacking: boolean
  readonly head: number
  readonly headDigest: Digest
  readonly committed: number
  readonly logStart: number
}

export interface SnapshotManifestAnswer extends SnapshotManifest {
  readonly kind: "snapshot-manifest"
}

export interface SnapshotChunkAnswer {
  readonly kind: "snapshot-chunk"
  readonly id: string
  readonly index: number
  readonly bytes: Uint8Array
}

export interface RefusedAnswer {
  readonly kind: "refused"
  /** Of a primary that was promoted as well: where its log begins and ends, to find out where the two parted. */
  readonly log?: { readonly start: number; readonly head: number }
  readonly of: PeerRequest["kind"]
  readonly code: PeerRefusalCode
  readonly detail: string
}

export type Answer =
  | HelloAnswer
  | VoteAnswer
  | CommittedAnswer
  | RolledBackAnswer
  | RecordsAnswer
  | DigestAnswer
  | HeartbeatAnswer
  | TookOverAnswer
  | DivergedAnswer
  | PositionAnswer
  | SnapshotManifestAnswer
  | SnapshotChunkAnswer
  | RefusedAnswer
