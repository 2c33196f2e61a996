// The participant: the replica's side of a 2PC round, as a pure step function.
//
// The life of a batch here, and what a crash leaves behind:
//   1. `prepare` arrives and passes every check → `save` is asked for. A crash leaves the batch wholly there or not.
//   2. `saved` → the vote leaves (I2). A crash after this leaves the batch in doubt; the next sync completes it.
//   3. `commit`, or a later prepare's `committed` → a number moves.
//   4. `rollback` before a commit → durable undo, then the answer.
// While the disk is at work (`work`), other requests wait in `deferred`: one thing in doubt at a time (I5).
import { type Digest, sameDigest } from "./digest.ts"
import type { Effect, LogPosition, Step } from "./effect.ts"
import { compareEpoch, type Epoch } from "./epoch.ts"
import { invariant } from "./invariant.ts"
import {
  type Answer,
  type CommitRequest,
  type Envelope,
  type HelloRequest,
  type PeerRefusalCode,
  type PrepareRequest,
  protocolVersion,
  type Request,
  type RollbackRequest,
  type Vote,
  type VoteRefusalCode,
} from "./messages.ts"
import { continuesLog } from "./record.ts"

export interface ParticipantState extends LogPosition {
  readonly node: string
  /** Null until this disk belongs to a pair. */
  readonly cluster: string | null
  readonly epoch: Epoch
  readonly session: string
  /** Whether an empty disk may be filled from a primary that has data. */
  readonly joining: boolean
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
}

interface Round {
  readonly number: number
  readonly first: number
  readonly last: number
  readonly lastDigest: Digest
  readonly verdict: Vote | "rolled-back"
}

type Work =
  | { readonly kind: "saving"; readonly ticket: number; readonly link: number; readonly request: PrepareRequest }
  | { readonly kind: "undoing"; readonly ticket: number; readonly request: RollbackRequest }
  | { readonly kind: "identifying"; readonly incoming: IncomingRequest; readonly cluster: string; readonly epoch: Epoch }

export interface IncomingRequest {
  readonly ticket: number
  readonly envelope: Envelope
  readonly request: Request
}

export type ParticipantEvent =
  | ({ readonly event: "request" } & IncomingRequest)
  | { readonly event: "saved" }
  | { readonly event: "save-refused"; readonly code: VoteRefusalCode; readonly detail: string }
  | { readonly event: "undone" }
  | { readonly event: "identified" }
  | { readonly event: "loaded"; readonly ticket: number; readonly answer: Answer }

/** Requests that may wait while the disk is at work; more are refused as busy. */
const deferredMax = 64

export interface ParticipantStart extends LogPosition {
  readonly node: string
  readonly cluster: string | null
  readonly epoch: Epoch
  readonly session: string
  readonly joining: boolean
}

export function startParticipant(start: ParticipantStart): ParticipantState {
  return {
    ...start,
    link: 0,
    peerSession: null,
    peerNode: null,
    primaryUrl: null,
    lastRound: null,
    work: null,
    deferred: [],
    synced: false,
  }
}

export function stepParticipant(state: ParticipantState, event: ParticipantEvent): Step<ParticipantState> {
  const step = stepOnce(state, event)
  return state.work !== null && step.state.work === null ? drain(step) : step
}

function stepOnce(state: ParticipantState, event: ParticipantEvent): Step<ParticipantState> {
  switch (event.event) {
    case "request":
      if (state.work !== null) return defer(state, event)
      return receive(state, event)
    case "saved":
      return saved(state)
    case "save-refused":
      return saveRefused(state, event.code, event.detail)
    case "undone":
      return undone(state)
    case "identified":
      return identified(state)
    case "loaded":
      return { state, effects: [{ effect: "reply", ticket: event.ticket, answer: event.answer }] }
    default:
      return event satisfies never
  }
}

/** Gives the requests that waited for the disk their turn, in the order in which they came. */
function drain(step: Step<ParticipantState>): Step<ParticipantState> {
  let { state } = step
  const effects = [...step.effects]
  while (state.work === null) {
    const [next, ...deferred] = state.deferred
    if (next === undefined) break
    const following = receive({ ...state, deferred }, next)
    state = following.state
    effects.push(...following.effects)
  }
  return { state, effects }
}

function defer(state: ParticipantState, incoming: IncomingRequest): Step<ParticipantState> {
  if (state.deferred.length >= deferredMax) {
    return refused(state, incoming, "busy", `${deferredMax} requests are waiting for the disk already`)
  }
  return { state: { ...state, deferred: [...state.deferred, incoming] }, effects: [] }
}

function receive(state: ParticipantState, incoming: IncomingRequest): Step<ParticipantState> {
  const { envelope, request, ticket } = incoming
  if (request.kind === "hello") return hello(state, incoming, request)
  const stranger = whyStranger(state, envelope)
  if (stranger) return refused(state, incoming, stranger.code, stranger.detail)
  const stale = whyStaleLink(state, envelope)
  if (stale) return refused(state, incoming, "session", stale)
  switch (request.kind) {
    case "prepare":
      return prepare(state, incoming, request)
    case "commit":
      return commit(state, incoming, request)
    case "rollback":
      return rollback(state, incoming, request)
    case "records":
    case "digest":
      // The driver reads the log and comes back with `loaded`.
      return { state, effects: [{ effect: "reply", ticket, answer: placeholderOf(request) }] }
    case "heartbeat":
      return {
        state,
        effects: [{ effect: "reply", ticket, answer: { kind: "heartbeat", head: state.head, committed: state.committed } }],
      }
    default:
      return request satisfies never
  }
}
