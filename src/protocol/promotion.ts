// A replica becomes the primary: by an operator's decision, or because the primary hands over to it. Durably first: from then on
// every message of the old reign is refused (I6), and what is in doubt here is committed, since nobody else can have decided otherwise.
import { atWork } from "./decisions.ts"
import { sameDigest } from "./digest.ts"
import type { Effect, IdentityChange } from "./effect.ts"
import { compareEpoch, type Epoch } from "./epoch.ts"
import { invariant } from "./invariant.ts"
import type { HandoverRequest } from "./messages.ts"
import { advance } from "./participant.ts"
import { clockDrift } from "./read-lease.ts"
import { type IncomingRequest, type ParticipantState, type ParticipantStep, refused } from "./participant-state.ts"
import type { Decision } from "./reign.ts"

/** How long, after a primary was last heard, its lease may still run. */
export function leaseWaitMs({ leaseMs }: ParticipantState): number {
  return Math.ceil(leaseMs * clockDrift)
}

export const noPairYet = "its disk belongs to no pair yet"

/** Why this replica cannot be promoted now, if so. `leaseLeftMs`: of what `leaseWaitMs` says. */
export function whyNoPromotion({ cluster, lacking, work }: ParticipantState, leaseLeftMs: number, forced: boolean): string | undefined {
  if (cluster === null) return noPairYet
  if (work !== null) return atWork
  if (forced) return undefined
  if (lacking) return "it may lack writes that its primary has acknowledged"
  if (leaseLeftMs > 0) return `its primary may still answer reads for ${Math.ceil(leaseLeftMs / 1_000)} s`
  return undefined
}

export function promote(state: ParticipantState, epoch: Epoch, mode: "alone" | "solo", decision: Decision): ParticipantStep {
  if (state.cluster === null || state.work !== null) throw new Error("a promotion is out of place")
  invariant(epoch.number === state.epoch.number + 1, "I6", `epoch ${epoch.number} would follow on ${state.epoch.number}`)
  return {
    state: { ...state, work: { kind: "promoting", epoch } },
    effects: [{ effect: "identify", change: { role: "primary", epoch, mode, lacking: false, decision } }],
  }
}

export function promoted(state: ParticipantState): ParticipantStep {
  const moved = advance(state, state.head)
  return { state: moved.state, effects: [...moved.effects, { effect: "role-changed" }] }
}

/** The primary hands over: it writes no more, and both logs end at the same version. */
export function takeOver(state: ParticipantState, incoming: IncomingRequest, { version, digest, epoch, decision }: HandoverRequest): ParticipantStep {
  if (!state.inSync || state.lacking) return refused(state, incoming, "gap", "this replica is not in sync")
  if (version !== state.head || version !== state.committed || !sameDigest(digest, state.headDigest)) {
    return refused(state, incoming, "gap", `this log ends at version ${state.head}, and is committed up to ${state.committed}`)
  }
  if (epoch.number !== state.epoch.number + 1) return refused(state, incoming, "fenced", `epoch ${epoch.number} does not follow on ${state.epoch.number}`)
  return identify(state, incoming, { role: "primary", epoch, mode: "alone", decision })
}

export function tookOver(state: ParticipantState, ticket: number, epoch: Epoch): ParticipantStep {
  invariant(compareEpoch(state.epoch, epoch) === "same", "I6", "another epoch has begun")
  return { state, effects: [tookOverReply(ticket, epoch), { effect: "role-changed" }] }
}

export function tookOverReply(ticket: number, epoch: Epoch): Effect {
  return { effect: "reply", ticket, answer: { kind: "took-over", epoch } }
}

/** First durable, then the answer. */
export function identify(state: ParticipantState, incoming: IncomingRequest, change: IdentityChange): ParticipantStep {
  return { state: { ...state, work: { kind: "identifying", incoming, change } }, effects: [{ effect: "identify", change }] }
}
