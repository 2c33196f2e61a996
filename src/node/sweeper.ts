// Looks through sessions and one-time tokens for those that ended long ago, on the primary: a page at a time, and has them
// deleted by a transaction of its own. Passes are rare, for it looks at every one that there is.
import { bounds } from "../bounds.ts"
import { hasExpired } from "../operations/account-entries.ts"
import { expiredSweep, graceEnd, sweptCollections } from "../operations/expired-sweep.ts"
import { internalTransaction } from "../operations/internal-transaction.ts"
import { rowText } from "../store/row.ts"
import type { RetentionParts } from "./retention.ts"

export type SweeperParts = Omit<RetentionParts, "settings">

export class Sweeper {
  readonly #parts: SweeperParts
  #underWay = false
  #nextMs: number
  /** Of the present pass. */
  #collection = 0
  #after: string | undefined

  constructor(parts: SweeperParts) {
    this.#parts = parts
    this.#nextMs = parts.monotonicMs() + bounds.sweepFirstMs
  }

  /** Called often, and only while this node takes writes. */
  tick(): void {
    const { monotonicMs, submit } = this.#parts
    if (this.#underWay || monotonicMs() < this.#nextMs) return
    const collection = sweptCollections[this.#collection]
    if (collection === undefined) {
      this.#collection = 0
      this.#nextMs = monotonicMs() + bounds.sweepPauseMs
      return
    }
    const ids = this.#expiredOfPage(collection)
    if (ids.length === 0) return
    this.#underWay = true
    void submit(internalTransaction(expiredSweep, { collection, ids })).then(() => {
      this.#underWay = false
    })
  }

  #expiredOfPage(collection: string): string[] {
    const { reader, wallMs } = this.#parts
    const { committed } = reader.position()
    const { rows, next } = reader.page(collection, { at: committed, after: this.#after, limit: bounds.sweepPageMax })
    this.#after = next
    if (next === undefined) this.#collection++
    const over = graceEnd(wallMs())
    return rows.filter(({ row }) => hasExpired(JSON.parse(rowText(row)) as { readonly [field: string]: unknown }, over)).map(({ id }) => id)
  }
}
