// What time does to a coordinator: waiting ends, what was lost is sent again, heartbeats leave.
import { ask, type CoordinatorState, type CoordinatorStep, stuck } from "./coordinator-state.ts"
import { resendHandover } from "./decisions.ts"
import { commitOf, prepareOf, rollbackOf } from "./round.ts"
import { tickWhileSyncing } from "./sync.ts"

export function tick(state: CoordinatorState): CoordinatorStep {
  if (state.phase.name === "stuck") return { state, effects: [] }
  const { timing, nowMs, round } = state
  if (round !== null && nowMs - round.sinceMs > timing.peerTimeoutMs) {
    return stuck(state, `no vote on version ${round.last} within ${timing.peerTimeoutMs} ms`)
  }
  if (state.phase.name === "handing-over") return resendHandover(state, state.phase)
  if (state.phase.name !== "steady") return resendRound(tickWhileSyncing(state))
  const oldest = state.unconfirmed[0]
  if (oldest !== undefined && nowMs - oldest.sinceMs > timing.peerTimeoutMs) {
    return stuck(state, `the commit of version ${oldest.version} was not confirmed within ${timing.peerTimeoutMs} ms`)
  }
  if (nowMs - state.heardAtMs > timing.leaseMs) {
    return stuck(state, `nothing was heard from the replica for ${timing.leaseMs} ms: the lease is over`)
  }
  return heartbeat(resendCommit(resendRound({ state, effects: [] })))
}

function resendRound(step: CoordinatorStep): CoordinatorStep {
  const { state, effects } = step
  const { round } = state
  if (round === null) return step
  if (round.rollback === "lost") {
    return { state: { ...state, round: { ...round, rollback: "under-way" } }, effects: [...effects, ask(rollbackOf(round))] }
  }
  if (round.ask !== "lost" || round.rollback !== "none") return step
  return { state: { ...state, round: { ...round, ask: "under-way" } }, effects: [...effects, ask(prepareOf(state, round))] }
}

function resendCommit(step: CoordinatorStep): CoordinatorStep {
  const { state, effects } = step
  const newest = state.unconfirmed.at(-1)
  if (state.commitAsk !== "lost" || newest === undefined) return step
  return { state: { ...state, commitAsk: "under-way" }, effects: [...effects, ask(commitOf(state, newest.version, newest.digest))] }
}

function heartbeat(step: CoordinatorStep): CoordinatorStep {
  const { state, effects } = step
  const { heartbeat: beat, nowMs, timing } = state
  if (beat.ask !== "none" || nowMs - beat.lastSentMs < timing.heartbeatMs) return step
  return {
    state: { ...state, heartbeat: { ask: "under-way", lastSentMs: nowMs } },
    effects: [...effects, ask({ kind: "heartbeat" })],
  }
}
