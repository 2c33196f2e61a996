// Who waits until this node has committed a version, for read-your-writes on the replica, and who listens for each move.

interface Waiter {
  readonly version: number
  readonly settle: (reached: boolean) => void
}

export class CommittedWaiters {
  #waiting = new Set<Waiter>()
  readonly #listeners = new Set<() => void>()

  /** Resolves true as soon as `version` is committed, false after `timeoutMs`. */
  wait(version: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        version,
        settle: (reached) => {
          clearTimeout(timer)
          this.#waiting.delete(waiter)
          resolve(reached)
        },
      }
      const timer = setTimeout(() => waiter.settle(false), timeoutMs)
      this.#waiting.add(waiter)
    })
  }

  /** Calls `listener` at each move, until what it returns is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  advanced(committed: number): void {
    for (const waiter of this.#waiting) if (waiter.version <= committed) waiter.settle(true)
    for (const listener of this.#listeners) listener()
  }
}
