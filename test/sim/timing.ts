// How long the simulated nodes wait for what.
import type { Timing } from "../../src/protocol/coordinator-state.ts"

export const timing: Timing = { heartbeatMs: 1_000, peerTimeoutMs: 2_000, syncTimeoutMs: 15_000, leaseMs: 4_000 }
export const tickMs = 100
/** Between attempts to sync again, of a node that stays up although it is stuck. */
export const retryMs = 1_000
/** After that no answer counts as one. */
export const answerMs = 500
