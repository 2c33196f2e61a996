// Whether a node whose data is damaged may take the other one's, whole, in the place of its own: only where that lacks nothing that this
// node may have acknowledged. A decision only: node/repair.ts carries it out.
import { type Digest, sameDigest } from "./digest.ts"
import { compareEpoch, type Epoch } from "./epoch.ts"
import type { Mode } from "./reign.ts"

/** What the damaged disk still says. */
export interface DamagedSide {
  readonly role: "primary" | "replica"
  readonly mode: Mode
  readonly epoch: Epoch
  /** Undefined where the disk does not say. */
  readonly committed: number | undefined
  /** Of the log at `committed`; undefined where the disk does not say. */
  readonly digest: Digest | undefined
}

export interface SoundSide {
  readonly node: string
  readonly role: "primary" | "replica"
  readonly lacking: boolean
  readonly epoch: Epoch
  readonly head: number
}

export type RepairStep =
  /** The peer's digest of this version is needed. */
  | { readonly step: "compare"; readonly version: number }
  /** With the copy this node is what `role` says. */
  | { readonly step: "fetch"; readonly role: "primary" | "replica" }
  | { readonly step: "refuse"; readonly detail: string; readonly hint: string }

export function beginRepair(own: DamagedSide, peer: SoundSide): RepairStep {
  const named = `node ${peer.node}, the ${peer.role} of epoch ${peer.epoch.number},`
  const order = compareEpoch(own.epoch, peer.epoch)
  if (order === "lower") return refuse(`${named} is of an earlier epoch than this node, which was the ${own.role} of epoch ${own.epoch.number}`)
  if (order === "forked") return refuse(`both nodes were promoted to epoch ${own.epoch.number}, and no log is part of the other`)
  if (peer.lacking) return refuse(`${named} may lack writes that were acknowledged`)
  if (own.committed !== undefined && peer.head < own.committed) return refuse(`the log of ${named} ends at version ${peer.head}, and this node had committed version ${own.committed}`)
  const fetch: RepairStep = { step: "fetch", role: roleAfter(own, peer) }
  // What a pair acknowledged, both nodes have, as long as one reign lasts.
  if (order === "same" && own.mode === "paired") return fetch
  if (own.committed === undefined || own.digest === undefined) return refuse(`whether ${named} has what this node had committed cannot be told: what is damaged is where that stood`)
  return own.committed === 0 ? fetch : { step: "compare", version: own.committed }
}

/** With the peer's digest of the version that was asked for; null where its log has it no more. */
export function comparedForRepair(own: DamagedSide, peer: SoundSide, peerDigest: Digest | null): RepairStep {
  if (own.digest !== undefined && peerDigest !== null && sameDigest(own.digest, peerDigest)) return { step: "fetch", role: roleAfter(own, peer) }
  if (peerDigest === null) return refuse(`the log of node ${peer.node} has version ${own.committed} no more, so nobody can tell whether it has what this node had committed`)
  return refuse(`node ${peer.node} does not have what this node had committed: its version ${own.committed} is another`)
}

/** Of an earlier reign it was promoted over. */
function roleAfter(own: DamagedSide, peer: SoundSide): DamagedSide["role"] {
  return compareEpoch(own.epoch, peer.epoch) === "same" ? own.role : "replica"
}

function refuse(detail: string): RepairStep {
  return { step: "refuse", detail, hint: "keep this disk; to go on with what the other node has, start this one with an empty disk as a replica, with --join" }
}
