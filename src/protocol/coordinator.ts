// The coordinator: the primary's side of a 2PC round, as a pure step function. sync.ts brings it to "steady".
//
// The life of a round, and what a crash between its steps leaves behind:
//   1. `propose` → prepare here (`save`) and there (`ask`), at once. A crash leaves it on either disk, both or none.
//   2. Both are durable → decided: `committed` moves here, `commit` is sent. A crash leaves it in doubt; sync completes it.
//   3. The replica confirms → `acknowledge` (I3). Until then nobody is told.
//   A no from the replica → durable undo here → `reject`. A no from this disk → `rollback` there, its answer → `reject`.
//   Any silence → stuck: it is neither told nor taken back.
import { rowsDifferHint } from "./checkpoint.ts"
import { deposed, handOver, handoverRefused, identified, setMode, tookOver } from "./decisions.ts"
import { acceptsBatch, ask, type CoordinatorEvent, type CoordinatorState, type CoordinatorStep, type Round, stuck } from "./coordinator-state.ts"
import type { Effect } from "./effect.ts"
import { invariant } from "./invariant.ts"
import type { Answer, Envelope, HeartbeatAnswer, RefusedAnswer, VoteRefusalCode } from "./messages.ts"
import { fencedHint, isRival, part, partedHint, stop } from "./divergence.ts"
import { continuesLog, type SealedRecord } from "./record.ts"
import { commitOf, prepareOf, rollbackOf, roundOf } from "./round.ts"
import { loneSaved, proposeLone } from "./solo.ts"
import { answerWhileSyncing, digestRead, greet, lostWhileSyncing, recordsLoaded, roundSettledWhileSending, savedWhileSyncing } from "./sync.ts"
import { tick } from "./tick.ts"

export function stepCoordinator(state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep {
  const step = stepOnce(state, event)
  return step.effects.some(isOfLink) ? { state: { ...step.state, linkSentMs: step.state.nowMs }, effects: step.effects } : step
}

function isOfLink(effect: Effect): boolean {
  return effect.effect === "ask" && effect.request.kind !== "hello"
}

function stepOnce(state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep {
  if (state.phase.name === "stopped") return { state, effects: [] }
  switch (event.event) {
    case "tick":
      return tick(state)
    case "propose":
      return propose(state, event.records)
    case "answer":
      // After a pause it may come before the first tick; another node may have been promoted meanwhile, and acknowledge.
      return isLeaseOver(state, event.envelope) ? tick(state) : answered(state, event.envelope, event.answer)
    case "lost":
      return lost(state, event.kind)
    case "saved":
      return saved({ ...state, diskBusy: false })
    case "save-refused":
      return saveRefused({ ...state, diskBusy: false }, event.code, event.detail)
    case "undone":
      return undone({ ...state, diskBusy: false })
    case "loaded":
      return recordsLoaded(state, event.records)
    case "own-digest":
      return digestRead(state, event.version, event.digest)
    case "trimmed":
      return { state: { ...state, logStart: event.logStart }, effects: [] }
    case "retry":
      return state.phase.name === "stuck" && !state.diskBusy ? greet(state, state.nowMs) : { state, effects: [] }
    case "identified":
      return identified({ ...state, diskBusy: false, moding: null }, state.moding)
    case "set-mode":
      return setMode(state, event.mode, event.decision)
    case "told-apart":
      return stop(state, "diverged", event.detail, partedHint)
    case "deposed":
      return deposed(state, event.epoch)
    case "hand-over":
      return handOver(state, event.epoch, event.decision)
    default:
      return event satisfies never
  }
}

/** Also with what is answered now, if that counts. */
function isLeaseOver({ phase, nowMs, heardAtMs, timing }: CoordinatorState, { sentAtMs }: Envelope): boolean {
  return phase.name === "steady" && nowMs - Math.max(heardAtMs, sentAtMs) > timing.leaseMs
}

function propose(state: CoordinatorState, records: readonly SealedRecord[]): CoordinatorStep {
  invariant(acceptsBatch(state), "I5", "a batch was proposed while another is in doubt")
  invariant(continuesLog(state.head, state.headDigest, records), "I4", "a proposed batch does not continue the log")
  if (state.phase.name !== "steady") return proposeLone(state, records)
  const round = roundOf(state, records, "saving")
  return {
    state: { ...state, roundNumber: round.number, round, diskBusy: true },
    // The peer first: its disk works while this thread waits for the own one.
    effects: [ask(prepareOf(state, round)), { effect: "save", records, committed: state.committed, decided: false }],
  }
}

function saved(state: CoordinatorState): CoordinatorStep {
  const { round, lone } = state
  if (lone !== null) return loneSaved(state, lone)
  if (round === null || round.local !== "saving") return savedWhileSyncing(state)
  const moved = { ...state, head: round.last, headDigest: round.lastDigest, round: { ...round, local: "saved" as const } }
  return settle(moved)
}

function saveRefused(state: CoordinatorState, code: "disk-full" | "unique", detail: string): CoordinatorStep {
  const { round, lone } = state
  if (lone !== null) return { state: { ...state, lone: null }, effects: [{ effect: "reject", code, detail }] }
  if (round === null || round.local !== "saving") return stuck({ ...state, adopted: null }, `the peer's records cannot be stored here: ${detail}`)
  return settle({ ...state, round: { ...round, local: { code, detail } } })
}

function undone(state: CoordinatorState): CoordinatorStep {
  const { round } = state
  if (round === null || round.local !== "undoing" || round.vote === null || round.vote.prepared) {
    throw new Error("undone without a refused round")
  }
  const back = { ...state, head: round.first - 1, headDigest: round.parent }
  // Whoever is stuck has told the clients already that it does not know.
  return state.phase.name === "steady" ? reject(back, round, round.vote) : { state: { ...back, round: null }, effects: [] }
}

/** Goes on with a round as far as what is known of both sides allows. */
function settle(state: CoordinatorState): CoordinatorStep {
  const { round } = state
  if (round === null || round.local === "saving" || round.local === "undoing") return { state, effects: [] }
  if (state.phase.name === "sending") {
    return round.vote === null ? { state, effects: [] } : roundSettledWhileSending(state, round, round.vote)
  }
  if (state.phase.name !== "steady") return { state, effects: [] }
  if (round.local === "saved") {
    if (round.vote === null) return { state, effects: [] }
    return round.vote.prepared ? decide(state, round) : takeBackHere(state, round)
  }
  // This disk refused. A replica that said no has nothing either; any other must be made to forget the round.
  if (round.vote !== null && !round.vote.prepared) return reject(state, round, round.local)
  if (round.rollback !== "none") return { state, effects: [] }
  return { state: { ...state, round: { ...round, rollback: "under-way" } }, effects: [ask(rollbackOf(round))] }
}

/** Neither disk holds the round, and the replica will take no late copy of it. */
function reject(state: CoordinatorState, round: Round, why: { readonly code: VoteRefusalCode; readonly detail: string }): CoordinatorStep {
  invariant(state.head < round.first, "I10", "a batch would be rejected that is on this disk")
  invariant(round.vote?.prepared === false || round.rollback !== "none", "I10", "a batch would be rejected that the replica may hold")
  return { state: { ...state, round: null }, effects: [{ effect: "reject", code: why.code, detail: why.detail }] }
}

function takeBackHere(state: CoordinatorState, round: Round): CoordinatorStep {
  invariant(round.first > state.committed, "I1", "a committed batch would be rolled back")
  return { state: { ...state, diskBusy: true, round: { ...round, local: "undoing" } }, effects: [{ effect: "undo" }] }
}

/** Both disks have it. */
function decide(state: CoordinatorState, round: Round): CoordinatorStep {
  invariant(round.local === "saved" && round.vote?.prepared === true, "I3", "a batch was decided without both votes")
  const decided: CoordinatorState = {
    ...state,
    committed: round.last,
    round: null,
    unconfirmed: [...state.unconfirmed, { version: round.last, digest: round.lastDigest, sinceMs: state.nowMs }],
    commitAsk: "under-way",
  }
  return {
    state: decided,
    effects: [
      { effect: "advance", committed: round.last },
      ask(commitOf(decided, round.last, round.lastDigest)),
      { effect: "decided", version: round.last },
    ],
  }
}

function answered(state: CoordinatorState, envelope: Envelope, answer: Answer): CoordinatorStep {
  const { name } = state.phase
  if (name === "stuck") return { state, effects: [] }
  if (envelope.peerSession !== state.session) return { state, effects: [] }
  if (name === "greeting" || name === "opening") return answerWhileSyncing(state, envelope, answer)
  // Two that both lead have no link.
  const isRivalTold = name === "parting" && answer.kind === "diverged" && envelope.session === state.peerSession
  if (isRival(state.phase) || isRivalTold) return answerWhileSyncing(state, envelope, answer)
  // It has handed over: all that is left is to store that. And a hello that was refused is of a search for agreement that is over.
  if (name === "retiring" || (answer.kind === "refused" && answer.of === "hello")) return { state, effects: [] }
  // Whatever it is by now: a node that has taken over says so as a primary, too.
  if (answer.kind === "took-over") return tookOver(state, answer.epoch)
  const startedAnew = envelope.session !== state.peerSession
  if (answer.kind === "refused" && startedAnew) return refusedByAnother(state, answer)
  if (startedAnew || envelope.link !== state.link) return { state, effects: [] }
  if (answer.kind === "refused") return refused(state, answer)
  // What was asked before a hand-over says nothing about who leads since.
  const heard = name === "handing-over" ? state : { ...state, heardAtMs: Math.max(state.heardAtMs, envelope.sentAtMs) }
  switch (answer.kind) {
    case "vote": {
      const confirmed = confirm(heard, answer.committed)
      const { round } = confirmed.state
      if (round === null || round.number !== answer.round || round.vote !== null) return confirmed
      const following = settle({ ...confirmed.state, round: { ...round, vote: answer.vote, ask: "none" } })
      return { state: following.state, effects: [...confirmed.effects, ...following.effects] }
    }
    case "committed":
      if (name === "settling") return answerWhileSyncing(heard, envelope, answer)
      return confirm(heard, answer.committed)
    case "rolled-back": {
      const { round } = heard
      if (round === null || round.number !== answer.round || typeof round.local !== "object") return { state: heard, effects: [] }
      return reject(heard, round, round.local)
    }
    case "heartbeat":
      return heartbeatAnswered(heard, answer)
    case "hello":
      return { state, effects: [] }
    case "records":
    case "digest":
    case "diverged":
      return answerWhileSyncing(heard, envelope, answer)
    case "position":
    case "snapshot-manifest":
    case "snapshot-chunk":
      return { state, effects: [] }
    default:
      return answer satisfies never
  }
}

function heartbeatAnswered(state: CoordinatorState, answer: HeartbeatAnswer): CoordinatorStep {
  const peer = state.peer === null ? null : { ...state.peer, head: answer.head, committed: answer.committed }
  return confirm({ ...state, peer, heartbeat: { ...state.heartbeat, ask: "none" } }, answer.committed)
}

/** The replica has committed up to `version`: acknowledge what waited for it. */
function confirm(state: CoordinatorState, version: number): CoordinatorStep {
  const { peer } = state
  const known = peer === null ? null : { ...peer, head: Math.max(peer.head, version), committed: Math.max(peer.committed, version) }
  const newest = state.unconfirmed.filter((entry) => entry.version <= version).at(-1)
  if (newest === undefined) return { state: { ...state, peer: known }, effects: [] }
  invariant(newest.version <= state.committed, "I3", "the replica confirmed what is not committed here")
  const unconfirmed = state.unconfirmed.filter((entry) => entry.version > version)
  const commitAsk = unconfirmed.length === 0 ? "none" : state.commitAsk
  return {
    state: { ...state, peer: known, unconfirmed, commitAsk },
    effects: [{ effect: "acknowledge", version: newest.version }],
  }
}

/** The replica has started anew. Where no client waits for a batch, find out where it stands; else stuck. */
function refusedByAnother(state: CoordinatorState, answer: RefusedAnswer): CoordinatorStep {
  const { name } = state.phase
  if (answer.code !== "session") return refused(state, answer)
  if (name === "handing-over") return handoverRefused(state, answer.detail)
  if (name !== "steady") return greet(state, state.syncSinceMs)
  if (state.round !== null || state.unconfirmed.length > 0) return refused(state, answer)
  const step = greet(state, state.nowMs)
  return { state: step.state, effects: [{ effect: "sync-changed", inSync: false }, ...step.effects] }
}

function refused(state: CoordinatorState, answer: RefusedAnswer): CoordinatorStep {
  switch (answer.code) {
    // Of a round that is over: the answer to a copy that came late. Of the present one: sent again, it gets its true answer.
    case "stale-round":
    case "busy":
      return lost(state, answer.of)
    case "fenced":
      return stop(state, "fenced", answer.detail, fencedHint)
    case "rows-differ":
      return stop(state, "damaged", answer.detail, rowsDifferHint)
    default:
      if (state.phase.name === "handing-over") return handoverRefused(state, answer.detail)
      return stuck(state, `the replica refused ${answer.of}: ${answer.detail}`)
  }
}

/** Remembered, and sent again with the next tick: every request may be repeated. */
function lost(state: CoordinatorState, kind: RefusedAnswer["of"]): CoordinatorStep {
  const { round } = state
  switch (kind) {
    case "prepare":
      if (round === null || round.ask !== "under-way") return { state, effects: [] }
      return { state: { ...state, round: { ...round, ask: "lost" } }, effects: [] }
    case "rollback":
      if (round === null || round.rollback !== "under-way") return { state, effects: [] }
      return { state: { ...state, round: { ...round, rollback: "lost" } }, effects: [] }
    case "heartbeat":
      return { state: { ...state, heartbeat: { ...state.heartbeat, ask: "none" } }, effects: [] }
    case "commit":
      if (state.phase.name === "settling") return lostWhileSyncing(state)
      if (state.commitAsk !== "under-way") return { state, effects: [] }
      return { state: { ...state, commitAsk: "lost" }, effects: [] }
    case "hello":
    case "records":
    case "digest":
    case "handover":
      return lostWhileSyncing(state)
    case "diverged":
      return part(state)
    case "position":
    case "snapshot-manifest":
    case "snapshot-chunk":
      return { state, effects: [] }
    default:
      return kind satisfies never
  }
}
