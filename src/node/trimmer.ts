// Takes away what is below the horizon, on both nodes: a chunk, then a pause that is longer than the chunk took, so that writes and
// reads keep most of the time. While in sync only: a node that catches up may need what is here.
import { bounds } from "../bounds.ts"
import type { Store } from "../store/store.ts"
import { failpoint } from "../runtime/failpoint.ts"

export interface TrimmerParts {
  readonly store: Store
  readonly mayTrim: () => boolean
  readonly monotonicMs: () => number
  readonly fatal: (error: unknown) => void
  /** The log may begin later now. */
  readonly trimmed: () => void
}

export class Trimmer {
  readonly #parts: TrimmerParts
  #running = false
  #stopped = false

  constructor(parts: TrimmerParts) {
    this.#parts = parts
  }

  tick(): void {
    if (this.#running || this.#stopped) return
    this.#running = true
    this.#run().then(() => {
      this.#running = false
    }, this.#parts.fatal)
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    const { store, mayTrim, monotonicMs, trimmed } = this.#parts
    while (!this.#stopped && mayTrim() && store.trimmable()) {
      const sinceMs = monotonicMs()
      const { role } = store.identity()
      failpoint(`${role}.trim.before`)
      const moved = await store.trim()
      failpoint(`${role}.trim.after`)
      if (!moved) return
      trimmed()
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, bounds.trimPauses * (monotonicMs() - sinceMs))))
    }
  }
}
