// Puts what was decided about role and mode into the log, as soon as this node can write: who decided it and why, in a record of its own.
import { internalTransaction } from "../operations/internal-transaction.ts"
import { pairDecide } from "../operations/pair-decide.ts"
import { unlogged } from "../operations/pair-state.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import type { Store } from "../store/store.ts"
import type { Outcome } from "./service.ts"

export interface DecisionLogParts {
  readonly store: Store
  readonly submit: (transaction: SubmittedTransaction) => Promise<Outcome>
}

export class DecisionLog {
  readonly #parts: DecisionLogParts
  #underWay = false

  constructor(parts: DecisionLogParts) {
    this.#parts = parts
  }

  /** Called often, and only while this node can write. */
  tick(): void {
    const { store, submit } = this.#parts
    if (this.#underWay) return
    const identity = store.identity()
    const [next] = unlogged(identity, store)
    if (next === undefined) return
    this.#underWay = true
    // Whatever its outcome: the next look sees what the log has.
    void submit(internalTransaction(pairDecide, { ...next, primary: identity.nodeId })).then(() => {
      this.#underWay = false
    })
  }
}
