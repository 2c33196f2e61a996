// Moves the horizon as the settings say, on the primary: by a transaction of its own through the writer, so that both nodes have
// it at the same version. Never above what is committed. What is below it goes later, while both are in sync: then it is on both disks.
import { bounds } from "../bounds.ts"
import { internalTransaction } from "../operations/internal-transaction.ts"
import { retentionTrim } from "../operations/retention-trim.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import type { Reader } from "../store/store.ts"
import { isDue, type RetentionSettings, wantedHorizon } from "./retention-settings.ts"
import type { Outcome } from "./service.ts"

export interface RetentionParts {
  readonly settings: RetentionSettings
  readonly reader: Reader
  readonly submit: (transaction: SubmittedTransaction) => Promise<Outcome>
  readonly monotonicMs: () => number
  readonly wallMs: () => number
}

export class Retention {
  readonly #parts: RetentionParts
  #underWay = false
  #nextMs = Number.NEGATIVE_INFINITY

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** Called often, and only while this node takes writes. */
  tick(): void {
    const { settings, reader, submit, monotonicMs, wallMs } = this.#parts
    if (this.#underWay || monotonicMs() < this.#nextMs) return
    this.#nextMs = monotonicMs() + bounds.retentionCheckMs
    const { committed } = reader.position()
    const horizon = reader.horizon()
    const wanted = wantedHorizon(settings, horizon, committed, wallMs(), (timeMs) => reader.versionAtTime(timeMs, committed))
    if (!isDue(wanted, horizon, committed)) return
    this.#underWay = true
    // Whatever its outcome: the next look sees where the horizon is.
    void submit(internalTransaction(retentionTrim, wanted)).then(() => {
      this.#underWay = false
    })
  }
}
