// Requests that wait until this node has committed a version: read-your-writes on the replica.

interface Waiter {
  readonly version: number
  readonly settle: (reached: boolean) => void
}

export class CommittedWaiters {
  #waiting = new Set<Waiter>()

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

  advanced(committed: number): void {
    for (const waiter of this.#waiting) if (waiter.version <= committed) waiter.settle(true)
  }
}
