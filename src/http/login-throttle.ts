// Slows down guessing of one account's password: a growing delay after a few failures, in memory, never a lasting lock.
// Accounts are counted whether they exist or not, so the delay tells nothing about that. Addresses are not counted:
// who asks here holds a server's key, and speaks for all of its users from one address.

const failuresFree = 5
const delayMsFirst = 1_000
const delayMsMax = 30_000
/** After this much quiet the failures are forgotten. */
const forgetMs = 15 * 60_000
const accountsMax = 10_000

interface Failures {
  count: number
  lastMs: number
}

export class LoginThrottle {
  readonly #nowMs: () => number
  /** In the order of the last failure, so that the oldest is forgotten first. */
  readonly #accounts = new Map<string, Failures>()

  /** `nowMs` is a clock that never jumps. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Milliseconds until the next try is looked at; 0 for now. */
  waitMs(account: string): number {
    const failures = this.#accounts.get(account)
    if (failures === undefined || failures.count < failuresFree) return 0
    const delay = Math.min(delayMsMax, delayMsFirst * 2 ** Math.min(16, failures.count - failuresFree))
    return Math.max(0, failures.lastMs + delay - this.#nowMs())
  }

  failed(account: string): void {
    const nowMs = this.#nowMs()
    const known = this.#accounts.get(account)
    const count = known !== undefined && nowMs - known.lastMs < forgetMs ? known.count : 0
    this.#accounts.delete(account)
    this.#accounts.set(account, { count: count + 1, lastMs: nowMs })
    if (this.#accounts.size <= accountsMax) return
    for (const oldest of this.#accounts.keys()) {
      this.#accounts.delete(oldest)
      break
    }
  }

  /** Takes back what `failed` counted. */
  notLookedAt(account: string): void {
    const known = this.#accounts.get(account)
    if (known !== undefined) known.count = Math.max(0, known.count - 1)
  }

  succeeded(account: string): void {
    this.#accounts.delete(account)
  }
}
