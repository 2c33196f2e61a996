// Has all that this node has stored read again and again, so that what the disk has changed is found before somebody needs it, and while
// the other node still has it. Of bounded cost, however much there is: a millisecond of each tick. What it finds ends the process.
import { bounds } from "../bounds.ts"
import type { ScrubPass, Store } from "../store/store.ts"
import type { ScrubStatus } from "./service.ts"

export interface ScrubberParts {
  readonly store: Pick<Store, "scrub">
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly fatal: (error: unknown) => void
}

export class Scrubber {
  readonly #parts: ScrubberParts
  #pass: ScrubPass | undefined
  #nextMs: number
  #endedAt: string | null = null
  #stopped = false

  constructor(parts: ScrubberParts) {
    this.#parts = parts
    this.#nextMs = parts.monotonicMs() + bounds.scrubFirstMs
  }

  get status(): ScrubStatus {
    return { endedAt: this.#endedAt, entries: this.#pass?.entries ?? 0 }
  }

  /** Called with every tick. */
  tick(): void {
    const { store, monotonicMs, wallMs, fatal } = this.#parts
    const sinceMs = monotonicMs()
    if (this.#stopped || sinceMs < this.#nextMs) return
    try {
      this.#pass ??= store.scrub()
      if (!this.#pass.step(() => monotonicMs() - sinceMs >= bounds.scrubSliceMs)) return
      this.#endedAt = new Date(wallMs()).toISOString()
      this.#nextMs = monotonicMs() + bounds.scrubPauseMs
      this.#end()
    } catch (error) {
      this.stop()
      fatal(error)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#end()
  }

  #end(): void {
    this.#pass?.close()
    this.#pass = undefined
  }
}
