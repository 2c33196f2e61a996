// How a node that was the primary becomes the replica of the one that was promoted while it was away, and how a replica whose log has
// parted from its primary's follows it again: from where both logs stand, and the digests of some versions, to what of its own log has to
// go. A decision only: node/rejoin.ts carries it out.
import type { Digest } from "./digest.ts"
import type { LogPosition } from "./effect.ts"
import { compareEpoch, type Epoch } from "./epoch.ts"
import type { Mode } from "./reign.ts"
import { beginSearch, narrow, nextProbe, type PrefixSearch } from "./recovery.ts"

/** One of the two nodes, as it says of itself. */
export interface RejoinSide extends LogPosition {
  readonly node: string
  readonly role: "primary" | "replica"
  /** Of a primary. */
  readonly mode: Mode
  readonly epoch: Epoch
  /** The first version that its log has. */
  readonly logStart: number
}

export interface Rejoin {
  readonly own: RejoinSide
  readonly peer: RejoinSide
  /** What this node has committed alone may go. */
  readonly discard: boolean
}

export type RejoinStep =
  /** Both digests of this version are needed. */
  | { readonly step: "compare"; readonly version: number; readonly search: PrefixSearch }
  /** Everything above `common`, the last version that both logs have, goes; then it is a replica of the peer's epoch. */
  | { readonly step: "take-back"; readonly common: number }
  /** It is what it is to become. */
  | { readonly step: "done"; readonly detail: string }
  | { readonly step: "refuse"; readonly why: RejoinRefusal; readonly detail: string; readonly hint: string }

export type RejoinRefusal =
  /** Nobody was promoted over this node. */
  | "not-due"
  /** Versions that this node has committed are not in the peer's log. */
  | "would-discard"
  /** The two cannot be what the operator takes them for, or have no version in common. */
  | "foreign"
  /** The peer's log changed meanwhile. */
  | "again"

export function beginRejoin(rejoin: Rejoin): RejoinStep {
  const { own, peer } = rejoin
  const stays = whyNoRejoin(own, peer)
  if (stays !== undefined) return stays
  // The oldest record of a log names the digest of the version before it.
  const from = Math.max(own.logStart, peer.logStart) - 1
  const least = Math.min(own.head, peer.head)
  return least < from ? apart(own, peer) : goOn(rejoin, beginSearch(least, from))
}

/** With the digests of the version that a step asked for; the peer's is null where its log has that version no more. */
export function compared(rejoin: Rejoin, search: PrefixSearch, version: number, ownDigest: Digest, peerDigest: Digest | null): RejoinStep {
  if (peerDigest !== null) return goOn(rejoin, narrow(search, version, ownDigest, peerDigest))
  const detail = `node ${rejoin.peer.node} has no version ${version} any more`
  return { step: "refuse", why: "again", detail, hint: "Its log changed meanwhile: run `tandem rejoin` again." }
}

function goOn(rejoin: Rejoin, search: PrefixSearch): RejoinStep {
  const { equalAt, differAt } = search
  if (equalAt === differAt) return takeBack(rejoin, equalAt)
  const version = nextProbe(search)
  if (version !== undefined) return { step: "compare", version, search }
  return equalAt === undefined ? apart(rejoin.own, rejoin.peer) : takeBack(rejoin, equalAt)
}

function takeBack({ own, peer, discard }: Rejoin, common: number): RejoinStep {
  if (common === own.head && own.role === "replica" && compareEpoch(own.epoch, peer.epoch) === "same") {
    return { step: "done", detail: `node ${own.node} is a replica already, and node ${peer.node} the primary of its epoch ${own.epoch.number}; its log is part of that one's` }
  }
  const committed = decidedHere(own)
  if (committed <= common || discard) return { step: "take-back", common }
  const versions = committed === common + 1 ? `version ${committed} is committed here, and is` : `versions ${common + 1} to ${committed} are committed here, and are`
  const detail = `${versions} not in the log of node ${peer.node}: acknowledged by this node alone, or lost by that one`
  const hint = "`tandem rejoin --discard` writes them to a file in the data directory, and takes them back."
  return { step: "refuse", why: "would-discard", detail, hint }
}

/** Who led alone had nobody to wait for: it may have shown all that is on its disk, before it was stored that it did. */
function decidedHere({ role, mode, head, committed }: RejoinSide): number {
  return role === "primary" && mode !== "paired" ? head : committed
}

function whyNoRejoin(own: RejoinSide, peer: RejoinSide): RejoinStep | undefined {
  const order = compareEpoch(own.epoch, peer.epoch)
  if (peer.role === "replica") return withReplica(own, peer, order === "same" || order === "lower")
  switch (order) {
    case "higher":
    // Both were promoted: whose data leads is decided by where this is run.
    case "forked":
      return undefined
    case "same":
      // What it holds in doubt may be nowhere else: its primary has been solo since.
      if (own.role === "replica") return undefined
      return refuse("foreign", `nodes ${own.node} and ${peer.node} are both the primary of one epoch, ${own.epoch.number}: one data directory is a copy of the other`, "Check --node, --data and --peer on both machines.")
    case "lower":
      return refuse("not-due", `node ${peer.node} is still the primary of epoch ${peer.epoch.number}, which was over when epoch ${own.epoch.number} began; this node is the ${own.role} of that`, `Run \`tandem rejoin\` at node ${peer.node}.`)
    default:
      return order satisfies never
  }
}

function withReplica(own: RejoinSide, peer: RejoinSide, followsOwn: boolean): RejoinStep {
  const whose = `node ${peer.node} is a replica, of epoch ${peer.epoch.number}`
  if (own.role === "replica") return refuse("not-due", `this node is a replica, of epoch ${own.epoch.number}, and ${whose}`, "Start both, and run `tandem promote` at the one whose data is to lead.")
  if (followsOwn) return refuse("not-due", `this node is the primary of epoch ${own.epoch.number}, and ${whose}: nobody was promoted over it`, "Start it with `tandem serve`.")
  return refuse("not-due", `${whose} itself, and this node the primary of epoch ${own.epoch.number}`, `Run \`tandem promote\` at node ${peer.node} first, or name the primary with --peer.`)
}

export const anewHint = "Keep this data directory aside, and start the node with an empty one, --role replica and --join."

/** No version of which both know the digest is equal, or there is none. */
function apart(own: RejoinSide, peer: RejoinSide): RejoinStep {
  const detail = `the logs have no version in common: this node's has ${spanOf(own)}, that of node ${peer.node} ${spanOf(peer)}`
  return refuse("foreign", detail, anewHint)
}

function spanOf({ logStart, head }: RejoinSide): string {
  return head < logStart ? "none" : `${logStart} to ${head}`
}

function refuse(why: RejoinRefusal, detail: string, hint: string): RejoinStep {
  return { step: "refuse", why, detail, hint }
}
