// The sync check: from two positions to what must happen. Recovery only goes forward: what is prepared on a disk was
// acknowledged or has an unknown outcome, so the side that lacks it gets it, and nothing is ever undone here.
import { type Digest, digestText, sameDigest } from "./digest.ts"
import type { LogPosition } from "./effect.ts"

export interface PeerPosition extends LogPosition {
  readonly fresh: boolean
  /** The first version that its log has. */
  readonly logStart: number
}

export type SyncAction =
  /** Heads and digests are equal: commit up to the head on both. */
  | "settle"
  /** The peer lacks records, and its head may be in this log: `ownDigestAtPeerHead` decides. */
  | "compare-digest"
  /** The peer's head is in this log: send what follows. */
  | "send"
  /** The peer is ahead: fetch what follows this head; the first record's parent shows whether the logs agree. */
  | "adopt"
  /** Same version, different digest somewhere at or below both heads. */
  | "diverged"

/** What the primary has to do, given where both logs stand. */
export function compareLogs(own: LogPosition, peer: LogPosition, ownDigestAtPeerHead: Digest | undefined): SyncAction {
  if (own.head === peer.head) return sameDigest(own.headDigest, peer.headDigest) ? "settle" : "diverged"
  // Also from an empty log: its disk names the same cluster, so it was not wiped; it crashed before its first batch was
  // durable. A wiped primary has a cluster of its own, and is refused before it gets here.
  if (own.head < peer.head) return "adopt"
  if (peer.head === 0) return "send"
  if (ownDigestAtPeerHead === undefined) return "compare-digest"
  return sameDigest(ownDigestAtPeerHead, peer.headDigest) ? "send" : "diverged"
}

/**
 * A binary search for the last common version of two logs that have diverged. The hash chain makes it monotone: equal
 * digests at a version mean equal logs up to it.
 */
export interface PrefixSearch {
  /** Equal here (0 is the common beginning); undefined while that is not known of any version. */
  readonly equalAt: number | undefined
  /** The first version of which both nodes know the digest: their logs may begin later than at 1. */
  readonly from: number
  /** Known to differ here. */
  readonly differAt: number
  readonly ownDigest: Digest | undefined
  readonly peerDigest: Digest | undefined
}

export function beginSearch(differAt: number, from: number): PrefixSearch {
  return { equalAt: from === 0 ? 0 : undefined, from, differAt, ownDigest: undefined, peerDigest: undefined }
}

/** The version to compare next, or undefined when the search has ended with digests for `differAt`. */
export function nextProbe({ equalAt, from, differAt, ownDigest }: PrefixSearch): number | undefined {
  if (ownDigest === undefined) return differAt
  if (equalAt === undefined) return differAt > from ? from : undefined
  if (differAt === equalAt + 1) return undefined
  return equalAt + Math.floor((differAt - equalAt) / 2)
}

export function narrow(search: PrefixSearch, version: number, own: Digest, peer: Digest): PrefixSearch {
  if (sameDigest(own, peer)) return { ...search, equalAt: version }
  return { ...search, differAt: version, ownDigest: own, peerDigest: peer }
}

/** For people, as it looks from the node whose digest is `ownDigest`. */
export function describeDivergence(search: PrefixSearch): string {
  const own = search.ownDigest ? digestText(search.ownDigest) : "unknown"
  const peer = search.peerDigest ? digestText(search.peerDigest) : "unknown"
  const common = search.equalAt === undefined ? `the last common version is below ${search.differAt}, where the logs begin` : `the last common version is ${search.equalAt}`
  return `the logs have diverged: ${common}; version ${search.differAt} has digest ${own} here and ${peer} on the peer`
}
