// Two logs that have diverged, or one that is damaged: finds the last common version, says so on both nodes, and stops.
import { ask, type CoordinatorState, type CoordinatorStep, type Phase, type Rival } from "./coordinator-state.ts"
import type { Digest } from "./digest.ts"
import type { StopReason } from "./effect.ts"
import type { DigestAnswer, DivergedRequest, RefusedAnswer } from "./messages.ts"
import { beginSearch, describeDivergence, narrow, nextProbe, type PrefixSearch } from "./recovery.ts"

type Locating = Extract<Phase, { name: "locating" }>

export const partedHint = "decide which node's data to keep, and run `tandem rejoin` on the other one"

export const fencedHint = "the other node was promoted: run `tandem rejoin` here to make this node its replica"

export function stop(state: CoordinatorState, reason: StopReason, detail: string, hint: string): CoordinatorStep {
  return { state: { ...state, phase: { name: "stopped" } }, effects: [{ effect: "stop", reason, detail, hint }] }
}

/** Looks for the last common version; the logs differ at `differAt`. */
export function locate(state: CoordinatorState, differAt: number): CoordinatorStep {
  // The oldest record of a log names the digest of the version before it.
  const from = Math.max(state.logStart, state.peer?.logStart ?? 1) - 1
  return probe(state, { name: "locating", ask: "none", search: beginSearch(differAt, from), peerDigest: null, rival: null })
}

/** Both were promoted: nothing is written any more, and it is found out up to where both logs are the same. */
export function locateRival(state: CoordinatorState, session: string, log: NonNullable<RefusedAnswer["log"]>): CoordinatorStep {
  const from = Math.max(state.logStart, log.start) - 1
  return probe(state, { name: "locating", ask: "none", search: beginSearch(Math.min(state.head, log.head), from), peerDigest: null, rival: { session, sinceMs: state.nowMs } })
}

export function tickLocating(state: CoordinatorState, phase: Locating): CoordinatorStep {
  const { nowMs, timing } = state
  // A rival may have stopped before this one has found out.
  if (phase.rival !== null && nowMs - phase.rival.sinceMs > timing.peerTimeoutMs) {
    return stop(state, "diverged", `${bothPromoted(state)}; the other one does not say any more where its log parts from this one`, partedHint)
  }
  return phase.ask === "lost" ? probe(state, phase) : { state, effects: [] }
}

export function isRival(phase: Phase): boolean {
  return phase.name === "locating" && phase.rival !== null
}

function bothPromoted({ epoch }: Pick<CoordinatorState, "epoch">): string {
  return `both nodes were promoted to epoch ${epoch.number}`
}

/** What a primary is told by another one of the same epoch number, as it looks from here. */
export function toldApart({ epoch }: Pick<CoordinatorState, "epoch">, { version, digest, peerDigest, common }: DivergedRequest): string {
  const search = { equalAt: common ?? undefined, from: version, differAt: version, ownDigest: peerDigest, peerDigest: digest }
  return `${bothPromoted({ epoch })}: ${describeParting(search)}`
}

function describeParting(search: PrefixSearch): string {
  return search.equalAt === search.differAt ? `both logs are equal up to version ${search.differAt}, where one of them ends` : describeDivergence(search)
}

function probe(state: CoordinatorState, phase: Locating): CoordinatorStep {
  const version = nextProbe(phase.search)
  if (version === undefined) throw new Error("nothing left to compare")
  return { state: { ...state, phase: { ...phase, ask: "under-way" } }, effects: [ask({ kind: "digest", version })] }
}

/** The peer's digest of the version in question; this log's own is read next. */
export function peerDigestHeard(state: CoordinatorState, phase: Locating, answer: DigestAnswer): CoordinatorStep {
  if (answer.digest === null || phase.ask === "none" || nextProbe(phase.search) !== answer.version) return { state, effects: [] }
  const waiting: Locating = { ...phase, ask: "none", peerDigest: answer.digest }
  return { state: { ...state, phase: waiting }, effects: [{ effect: "read-digest", version: answer.version }] }
}

export function ownDigestRead(state: CoordinatorState, phase: Locating, version: number, digest: Digest): CoordinatorStep {
  if (phase.peerDigest === null || nextProbe(phase.search) !== version) return { state, effects: [] }
  const search = narrow(phase.search, version, digest, phase.peerDigest)
  if (phase.rival !== null) return rivalCompared(state, { ...phase, search, peerDigest: null }, phase.rival, version, digest)
  // Where the chain says that they differ and the digests say that they do not, the chain itself is broken.
  if (search.equalAt === search.differAt) return damaged(state, version + 1)
  const located: Locating = { ...phase, search, peerDigest: null }
  if (nextProbe(search) !== undefined) return probe(state, located)
  const { differAt, equalAt = null, ownDigest, peerDigest } = search
  if (ownDigest === undefined || peerDigest === undefined) throw new Error("a search ended without digests")
  const parting: Phase = { name: "parting", detail: describeDivergence(search) }
  return { state: { ...state, phase: parting }, effects: [ask({ kind: "diverged", version: differAt, digest: ownDigest, peerDigest, common: equalAt })] }
}

function rivalCompared(state: CoordinatorState, phase: Locating, { session }: Rival, version: number, digest: Digest): CoordinatorStep {
  const { search } = phase
  const isEqualToTheEnd = search.equalAt === search.differAt
  if (!isEqualToTheEnd && nextProbe(search) !== undefined) return probe(state, phase)
  const { differAt, equalAt = null, ownDigest = digest, peerDigest = digest } = search
  const detail = `${bothPromoted(state)}: ${describeParting(search)}`
  // It stops only where it is told that it was heard. The questions before quoted nobody.
  return { state: { ...state, phase: { name: "parting", detail }, peerSession: session }, effects: [ask({ kind: "diverged", version: isEqualToTheEnd ? version : differAt, digest: ownDigest, peerDigest, common: equalAt })] }
}

/** The peer has heard of it, or cannot be reached: nothing more can be done here. */
export function part(state: CoordinatorState): CoordinatorStep {
  return state.phase.name === "parting" ? stop(state, "diverged", state.phase.detail, partedHint) : { state, effects: [] }
}

/** What this log lacks next, the peer's has no more: only a whole copy could help. */
export function behind(state: CoordinatorState, peerLogStart: number): CoordinatorStep {
  return stop(state, "foreign", `this node's log ends at version ${state.head}, and the replica's begins at ${peerLogStart}: it was trimmed, and what lies between is gone`, behindHint)
}

const behindHint = "promote the other node, and start this one with an empty disk and --join"

/** A record of the peer's log does not name the record before it as its parent. */
export function damaged(state: CoordinatorState, version: number): CoordinatorStep {
  const detail = `version ${version} of the replica's log does not follow on its version ${version - 1}: a disk is damaged`
  return stop(state, "diverged", detail, "run verify on both nodes, and start the one with the damaged disk empty with --join")
}
