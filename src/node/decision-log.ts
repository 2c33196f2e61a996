// Puts what was decided about role and mode into the log, as soon as this node can write: who decided it and why, in a record of its own.
// Where this node decides alone that record comes before anything of a client: whatever a replica holds in doubt at its place parts from
// this log by it, and can never come to be committed after a client was refused for it (I10).
import { bounds } from "../bounds.ts"
import { internalTransaction } from "../operations/internal-transaction.ts"
import { pairDecide } from "../operations/pair-decide.ts"
import { unlogged } from "../operations/pair-state.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import type { Identity, Reader } from "../store/store.ts"
import type { Outcome } from "./service.ts"

export interface DecisionLogParts {
  readonly reader: Reader
  readonly mayWrite: () => boolean
  /** Before all others. */
  readonly submit: (transaction: SubmittedTransaction) => Promise<Outcome>
}

export class DecisionLog {
  readonly #parts: DecisionLogParts
  #timer: ReturnType<typeof setInterval> | undefined
  #underWay = false
  /** What has nothing more to log: asked for with every write, so it is remembered. */
  #logged: Identity | undefined

  constructor(parts: DecisionLogParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setInterval(() => this.#logNext(), bounds.tickMs / 10)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Whether a decision of this primary is not in its log yet. */
  get pending(): boolean {
    const { reader } = this.#parts
    const identity = reader.identity()
    if (identity === this.#logged) return false
    if (identity.role === "primary" && unlogged(identity, reader).length > 0) return true
    this.#logged = identity
    return false
  }

  #logNext(): void {
    const { reader, mayWrite, submit } = this.#parts
    if (this.#underWay || !this.pending || !mayWrite()) return
    const identity = reader.identity()
    const [next] = unlogged(identity, reader)
    if (next === undefined) return
    this.#underWay = true
    // Whatever its outcome: the next look sees what the log has.
    void submit(internalTransaction(pairDecide, { ...next, primary: identity.nodeId })).then(() => {
      this.#underWay = false
    })
  }
}
