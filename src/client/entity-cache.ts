// Entities as they were when they were read last, each with its tag, so that one which has not changed is not sent again.
// Never answers by itself: the node says each time whether it is still the same.

export interface KeptEntity {
  readonly tag: string
  /** Its JSON: read anew each time, so that callers share nothing. */
  readonly text: string
}

export class EntityCache {
  readonly #most: number
  /** By path; the one that was used longest ago comes first. */
  readonly #kept = new Map<string, KeptEntity>()

  constructor(most: number) {
    this.#most = most
  }

  get(path: string): KeptEntity | undefined {
    return this.#kept.get(path)
  }

  keep(path: string, tag: string | null, text: string): void {
    this.#kept.delete(path)
    if (tag === null || this.#most <= 0) return
    this.#kept.set(path, { tag, text })
    if (this.#kept.size <= this.#most) return
    for (const [oldest] of this.#kept) return void this.#kept.delete(oldest)
  }

  forget(path: string): void {
    this.#kept.delete(path)
  }
}
