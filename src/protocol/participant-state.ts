// What a participant knows, what can happen to it, and the answer that says no.
import type { Checkpoint } from "./checkpoint.ts"
import type { Digest } from "./digest.ts"
import type { IdentityChange, LogPosition, Step } from "./effect.ts"
import type { Epoch } from "./epoch.ts"
import type { Envelope, PeerRefusalCode, PrepareRequest, Request, RollbackRequest, Vote, VoteRefusalCode } from "./messages.ts"
import type { Decision } from "./reign.ts"

export type ParticipantStep = Step<ParticipantState>

export interface ParticipantState extends LogPosition {
  readonly node: string
  /** Null until this disk belongs to a pair. */
  readonly cluster: string | null
  readonly epoch: Epoch
  readonly session: string
  /** Whether an empty disk may be filled from a primary that has data. */
  readonly joining: boolean
  /** Whether it may lack writes that were acknowledged: then it must not be promoted. Durable. */
  readonly lacking: boolean
  /** The longest that a primary told of, or this node's own setting; what is left of it has to be waited for. Durable. */
  readonly leaseMs: number
  /** Of the primary of the present link: how long after it was heard it waits at least before it acknowledges anything alone. */
  readonly linkLeaseMs: number
  /** Links opened in this session; the newest is the only one that counts (I6). */
  readonly link: number
  /** The primary's session of that link. */
  readonly peerSession: string | null
  readonly peerNode: string | null
  readonly primaryUrl: string | null
  /** The newest round of that link, with what was answered, so that a repeated message gets the same answer. */
  readonly lastRound: Round | null
  readonly work: Work | null
  readonly deferred: readonly IncomingRequest[]
  /** True once the primary has said in this session that both logs are equal. */
  readonly synced: boolean
  /** The same of the present link: until then the primary may need what is in this log. */
  readonly inSync: boolean
  /** The first version that this log has. */
  readonly logStart: number
}

export interface Round {
  readonly number: number
  readonly first: number
  readonly last: number
  readonly lastDigest: Digest
  readonly verdict: Vote | "rolled-back"
}

export type Work =
  | { readonly kind: "saving"; readonly ticket: number; readonly link: number; readonly request: PrepareRequest }
  | { readonly kind: "undoing"; readonly ticket: number; readonly request: RollbackRequest }
  /** On the way to the answer of a hello, a commit or a hand-over. */
  | { readonly kind: "identifying"; readonly incoming: IncomingRequest; readonly change: IdentityChange }
  | { readonly kind: "promoting"; readonly epoch: Epoch }

export interface IncomingRequest {
  readonly ticket: number
  readonly envelope: Envelope
  readonly request: Request
  /** This node's own, of the version whose checkpoint the request carries. */
  readonly checkpoint?: Checkpoint | undefined
}

export type ParticipantEvent =
  | ({ readonly event: "request" } & IncomingRequest)
  | { readonly event: "saved" }
  | { readonly event: "save-refused"; readonly code: VoteRefusalCode; readonly detail: string }
  | { readonly event: "undone" }
  | { readonly event: "identified" }
  /** An operator's decision; only where `whyNoPromotion` says nothing against it. The epoch is the one that begins. */
  | { readonly event: "promote"; readonly epoch: Epoch; readonly mode: "alone" | "solo"; readonly decision: Decision }
  | { readonly event: "trimmed"; readonly logStart: number }

export interface ParticipantStart extends LogPosition {
  readonly node: string
  readonly cluster: string | null
  readonly epoch: Epoch
  readonly session: string
  readonly joining: boolean
  readonly lacking: boolean
  readonly leaseMs: number
  readonly logStart: number
}

export function startParticipant(start: ParticipantStart): ParticipantState {
  return {
    ...start,
    linkLeaseMs: 0,
    link: 0,
    peerSession: null,
    peerNode: null,
    primaryUrl: null,
    lastRound: null,
    work: null,
    deferred: [],
    synced: false,
    inSync: false,
  }
}

/** Answers with a no; nothing changes. */
export function refused(state: ParticipantState, incoming: IncomingRequest, code: PeerRefusalCode, detail: string): ParticipantStep {
  return {
    state,
    effects: [{ effect: "reply", ticket: incoming.ticket, answer: { kind: "refused", of: incoming.request.kind, code, detail } }],
  }
}
