// What a node does beside the requests of clients: the primary builds indexes, moves the horizon and sweeps what expired, both nodes take
// away what is below the horizon, in turns and not before the pair is in sync. And both read all that they have, to find what is damaged.
import { bounds } from "../bounds.ts"
import type { Store } from "../store/store.ts"
import { IndexBuilder } from "./index-builder.ts"
import { Retention, type RetentionParts } from "./retention.ts"
import { Scrubber } from "./scrubber.ts"
import type { ScrubStatus } from "./service.ts"
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
  readonly #scrubber: Scrubber
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(parts: BackgroundParts) {
    this.#parts = parts
    const { store } = parts
    this.#indexBuilder = new IndexBuilder({ ...parts, reader: store })
    this.#retention = new Retention({ ...parts, reader: store })
    this.#sweeper = new Sweeper({ ...parts, reader: store })
    this.#trimmer = new Trimmer(parts)
    this.#scrubber = new Scrubber(parts)
  }

  get scrub(): ScrubStatus {
    return this.#scrubber.status
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#parts.mayWrite()) {
        this.#indexBuilder.tick()
        this.#retention.tick()
        this.#sweeper.tick()
      }
      this.#trimmer.tick()
      this.#scrubber.tick()
      this.#parts.tick()
    }, bounds.tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#trimmer.stop()
    this.#scrubber.stop()
  }
}
