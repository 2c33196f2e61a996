// Password hashing in a queue of its own: few at a time, because the runtime's thread pool is shared with the rest.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"

export interface Passwords {
  hash(password: string, salt: Uint8Array): Promise<string | Refusal>
  verify(password: string, phc: string): Promise<boolean | Refusal>
  /** Whether a hash is weaker than one made today. */
  isOutdated(phc: string): boolean
}

export interface PasswordHashing {
  readonly hashPassword: (password: string, salt: Uint8Array) => Promise<string>
  readonly verifyPasswordHash: (password: string, phc: string) => Promise<boolean>
  readonly isOutdatedHash: (phc: string) => boolean
}

export class PasswordQueue implements Passwords {
  readonly #hashing: PasswordHashing
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(hashing: PasswordHashing) {
    this.#hashing = hashing
  }

  readonly hash = (password: string, salt: Uint8Array): Promise<string | Refusal> => this.#queued(() => this.#hashing.hashPassword(password, salt))

  readonly verify = (password: string, phc: string): Promise<boolean | Refusal> => this.#queued(() => this.#hashing.verifyPasswordHash(password, phc))

  readonly isOutdated = (phc: string): boolean => this.#hashing.isOutdatedHash(phc)

  async #queued<Value>(work: () => Promise<Value>): Promise<Value | Refusal> {
    if (this.#running >= bounds.hashConcurrencyMax) {
      if (this.#waiting.length >= bounds.hashQueueMax) {
        return refuse("unavailable", "Too many passwords wait to be checked; nothing was done.", { retryAfter: 1 })
      }
      await new Promise<void>((go) => this.#waiting.push(go))
    } else this.#running++
    try {
      return await work()
    } finally {
      // Who is woken takes over this one's place: were it freed in between, a newcomer could take it too.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
