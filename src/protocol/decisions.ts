// What an operator decides about a primary: that it commits alone, or that the replica takes its place. The decision is durable
// before anything follows from it.
import { ask, type CoordinatorState, type CoordinatorStep, type Phase, stuck, unsynced } from "./coordinator-state.ts"
import { fencedHint, stop } from "./divergence.ts"
import type { Epoch } from "./epoch.ts"
import { invariant } from "./invariant.ts"
import type { HandoverRequest } from "./messages.ts"
import type { Decision, Mode } from "./reign.ts"
import { soloWaitMs } from "./read-lease.ts"
import { greet, paired } from "./sync.ts"

type HandingOver = Extract<Phase, { name: "handing-over" }>

/** Nothing is wrong: the disk has not answered yet. */
export const atWork = "it is at work; try again"

/** Only force goes on. */
export const handedOver = "it was handing over, and the other node may have become the primary"

/** Why this primary cannot be made to commit alone now, if so. */
export function whyNoSolo({ phase, mode, lacking, diskBusy, peerNode, linkSentMs, nowMs, timing }: CoordinatorState, forced: boolean): string | undefined {
  if (mode === "solo") return "it is solo already"
  switch (phase.name) {
    case "greeting":
    case "opening":
    case "stuck": {
      // Alone it has not been acknowledging anything that a replica would lack.
      const leftMs = mode === "alone" ? 0 : linkSentMs + soloWaitMs(timing) - nowMs
      if (leftMs > 0) return `its replica may still show what it has as the newest, for ${Math.ceil(leftMs / 1_000)} s`
      if (diskBusy) return atWork
      return lacking && !forced ? handedOver : undefined
    }
    case "steady":
      return `it is in sync with node ${peerNode}, so nothing keeps it from writing`
    case "handing-over":
    case "retiring":
      return "it is handing over to the replica"
    case "locating":
    case "parting":
    case "stopped":
      return "it is about to stop"
    case "comparing":
    case "sending":
    case "adopting":
    case "pairing":
    case "settling":
      return `node ${peerNode} answers, and is being brought in sync`
    default:
      return phase satisfies never
  }
}

/** Why this primary cannot be made to stop committing alone now, if so. */
export function whyNoPairing({ mode, diskBusy }: CoordinatorState): string | undefined {
  if (mode !== "solo") return "it is not solo"
  return diskBusy ? atWork : undefined
}

/** Why this primary cannot hand over now, if so. */
export function whyNoHandover({ phase, round, unconfirmed, diskBusy }: CoordinatorState): string | undefined {
  if (phase.name !== "steady") return "it is not in sync with its replica"
  return round !== null || unconfirmed.length > 0 || diskBusy ? atWork : undefined
}

export function setMode(state: CoordinatorState, mode: "alone" | "solo", decision: Decision): CoordinatorStep {
  const why = mode === "solo" ? whyNoSolo(state, decision.forced) : whyNoPairing(state)
  if (why !== undefined) throw new Error(`the mode ${mode} is out of place: ${why}`)
  // Whatever was begun with the replica counts no more: what is on this disk is decided as soon as the mode is durable, and what ends
  // with being paired must not overtake it.
  return { state: { ...unsynced(state, state.nowMs), diskBusy: true, moding: mode }, effects: [{ effect: "identify", change: { mode, decision } }] }
}

/** The change of identity is durable. */
export function identified(state: CoordinatorState, mode: Mode | null): CoordinatorStep {
  if (state.phase.name === "retiring") return { state: { ...state, phase: { name: "stopped" } }, effects: [{ effect: "role-changed" }] }
  // Whether it goes on to ask or has got stuck over it.
  if (mode === null) return askToTakeOver({ ...state, lacking: true })
  const { head, committed } = state
  const moved: CoordinatorState = { ...state, mode, lacking: mode === "paired" ? false : state.lacking, committed: mode === "paired" ? committed : head }
  const step = paired(moved)
  const advance = moved.committed > committed ? [{ effect: "advance", committed: head } as const] : []
  const changed = mode === state.mode ? [] : [{ effect: "mode-changed", mode } as const]
  return { state: step.state, effects: [...advance, ...changed, ...step.effects] }
}

/** Durably first, so that the process that follows on this one does not take itself for the only one that may lead. */
export function handOver(state: CoordinatorState, epoch: Epoch, decision: Decision): CoordinatorStep {
  const why = whyNoHandover(state)
  if (why !== undefined) throw new Error(`a hand-over is out of place: ${why}`)
  invariant(state.committed === state.head, "I1", "a hand-over with something in doubt")
  // From the question on the replica may be the primary: no lease is left to read by.
  const heardAtMs = state.nowMs - state.timing.leaseMs
  const phase: HandingOver = { name: "handing-over", ask: "none", sinceMs: state.nowMs, epoch, decision }
  return { state: { ...state, phase, heardAtMs, diskBusy: true }, effects: [{ effect: "sync-changed", inSync: false }, { effect: "identify", change: { lacking: true } }] }
}

function askToTakeOver(state: CoordinatorState): CoordinatorStep {
  const { phase } = state
  if (phase.name !== "handing-over") return { state, effects: [] }
  return { state: { ...state, phase: { ...phase, ask: "under-way" } }, effects: [ask(handoverOf(state, phase))] }
}

function handoverOf({ head, headDigest }: CoordinatorState, { epoch, decision }: HandingOver): HandoverRequest {
  return { kind: "handover", version: head, digest: headDigest, epoch, decision }
}

/** Asked again until it is known; where it cannot be known the next start finds out. */
export function resendHandover(state: CoordinatorState, phase: HandingOver): CoordinatorStep {
  const { timing, nowMs } = state
  if (nowMs - phase.sinceMs > timing.peerTimeoutMs) return stuck(state, `the replica did not say within ${timing.peerTimeoutMs} ms whether it has taken over`)
  return phase.ask === "lost" ? askToTakeOver(state) : { state, effects: [] }
}

export function tookOver(state: CoordinatorState, epoch: Epoch): CoordinatorStep {
  const { phase } = state
  if (phase.name !== "handing-over" || phase.epoch.id !== epoch.id) return { state, effects: [] }
  return {
    state: { ...state, phase: { name: "retiring", epoch }, diskBusy: true },
    // It lacks nothing yet; but the other node is alone, and goes on by itself where an operator says so.
    effects: [{ effect: "identify", change: { role: "replica", epoch, mode: "paired", lacking: true } }],
  }
}

/** The replica stays what it is: a new link keeps late copies of the question out. */
export function handoverRefused(state: CoordinatorState, detail: string): CoordinatorStep {
  const step = greet(state, state.nowMs)
  return { state: step.state, effects: [{ effect: "handover-refused", detail }, ...step.effects] }
}

/** A higher epoch has greeted this primary. One that is handing over is told by the answer that it awaits. */
export function deposed(state: CoordinatorState, epoch: Epoch): CoordinatorStep {
  const { name } = state.phase
  if (name === "handing-over" || name === "retiring" || name === "stopped") return { state, effects: [] }
  return stop(state, "fenced", `another node is the primary of epoch ${epoch.number}, this one of epoch ${state.epoch.number}`, fencedHint)
}
