// The participant: the replica's side of a 2PC round, as a pure step function.
//
// The life of a batch here, and what a crash leaves behind:
//   1. `prepare` arrives and passes every check → `save` is asked for. A crash leaves the batch wholly there or not.
//   2. `saved` → the vote leaves (I2). A crash after this leaves the batch in doubt; the next sync completes it.
//   3. `commit`, or a later prepare's `committed` → a number moves.
//   4. `rollback` before a commit → durable undo, then the answer.
// While the disk is at work (`work`), other requests wait in `deferred`: one thing in doubt at a time (I5).
import { whyRowsDiffer } from "./checkpoint.ts"
import { type Digest, sameDigest } from "./digest.ts"
import type { Effect } from "./effect.ts"
import { compareEpoch } from "./epoch.ts"
import { partedHint } from "./divergence.ts"
import { identify, promote, promoted, takeOver, tookOver, tookOverReply } from "./promotion.ts"
import { greeted, hello, rowsDiffer, whyStaleSender, whyStranger } from "./greeting.ts"
import { invariant } from "./invariant.ts"
import type { CommitRequest, DivergedRequest, PrepareRequest, RollbackRequest, Vote, VoteRefusalCode } from "./messages.ts"
import { type IncomingRequest, type ParticipantEvent, type ParticipantState, type ParticipantStep, refused, type Round, type Work } from "./participant-state.ts"
import { continuesLog } from "./record.ts"
import { describeDivergence } from "./recovery.ts"

/** Requests that may wait while the disk is at work; more are refused as busy. */
const deferredMax = 64

export function stepParticipant(state: ParticipantState, event: ParticipantEvent): ParticipantStep {
  const step = stepOnce(state, event)
  return state.work !== null && step.state.work === null ? drain(step) : step
}

function stepOnce(state: ParticipantState, event: ParticipantEvent): ParticipantStep {
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
    case "promote":
      return promote(state, event.epoch, event.mode, event.decision)
    case "trimmed":
      return { state: { ...state, logStart: event.logStart }, effects: [] }
    default:
      return event satisfies never
  }
}

/** Gives the requests that waited for the disk their turn, in the order in which they came. */
function drain(step: ParticipantStep): ParticipantStep {
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

function defer(state: ParticipantState, incoming: IncomingRequest): ParticipantStep {
  if (state.deferred.length >= deferredMax) {
    return refused(state, incoming, "busy", `${deferredMax} requests are waiting for the disk already`)
  }
  return { state: { ...state, deferred: [...state.deferred, incoming] }, effects: [] }
}

function receive(state: ParticipantState, incoming: IncomingRequest): ParticipantStep {
  const { envelope, request, ticket } = incoming
  if (request.kind === "hello") return hello(state, incoming, request)
  // Asked again by who has not heard the answer.
  if (request.kind === "handover" && compareEpoch(state.epoch, request.epoch) === "same") return { state, effects: [tookOverReply(ticket, request.epoch)] }
  const stranger = whyStranger(state, envelope)
  if (stranger) return refused(state, incoming, stranger.code, stranger.detail)
  const stale = whyStaleSender(state, envelope)
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
      return { state, effects: [{ effect: "serve-log", ticket, request }] }
    case "heartbeat": {
      const differ = whyRowsDiffer(incoming.checkpoint, request.checkpoint)
      if (differ !== undefined) return rowsDiffer(state, incoming, differ)
      return { state, effects: [{ effect: "reply", ticket, answer: { kind: "heartbeat", head: state.head, committed: state.committed } }] }
    }
    case "diverged":
      return diverged(state, ticket, request)
    case "handover":
      return takeOver(state, incoming, request)
    default:
      return request satisfies never
  }
}

function diverged(state: ParticipantState, ticket: number, { version, digest, peerDigest, common }: DivergedRequest): ParticipantStep {
  const detail = describeDivergence({ equalAt: common ?? undefined, from: version, differAt: version, ownDigest: peerDigest, peerDigest: digest })
  return {
    state,
    effects: [
      { effect: "reply", ticket, answer: { kind: "diverged" } },
      { effect: "stop", reason: "diverged", detail, hint: partedHint },
    ],
  }
}

/** The change of identity is durable: what waited for it goes on. */
function identified(state: ParticipantState): ParticipantStep {
  const { work } = state
  if (work?.kind === "promoting") return promoted({ ...state, work: null, epoch: work.epoch })
  if (work?.kind !== "identifying") throw new Error("identified without a change")
  const { incoming, change } = work
  const { cluster = state.cluster, epoch = state.epoch, lacking = state.lacking, leaseMs = state.leaseMs } = change
  const known: ParticipantState = { ...state, work: null, cluster, epoch, lacking, leaseMs }
  switch (incoming.request.kind) {
    case "hello":
      return greeted(known, incoming, incoming.request, state.cluster === null)
    case "commit":
      return commit(known, incoming, incoming.request)
    case "handover":
      return tookOver(known, incoming.ticket, epoch)
    default:
      throw new Error(`a ${incoming.request.kind} changes no identity`)
  }
}

function prepare(state: ParticipantState, incoming: IncomingRequest, request: PrepareRequest): ParticipantStep {
  const first = request.records[0]
  const last = request.records.at(-1)
  if (first === undefined || last === undefined) return refused(state, incoming, "damaged", "a batch has at least one record")
  const before = state.lastRound
  if (before !== null && request.round <= before.number) return repeated(state, incoming, request, before)
  if (!continuesLog(state.head, state.headDigest, request.records)) {
    return refused(state, incoming, "gap", `the batch from version ${first.version} does not continue this log, whose head is ${state.head}`)
  }
  // The parents match, so this log is a prefix of the sender's, and its committed version is the truth here too.
  const committed = Math.min(request.committed, state.head)
  if (committed < state.head) {
    return refused(state, incoming, "in-doubt", `versions ${state.committed + 1} to ${state.head} are still in doubt here`)
  }
  const moved = advance(state, committed)
  const work: Work = { kind: "saving", ticket: incoming.ticket, link: state.link, request }
  return {
    state: { ...moved.state, work },
    effects: [...moved.effects, { effect: "save", records: request.records, committed: moved.state.committed, decided: false }],
  }
}

function repeated(state: ParticipantState, incoming: IncomingRequest, request: PrepareRequest, before: Round): ParticipantStep {
  const last = request.records.at(-1)
  const same = request.round === before.number && last !== undefined && sameDigest(last.digest, before.lastDigest)
  if (!same || before.verdict === "rolled-back") {
    return refused(state, incoming, "stale-round", `round ${request.round} is over; the newest is ${before.number}`)
  }
  return { state, effects: [voteReply(state, incoming.ticket, before, before.verdict)] }
}

function voteReply(state: ParticipantState, ticket: number, round: Round, vote: Vote): Effect {
  invariant(!vote.prepared || (state.head === round.last && sameDigest(state.headDigest, round.lastDigest)), "I2", `round ${round.number} is not on this disk`)
  return { effect: "reply", ticket, answer: { kind: "vote", round: round.number, vote, committed: state.committed } }
}

function saved(state: ParticipantState): ParticipantStep {
  const work = state.work
  if (work?.kind !== "saving") throw new Error("saved without a batch")
  const { records } = work.request
  invariant(continuesLog(state.head, state.headDigest, records), "I4", "a batch was saved that does not continue the log")
  return voted({ ...state, ...headOf(work.request) }, work, { prepared: true })
}

function headOf(request: PrepareRequest): { head: number; headDigest: Digest } {
  const last = request.records.at(-1)
  if (last === undefined) throw new Error("a batch without records")
  return { head: last.version, headDigest: last.digest }
}

function saveRefused(state: ParticipantState, code: VoteRefusalCode, detail: string): ParticipantStep {
  const work = state.work
  if (work?.kind !== "saving") throw new Error("a refused save without a batch")
  return voted(state, work, { prepared: false, code, detail })
}

function voted(state: ParticipantState, work: Extract<Work, { kind: "saving" }>, vote: Vote): ParticipantStep {
  const { request } = work
  invariant(work.link === state.link, "I6", "a batch of an older link was saved")
  const { head, headDigest } = headOf(request)
  const lastRound: Round = {
    number: request.round,
    first: request.records[0]?.version ?? head,
    last: head,
    lastDigest: headDigest,
    verdict: vote,
  }
  return {
    state: { ...state, work: null, lastRound },
    effects: [voteReply(state, work.ticket, lastRound, vote)],
  }
}

function commit(state: ParticipantState, incoming: IncomingRequest, request: CommitRequest): ParticipantStep {
  if (request.version > state.head) {
    return refused(state, incoming, "gap", `version ${request.version} is above this head, ${state.head}`)
  }
  if (request.version === state.head && !sameDigest(request.digest, state.headDigest)) {
    return refused(state, incoming, "gap", `version ${request.version} has another digest here`)
  }
  // What is in doubt is one batch, and is committed as a whole.
  if (request.version > state.committed && request.version < state.head) {
    return refused(state, incoming, "in-doubt", `version ${request.version} ends no batch here, the head is ${state.head}`)
  }
  // With the last of what the primary has this log lacks nothing any more.
  if (request.inSync && state.lacking) return identify(state, incoming, { lacking: false })
  const moved = advance(state, request.version)
  const synced = moved.state.synced || request.inSync
  const effects: Effect[] = [...moved.effects]
  if (synced && !state.synced) effects.push({ effect: "sync-changed", inSync: true })
  effects.push({ effect: "reply", ticket: incoming.ticket, answer: { kind: "committed", committed: moved.state.committed } })
  return { state: { ...moved.state, synced, inSync: request.inSync }, effects }
}

export function advance(state: ParticipantState, committed: number): ParticipantStep {
  if (committed <= state.committed) return { state, effects: [] }
  invariant(committed <= state.head, "I9", `committed ${committed} would pass the head ${state.head}`)
  return { state: { ...state, committed }, effects: [{ effect: "advance", committed }] }
}

function rollback(state: ParticipantState, incoming: IncomingRequest, request: RollbackRequest): ParticipantStep {
  const before = state.lastRound
  if (before !== null && request.round < before.number) {
    return refused(state, incoming, "stale-round", `round ${request.round} is over; the newest is ${before.number}`)
  }
  const arrived = before !== null && before.number === request.round
  if (arrived && before.verdict !== "rolled-back" && before.verdict.prepared) {
    invariant(before.first > state.committed, "I1", `round ${request.round} is committed here and cannot be rolled back`)
    const work: Work = { kind: "undoing", ticket: incoming.ticket, request }
    return { state: { ...state, work }, effects: [{ effect: "undo" }] }
  }
  // Never arrived, or never saved: from now on it is refused, should it come late (I10).
  return rolledBack(state, incoming.ticket, request)
}

function undone(state: ParticipantState): ParticipantStep {
  const work = state.work
  if (work?.kind !== "undoing") throw new Error("undone without a rollback")
  return rolledBack({ ...state, work: null, head: state.committed, headDigest: work.request.parent }, work.ticket, work.request)
}

function rolledBack(state: ParticipantState, ticket: number, request: RollbackRequest): ParticipantStep {
  const lastRound: Round = {
    number: request.round,
    first: request.first,
    last: request.first,
    lastDigest: request.digest,
    verdict: "rolled-back",
  }
  return {
    state: { ...state, lastRound },
    effects: [{ effect: "reply", ticket, answer: { kind: "rolled-back", round: request.round } }],
  }
}
