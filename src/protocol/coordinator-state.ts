// What the coordinator knows, and the events that change it. coordinator.ts and sync.ts hold the steps.
import type { Digest } from "./digest.ts"
import type { Effect, LogPosition, Step } from "./effect.ts"
import type { Epoch } from "./epoch.ts"
import type { Answer, Envelope, Request, Vote, VoteRefusalCode } from "./messages.ts"
import { invariant } from "./invariant.ts"
import type { PeerPosition, PrefixSearch } from "./recovery.ts"
import type { SealedRecord } from "./record.ts"
import type { Decision, Mode } from "./reign.ts"

export interface CoordinatorState extends LogPosition {
  readonly node: string
  readonly cluster: string
  readonly epoch: Epoch
  readonly mode: Mode
  /** Whether the replica was asked to take this node's place, and may have. Durable. */
  readonly lacking: boolean
  readonly session: string
  readonly publicUrl: string
  readonly timing: Timing
  /** The first version that this log has. */
  readonly logStart: number
  /** Monotonic milliseconds of the newest event; see `clockedAt`. */
  readonly nowMs: number
  readonly phase: Phase
  /** The replica's session and the link that the last accepted hello opened; only its answers count (I6). */
  readonly peerSession: string | null
  readonly peerNode: string | null
  readonly link: number
  readonly peer: PeerPosition | null
  /** Send time of the newest request that was answered over this link: the lease counts from here. */
  readonly heardAtMs: number
  /** When the newest request was sent that belongs to a link: until some time after it a replica may show what it has as the newest. */
  readonly linkSentMs: number
  /** When the newest hello was sent: only its answer counts, since an earlier one may have opened a link in another mode. */
  readonly helloMs: number
  /** When the present search for agreement began. */
  readonly syncSinceMs: number
  readonly roundNumber: number
  /** The batch in doubt; at most one (I5). Solo: what a returning replica is sent. */
  readonly round: Round | null
  /** Solo: the batch that is being saved here, and only here. */
  readonly lone: Lone | null
  /** Decided commits that the replica has not confirmed yet, oldest first. */
  readonly unconfirmed: readonly Unconfirmed[]
  readonly commitAsk: AskState
  readonly heartbeat: { readonly ask: AskState; readonly lastSentMs: number }
  /** A local save, undo or change of identity under way: the driver owes an event. */
  readonly diskBusy: boolean
  /** Of a change of identity: the mode that it makes. */
  readonly moding: Mode | null
  /** The last of the peer's records that are being saved here. */
  readonly adopted: SealedRecord | null
}

export interface Timing {
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  readonly syncTimeoutMs: number
  readonly leaseMs: number
}

/** Of the request of a kind: none, on its way, or lost and to be sent again. */
export type AskState = "none" | "under-way" | "lost"

export type Phase =
  /** Asking who is there. */
  | { readonly name: "greeting"; readonly ask: AskState }
  /** The peer answered; opening a link with the sessions it named. */
  | { readonly name: "opening"; readonly ask: AskState }
  /** Waiting for this log's digest at the peer's head. */
  | { readonly name: "comparing" }
  /** Sending what the peer lacks, a round at a time. */
  | { readonly name: "sending"; readonly loading: boolean }
  /** Fetching what this log lacks. */
  | { readonly name: "adopting"; readonly ask: AskState }
  /** Looking for the last common version of two diverged logs, to name it. With a rival, a primary of the same epoch number, there is no link. */
  | { readonly name: "locating"; readonly ask: AskState; readonly search: PrefixSearch; readonly peerDigest: Digest | null; readonly rival: Rival | null }
  /** It is found, and the replica is being told, so that both nodes stop and say the same. */
  | { readonly name: "parting"; readonly detail: string }
  /** Both logs are equal; before the replica hears that, this primary durably stops being alone. */
  | { readonly name: "pairing" }
  /** Both logs are equal; committing their head on both. */
  | { readonly name: "settling"; readonly ask: AskState }
  | { readonly name: "steady" }
  /** Asking the replica to take this node's place: from the question on it may have. Then becoming its replica. */
  | { readonly name: "handing-over"; readonly ask: AskState; readonly sinceMs: number; readonly epoch: Epoch; readonly decision: Decision }
  | { readonly name: "retiring"; readonly epoch: Epoch }
  | { readonly name: "stuck"; readonly reason: string }
  | { readonly name: "stopped" }

/** Another primary of the same epoch number. */
export interface Rival {
  readonly session: string
  readonly sinceMs: number
}

export interface Round {
  readonly number: number
  readonly records: readonly SealedRecord[]
  readonly first: number
  readonly last: number
  readonly lastDigest: Digest
  /** Head digest before the round. */
  readonly parent: Digest
  readonly sinceMs: number
  readonly ask: AskState
  readonly local: "saving" | "saved" | "undoing" | { readonly code: VoteRefusalCode; readonly detail: string }
  readonly vote: Vote | null
  /** Taking the round back at the peer, because this disk refused it. */
  readonly rollback: AskState
}

export interface Lone {
  readonly first: number
  readonly last: number
  readonly lastDigest: Digest
}

export interface Unconfirmed {
  readonly version: number
  readonly digest: Digest
  readonly sinceMs: number
}

export type CoordinatorEvent =
  | { readonly event: "tick" }
  /** Records that continue the log at head; only while `acceptsBatch`. */
  | { readonly event: "propose"; readonly records: readonly SealedRecord[] }
  | { readonly event: "answer"; readonly envelope: Envelope; readonly answer: Answer }
  /** No answer will come for a request of this kind; whether it arrived is unknown. */
  | { readonly event: "lost"; readonly kind: Request["kind"] }
  | { readonly event: "saved" }
  | { readonly event: "save-refused"; readonly code: VoteRefusalCode; readonly detail: string }
  | { readonly event: "undone" }
  | { readonly event: "identified" }
  | { readonly event: "loaded"; readonly records: readonly SealedRecord[] }
  | { readonly event: "own-digest"; readonly version: number; readonly digest: Digest }
  | { readonly event: "trimmed"; readonly logStart: number }
  /** Stuck, but staying up: try to sync again. */
  | { readonly event: "retry" }
  /** Another primary of the same epoch number says where the logs parted. */
  | { readonly event: "told-apart"; readonly detail: string }
  /** A node of a higher epoch has greeted this one. */
  | { readonly event: "deposed"; readonly epoch: Epoch }
  /** An operator's decision; only where `whyNoSolo` and `whyNoPairing` say nothing against it. */
  | { readonly event: "set-mode"; readonly mode: "alone" | "solo"; readonly decision: Decision }
  /** The same of `whyNoHandover`. The epoch is the one that begins. */
  | { readonly event: "hand-over"; readonly epoch: Epoch; readonly decision: Decision }

export type CoordinatorStep = Step<CoordinatorState>

export interface CoordinatorStart extends LogPosition {
  readonly node: string
  readonly cluster: string
  readonly epoch: Epoch
  /** Alone or solo nobody else decides, so everything on this disk has to be committed. */
  readonly mode: Mode
  readonly lacking: boolean
  readonly session: string
  readonly publicUrl: string
  readonly timing: Timing
  readonly logStart: number
  readonly nowMs: number
}

export function startCoordinator(start: CoordinatorStart): CoordinatorState {
  invariant(start.mode === "paired" || start.committed === start.head, "I9", "alone, and something is in doubt")
  return {
    ...start,
    phase: { name: "greeting", ask: "none" },
    peerSession: null,
    peerNode: null,
    link: 0,
    peer: null,
    heardAtMs: start.nowMs,
    // The process before this one may have sent some just before it ended.
    linkSentMs: start.nowMs,
    helloMs: start.nowMs,
    syncSinceMs: start.nowMs,
    roundNumber: 0,
    round: null,
    lone: null,
    unconfirmed: [],
    commitAsk: "none",
    heartbeat: { ask: "none", lastSentMs: start.nowMs },
    diskBusy: false,
    moding: null,
    adopted: null,
  }
}

/** What the clock shows, before each event and not with ticks only: after a pause of the process an answer may come first, and have something sent. */
export function clockedAt(state: CoordinatorState, nowMs: number): CoordinatorState {
  return nowMs > state.nowMs ? { ...state, nowMs } : state
}

/** Whether the driver may propose a batch now. */
export function acceptsBatch(state: CoordinatorState): boolean {
  if (state.diskBusy) return false
  return state.phase.name === "steady" ? state.round === null : state.mode === "solo" && acceptsLone(state)
}

/** Not while the last of what a returning replica lacks is under way, or it would never have everything. */
function acceptsLone({ phase, round, head }: CoordinatorState): boolean {
  switch (phase.name) {
    case "greeting":
    case "opening":
    case "comparing":
      return true
    case "sending":
      return round === null || round.last < head
    default:
      return false
  }
}

export function ask(request: Request): Effect {
  return { effect: "ask", request }
}

/** What the search for agreement begins with. A round in doubt is forgotten as a round: its records are in the log, and the sync sees to them. */
export function unsynced(state: CoordinatorState, syncSinceMs: number): CoordinatorState {
  return {
    ...state,
    phase: { name: "greeting", ask: "lost" },
    round: null,
    unconfirmed: [],
    commitAsk: "none",
    heartbeat: { ask: "none", lastSentMs: state.nowMs },
    peerSession: null,
    peer: null,
    link: 0,
    syncSinceMs,
  }
}

/** It cannot go forward, whatever is in doubt stays so: the next sync completes it. Who is alone needs nobody to go forward. */
export function stuck(state: CoordinatorState, reason: string): CoordinatorStep {
  if (state.phase.name === "stuck") return { state, effects: [] }
  if (state.mode !== "paired") return { state: unsynced(state, state.nowMs), effects: [{ effect: "notice", detail: reason }] }
  return { state: { ...state, phase: { name: "stuck", reason } }, effects: [{ effect: "stuck", reason }] }
}
