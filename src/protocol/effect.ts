// What a step asks its driver to do. The driver carries effects out in order and reports back with events; the step
// functions themselves do no I/O, read no clock and draw no random numbers.
//
// What must be durable before what is said is a matter of events: a vote, for one, is an effect only of the `saved`
// event, which a driver may give only after the disk has the batch (I2).
import type { Digest } from "./digest.ts"
import type { Epoch } from "./epoch.ts"
import type { Answer, DigestRequest, RecordsRequest, Request, VoteRefusalCode } from "./messages.ts"
import type { SealedRecord } from "./record.ts"
import type { Decision, Mode } from "./reign.ts"

/** Why a node must stop for good; each has its own exit code. */
export type StopReason = "damaged" | "diverged" | "foreign" | "fenced"

/** Sends a request to the peer; its fate comes back as an `answer` or a `lost` event. */
export interface Ask {
  readonly effect: "ask"
  readonly request: Request
}

/** Answers the request that came with this ticket. */
export interface Reply {
  readonly effect: "reply"
  readonly ticket: number
  readonly answer: Answer
}

/** Answers this ticket from this node's own log: records or a digest. */
export interface ServeLog {
  readonly effect: "serve-log"
  readonly ticket: number
  readonly request: RecordsRequest | DigestRequest
}

/** Store.prepare: comes back as `saved` or `save-refused`. A disk error ends the process instead. */
export interface Save {
  readonly effect: "save"
  readonly records: readonly SealedRecord[]
  readonly committed: number
  /** Solo: this disk alone decides, so what is saved is durably committed. */
  readonly decided: boolean
}

/** Store.undo of everything above committed: comes back as `undone`. */
export interface Undo {
  readonly effect: "undo"
}

/** Fetches a whole copy of the primary's data, unless that is under way. Not reported back: the node starts anew once it has it. */
export interface FetchSnapshot {
  readonly effect: "fetch-snapshot"
  readonly cluster: string
  readonly epoch: Epoch
}

/** Durably changes what this node knows about itself: comes back as `identified`. */
export interface Identify {
  readonly effect: "identify"
  readonly change: IdentityChange
}

export interface IdentityChange {
  readonly cluster?: string
  readonly epoch?: Epoch
  readonly role?: "primary" | "replica"
  readonly mode?: Mode
  readonly lacking?: boolean
  readonly leaseMs?: number
  /** To be logged as soon as this node can write. */
  readonly decision?: Decision
}

/** Moves `committed`. In memory, cannot fail, not reported back. */
export interface Advance {
  readonly effect: "advance"
  readonly committed: number
}

/** Reads records of this node's own log for the peer: comes back as `loaded`. */
export interface Load {
  readonly effect: "load"
  readonly from: number
}

/** Reads one digest of this node's own log: comes back as `own-digest`. */
export interface ReadDigest {
  readonly effect: "read-digest"
  readonly version: number
}

/** The batch in doubt is decided here; its clients wait for `acknowledge`, the writer may go on. */
export interface Decided {
  readonly effect: "decided"
  readonly version: number
}

/** Both votes are durable and the replica has confirmed the commit up to `version`: tell the clients (I3). */
export interface Acknowledge {
  readonly effect: "acknowledge"
  readonly version: number
}

/** The proposed batch is durably nowhere and never will be: tell its clients so (I10). */
export interface Reject {
  readonly effect: "reject"
  readonly code: VoteRefusalCode
  readonly detail: string
}

/** The other node has this node's data, so a write may be accepted; or not any more. */
export interface SyncChanged {
  readonly effect: "sync-changed"
  readonly inSync: boolean
}

/** The identity is durable that makes this node the other role: its driver ends here, and one of the other role begins. */
export interface RoleChanged {
  readonly effect: "role-changed"
}

/** The hand-over did not come to pass: this node goes on as the primary. */
export interface HandoverRefused {
  readonly effect: "handover-refused"
  readonly detail: string
}

/** The mode that was asked for is durable. */
export interface ModeChanged {
  readonly effect: "mode-changed"
  readonly mode: Mode
}

/** It cannot go forward: exit 75, or serve committed reads and try again (event `retry`). */
export interface Stuck {
  readonly effect: "stuck"
  readonly reason: string
}

/** It must not go forward: exit. */
export interface Stop {
  readonly effect: "stop"
  readonly reason: StopReason
  readonly detail: string
  readonly hint: string
}

/** For people: something that an operator should know. */
export interface Notice {
  readonly effect: "notice"
  readonly detail: string
}

export type Effect =
  | Ask
  | Reply
  | ServeLog
  | Save
  | Undo
  | FetchSnapshot
  | Identify
  | Advance
  | Load
  | ReadDigest
  | Decided
  | Acknowledge
  | Reject
  | SyncChanged
  | RoleChanged
  | HandoverRefused
  | ModeChanged
  | Stuck
  | Stop
  | Notice

export interface Step<State> {
  readonly state: State
  readonly effects: readonly Effect[]
}

/** Where a log stands, as the protocol sees it. */
export interface LogPosition {
  readonly head: number
  readonly headDigest: Digest
  readonly committed: number
}
