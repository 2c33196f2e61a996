// What a node does beside the requests of clients: the primary builds indexes, moves the horizon and sweeps what expired, both nodes take
// away what is below the horizon. In turns, and nothing of it before the pair is in sync.
import { bounds } from "../bounds.ts"
import type { Store } from "../store/store.ts"
import { IndexBuilder } from "./index-builder.ts"
import { Retention, type RetentionParts } from "./retention.ts"
import { Sweeper } from "./sweeper.ts"
import { Trimmer } from "./trimmer.ts"

export interface BackgroundParts extends Omit<RetentionParts, "reader"> {
  readonly store: Store
  /** Whether transactions are taken now, as they are by a primary only. */
  readonly mayWrite: () => boolean
  readonly mayTrim: () => boolean
  readonly fatal: (error: unknown) => void
  readonly trimmed: () => void
  /** What else is looked after. */
  readonly tick: () => void
}

export class Background {
  readonly #parts: BackgroundParts
  readonly #indexBuilder: IndexBuilder
  readonly #retention: Retention
  readonly #sweeper: Sweeper
  readonly #trimmer: Trimmer
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(parts: BackgroundParts) {
    this.#parts = parts
    const { store } = parts
    this.#indexBuilder = new IndexBuilder({ ...parts, reader: store })
    this.#retention = new Retention({ ...parts, reader: store })
    this.#sweeper = new Sweeper({ ...parts, reader: store })
    this.#trimmer = new Trimmer(parts)
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#parts.mayWrite()) {
        this.#indexBuilder.tick()
        this.#retention.tick()
        this.#sweeper.tick()
      }
      this.#trimmer.tick()
      this.#parts.tick()
    }, bounds.tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#trimmer.stop()
  }
}
