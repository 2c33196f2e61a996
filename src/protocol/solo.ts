// A batch of a primary that is solo: this disk alone decides, by an operator's decision. What is saved is durably committed, so
// what was acknowledged is known to be so whatever becomes of this node. A replica that returns is brought in sync beside it.
import type { CoordinatorState, CoordinatorStep, Lone } from "./coordinator-state.ts"
import { invariant } from "./invariant.ts"
import type { SealedRecord } from "./record.ts"
import { roundOf } from "./round.ts"
import { loneSavedWhileSyncing } from "./sync.ts"

export function proposeLone(state: CoordinatorState, records: readonly SealedRecord[]): CoordinatorStep {
  const { first, last, lastDigest } = roundOf(state, records, "saving")
  invariant(state.committed === state.head, "I5", "a solo batch was proposed while something is in doubt")
  return {
    state: { ...state, lone: { first, last, lastDigest }, diskBusy: true },
    effects: [{ effect: "save", records, committed: state.committed, decided: true }],
  }
}

export function loneSaved(state: CoordinatorState, { last, lastDigest }: Lone): CoordinatorStep {
  const step = loneSavedWhileSyncing({ ...state, lone: null, head: last, headDigest: lastDigest, committed: last })
  return {
    state: step.state,
    effects: [{ effect: "advance", committed: last }, { effect: "decided", version: last }, { effect: "acknowledge", version: last }, ...step.effects],
  }
}
