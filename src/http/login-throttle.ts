// Slows down guessing of passwords: a growing delay after a few failures, in memory, never a lasting lock. Counts by account,
// whether it exists or not, so that the delay tells nothing about that; another one counts by address.
import { bounds } from "../bounds.ts"
import { forgetOldest } from "../operations/forget-oldest.ts"

interface Failures {
  count: number
  lastMs: number
}

export class LoginThrottle {
  readonly #nowMs: () => number
  readonly #failuresFree: number
  /** In the order of the last failure, so that the oldest is forgotten first. */
  readonly #failures = new Map<string, Failures>()

  /** `nowMs` is a clock that never jumps. */
  constructor(nowMs: () => number, failuresFree: number) {
    this.#nowMs = nowMs
    this.#failuresFree = failuresFree
  }

  /** Milliseconds until the next try is looked at; 0 for now. */
  waitMs(who: string): number {
    const failures = this.#failures.get(who)
    if (failures === undefined || failures.count < this.#failuresFree) return 0
    const delay = Math.min(bounds.loginDelayMsMax, bounds.loginDelayMsFirst * 2 ** Math.min(16, failures.count - this.#failuresFree))
    return Math.max(0, failures.lastMs + delay - this.#nowMs())
  }

  failed(who: string): void {
    const nowMs = this.#nowMs()
    const known = this.#failures.get(who)
    const count = known !== undefined && nowMs - known.lastMs < bounds.loginForgetMs ? known.count : 0
    this.#failures.delete(who)
    this.#failures.set(who, { count: count + 1, lastMs: nowMs })
    forgetOldest(this.#failures, bounds.loginFailuresKnownMax)
  }

  /** Takes back what `failed` counted. */
  uncount(who: string): void {
    const known = this.#failures.get(who)
    if (known !== undefined) known.count = Math.max(0, known.count - 1)
  }

  forget(who: string): void {
    this.#failures.delete(who)
  }
}
