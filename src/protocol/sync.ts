// The coordinator on its way to "steady": hello, the comparison of both logs, and what makes them equal.
// Nothing is undone here, and nothing is overwritten: recovery only goes forward.
import { ask, type CoordinatorState, type CoordinatorStep, type Phase, type Round, stuck, unsynced } from "./coordinator-state.ts"
import { type Digest, genesisDigest } from "./digest.ts"
import { behind, damaged, locate, ownDigestRead, part, peerDigestHeard, tickLocating } from "./divergence.ts"
import type { Effect } from "./effect.ts"
import { helloRefused } from "./hello-refused.ts"
import { invariant } from "./invariant.ts"
import type { Answer, Envelope, HelloAnswer, HelloRequest, RecordsAnswer, Vote } from "./messages.ts"
import { continuesLog, type SealedRecord } from "./record.ts"
import { compareLogs } from "./recovery.ts"
import { inSyncAgain } from "./reign.ts"
import { prepareOf, roundOf } from "./round.ts"

/** Starts anew from hello. */
export function greet(state: CoordinatorState, syncSinceMs: number): CoordinatorStep {
  return helloStep(unsynced(state, syncSinceMs), false)
}

export function helloStep(state: CoordinatorState, open: boolean): CoordinatorStep {
  // While the own disk is still at work, the head that a hello would name may move: wait for a later tick. A solo batch goes on beside it.
  const waits = state.diskBusy && state.lone === null
  const phase: Phase = { name: open ? "opening" : "greeting", ask: waits ? "lost" : "under-way" }
  if (waits) return { state: { ...state, phase }, effects: [] }
  const { head, headDigest, committed, logStart, publicUrl, mode } = state
  const request: HelloRequest = { kind: "hello", open, head, headDigest, committed, logStart, publicUrl, mode, leaseMs: state.timing.leaseMs }
  return { state: { ...state, phase, helloMs: state.nowMs }, effects: [ask(request)] }
}

export function tickWhileSyncing(state: CoordinatorState): CoordinatorStep {
  const { phase, timing } = state
  // Neither is on the way to be in sync.
  if (phase.name === "parting" || phase.name === "retiring") return { state, effects: [] }
  if (state.mode === "paired" && state.nowMs - state.syncSinceMs > timing.syncTimeoutMs) {
    return stuck(state, `not in sync with the replica within ${timing.syncTimeoutMs} ms`)
  }
  switch (phase.name) {
    case "greeting":
      return phase.ask === "under-way" ? { state, effects: [] } : helloStep({ ...state, peerSession: null, link: 0 }, false)
    case "opening":
      return phase.ask === "under-way" ? { state, effects: [] } : helloStep({ ...state, peerSession: null, link: 0 }, false)
    case "adopting":
      return phase.ask === "under-way" || state.diskBusy ? { state, effects: [] } : fetchNext(state)
    case "locating":
      return tickLocating(state, phase)
    case "settling":
      return phase.ask === "lost" ? settleHeads(state) : { state, effects: [] }
    case "comparing":
    case "sending":
    case "pairing":
    case "handing-over":
    case "steady":
    case "stuck":
    case "stopped":
      return { state, effects: [] }
    default:
      return phase satisfies never
  }
}

export function lostWhileSyncing(state: CoordinatorState): CoordinatorStep {
  const { phase } = state
  if (!("ask" in phase) || phase.ask !== "under-way") return { state, effects: [] }
  return { state: { ...state, phase: { ...phase, ask: "lost" } }, effects: [] }
}

export function answerWhileSyncing(state: CoordinatorState, envelope: Envelope, answer: Answer): CoordinatorStep {
  const { phase } = state
  if ((phase.name === "greeting" || phase.name === "opening") && envelope.sentAtMs < state.helloMs) return { state, effects: [] }
  switch (answer.kind) {
    case "refused":
      if (phase.name !== "greeting" && phase.name !== "opening") return { state, effects: [] }
      return answer.of === "hello" ? helloRefused(state, envelope, answer) : { state, effects: [] }
    case "hello":
      return helloAnswered(state, envelope, answer)
    case "records":
      return phase.name === "adopting" ? recordsFetched(state, answer) : { state, effects: [] }
    case "digest":
      return phase.name === "locating" ? peerDigestHeard(state, phase, answer) : { state, effects: [] }
    case "diverged":
      return part(state)
    case "committed":
      return phase.name === "settling" && answer.committed >= state.head ? becomeSteady(state) : { state, effects: [] }
    case "vote":
    case "rolled-back":
    case "heartbeat":
    case "position":
    case "snapshot-manifest":
    case "snapshot-chunk":
    case "took-over":
      return { state, effects: [] }
    default:
      return answer satisfies never
  }
}

function helloAnswered(state: CoordinatorState, envelope: Envelope, answer: HelloAnswer): CoordinatorStep {
  const { phase } = state
  if (phase.name === "greeting" && !answer.opened) {
    return helloStep({ ...state, peerSession: envelope.session, peerNode: envelope.node, link: answer.link }, true)
  }
  if (phase.name !== "opening" || !answer.opened) return { state, effects: [] }
  // The answer to an earlier hello tells of a link that this one closes.
  if (envelope.session !== state.peerSession || answer.link !== state.link + 1) return { state, effects: [] }
  const { head, headDigest, committed, fresh, logStart } = answer
  const opened: CoordinatorState = {
    ...state,
    link: answer.link,
    peer: { head, headDigest, committed, fresh, logStart },
    heardAtMs: Math.max(state.heardAtMs, envelope.sentAtMs),
  }
  return opened.head + 1 < logStart ? behind(opened, logStart) : compare(opened, undefined)
}

function compare(state: CoordinatorState, ownDigestAtPeerHead: Digest | undefined): CoordinatorStep {
  const { peer } = state
  if (peer === null) throw new Error("no peer to compare with")
  const action = compareLogs(state, peer, ownDigestAtPeerHead)
  switch (action) {
    case "settle":
      return settleHeads(state)
    case "compare-digest":
      return { state: { ...state, phase: { name: "comparing" } }, effects: [{ effect: "read-digest", version: peer.head }] }
    case "send": {
      // Who was alone has acknowledged more by itself.
      const regressed = state.mode === "paired" && peer.head < state.committed && !peer.fresh
      const effects: Effect[] = regressed ? [{ effect: "notice", detail: `the replica's log ends at version ${peer.head}, and it had acknowledged version ${state.committed}: its disk went backwards, or it was replaced; sending what it lacks` }] : []
      // The peer's whole log is in this one: what it holds is on both disks, and so decided.
      const committed = Math.max(state.committed, peer.head)
      if (committed > state.committed) effects.push({ effect: "advance", committed })
      effects.push({ effect: "load", from: peer.head + 1 })
      return { state: { ...state, committed, phase: { name: "sending", loading: true } }, effects }
    }
    case "adopt": {
      const step = fetchNext(state)
      const detail = `the replica's log ends at version ${peer.head}, this node's at ${state.head}: adopting what it holds`
      return { state: step.state, effects: [{ effect: "notice", detail }, ...step.effects] }
    }
    case "diverged":
      return locate(state, Math.min(state.head, peer.head))
    default:
      return action satisfies never
  }
}

export function digestRead(state: CoordinatorState, version: number, digest: Digest): CoordinatorStep {
  const { phase, peer } = state
  if (phase.name === "comparing" && peer !== null && peer.head === version) return compare(state, digest)
  return phase.name === "locating" ? ownDigestRead(state, phase, version, digest) : { state, effects: [] }
}

/** The peer lacks these: a round of what this log holds already. */
export function recordsLoaded(state: CoordinatorState, records: readonly SealedRecord[]): CoordinatorStep {
  const { phase, peer } = state
  if (phase.name !== "sending" || !phase.loading || records[0]?.version !== (peer?.head ?? 0) + 1) return { state, effects: [] }
  invariant(continuesLog(peer?.head ?? 0, peer?.headDigest ?? genesisDigest, records), "I4", "what would be sent does not follow on the replica's log")
  const round = roundOf(state, records, "saved")
  const sending: CoordinatorState = { ...state, phase: { name: "sending", loading: false }, roundNumber: round.number, round }
  return { state: sending, effects: [ask(prepareOf(sending, round))] }
}

export function roundSettledWhileSending(state: CoordinatorState, round: Round, vote: Vote): CoordinatorStep {
  if (!vote.prepared) return stuck(state, `the replica refused version ${round.first} and on: ${vote.detail}`)
  const committed = Math.max(state.committed, round.last)
  invariant(committed <= state.head, "I9", "committed would pass the head")
  const logStart = state.peer?.logStart ?? 1
  const peer = { head: round.last, headDigest: round.lastDigest, committed: round.first - 1, fresh: false, logStart }
  // Progress: the time limit is for silence, not for the amount there is to send.
  const moved: CoordinatorState = { ...state, round: null, committed, peer, syncSinceMs: state.nowMs }
  const effects: Effect[] = committed > state.committed ? [{ effect: "advance", committed }] : []
  const next: CoordinatorStep =
    round.last === state.head
      ? settleHeads(moved)
      : { state: { ...moved, phase: { name: "sending", loading: true } }, effects: [{ effect: "load", from: round.last + 1 }] }
  return { state: next.state, effects: [...effects, ...next.effects] }
}

function fetchNext(state: CoordinatorState): CoordinatorStep {
  return { state: { ...state, phase: { name: "adopting", ask: "under-way" } }, effects: [ask({ kind: "records", from: state.head + 1 })] }
}

/** The first of the records that does not follow on the one before it. */
function firstBroken({ head, headDigest }: CoordinatorState, records: readonly SealedRecord[]): SealedRecord | undefined {
  let digest = headDigest
  return records.find((record, n) => {
    const follows = continuesLog(head + n, digest, [record])
    digest = record.digest
    return !follows
  })
}

function recordsFetched(state: CoordinatorState, answer: RecordsAnswer): CoordinatorStep {
  const last = answer.records.at(-1)
  if (answer.from !== state.head + 1 || last === undefined || state.diskBusy) return lostWhileSyncing(state)
  const broken = firstBroken(state, answer.records)
  // It does not follow on this head: this head is not in the peer's log. Any later one does not follow on the peer's own.
  if (broken !== undefined) return broken === answer.records[0] && state.head > 0 ? locate(state, state.head) : damaged(state, broken.version)
  // What was in doubt here is on the peer's disk as well, below its head: decided.
  const committed = state.head
  const effects: Effect[] = committed > state.committed ? [{ effect: "advance", committed }] : []
  const adopting: CoordinatorState = { ...state, committed, diskBusy: true, phase: { name: "adopting", ask: "none" }, adopted: last }
  return { state: adopting, effects: [...effects, { effect: "save", records: answer.records, committed, decided: false }] }
}

export function savedWhileSyncing(state: CoordinatorState): CoordinatorStep {
  const { adopted, peer, phase } = state
  if (adopted === null) return { state, effects: [] }
  const moved: CoordinatorState = { ...state, adopted: null, head: adopted.version, headDigest: adopted.digest, syncSinceMs: state.nowMs }
  if (phase.name !== "adopting" || peer === null) return { state: moved, effects: [] }
  return moved.head < peer.head ? fetchNext(moved) : compare(moved, undefined)
}

/**
 * Heads and digests are equal: everything up to them is on both disks, so it is committed on both. Once the replica hears that,
 * it may be promoted: whoever was alone is durably paired before.
 */
function settleHeads(state: CoordinatorState): CoordinatorStep {
  if (state.mode !== "paired" || state.lacking) return state.lone === null ? becomePaired(state) : { state: { ...state, phase: { name: "sending", loading: false } }, effects: [] }
  const { head, headDigest } = state
  const effects: Effect[] = head > state.committed ? [{ effect: "advance", committed: head }] : []
  return {
    state: { ...state, committed: head, phase: { name: "settling", ask: "under-way" } },
    effects: [...effects, ask({ kind: "commit", version: head, digest: headDigest, inSync: true })],
  }
}

function becomePaired(state: CoordinatorState): CoordinatorStep {
  const decision = state.mode === "solo" ? { decision: inSyncAgain } : {}
  return {
    state: { ...state, phase: { name: "pairing" }, diskBusy: true, moding: "paired" },
    effects: [{ effect: "identify", change: { mode: "paired", ...(state.lacking ? { lacking: false } : {}), ...decision } }],
  }
}

/** It is durable that this primary is paired: another node may be promoted from now on, so it is heard from with a lease. */
export function paired(state: CoordinatorState): CoordinatorStep {
  return state.phase.name === "pairing" ? settleHeads(state) : { state, effects: [] }
}

/** Solo: this log has more, which a returning replica lacks as well. */
export function loneSavedWhileSyncing(state: CoordinatorState): CoordinatorStep {
  const { phase, round, peer } = state
  if (phase.name === "adopting") return { state: unsynced(state, state.nowMs), effects: [] }
  if (phase.name !== "sending" || phase.loading || round !== null || peer === null) return { state, effects: [] }
  return { state: { ...state, phase: { name: "sending", loading: true } }, effects: [{ effect: "load", from: peer.head + 1 }] }
}

function becomeSteady(state: CoordinatorState): CoordinatorStep {
  const peer = state.peer === null ? null : { ...state.peer, head: state.head, headDigest: state.headDigest, committed: state.head }
  return {
    state: { ...state, phase: { name: "steady" }, peer, heartbeat: { ask: "none", lastSentMs: state.nowMs } },
    effects: [{ effect: "sync-changed", inSync: true }],
  }
}
