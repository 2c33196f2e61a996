// What writes and logins take beside each other on a real pair, in milliseconds. Says nothing of how long anything may take.
import type { RealPair } from "./real-pair.ts"

const writers = 8
const password = "right horse battery"

export class Logins {
  readonly #pair: RealPair
  #writes = 0

  private constructor(pair: RealPair) {
    this.#pair = pair
  }

  /** Makes as many accounts as there are to be clients: each logs in to its own. */
  static async prepare(pair: RealPair, clients: number): Promise<Logins> {
    const logins = new Logins(pair)
    for (let n = 0; n < clients; n++) {
      const operations = [
        { op: "user.create", data: { id: `login-${n}`, email: `login-${n}@example.com` } },
        { op: "credential.setPassword", data: { userId: `login-${n}`, password } },
      ]
      await pair.a.do({ operations })
    }
    return logins
  }

  /** How long each of `writes` writes took, and each login that was let in meanwhile, by as many clients as asked for. */
  async beside(clients: number, writes: number): Promise<{ readonly writeMs: number[]; readonly loginMs: number[] }> {
    const writeMs: number[] = []
    const loginMs: number[] = []
    let isOver = false
    const loggingIn = Array.from({ length: clients }, async (_, n) => {
      while (!isOver) await this.#login(n, loginMs)
    })
    while (clients > 0 && loginMs.length < clients / 10) await pause(10)
    await Promise.all(
      Array.from({ length: writers }, async () => {
        while (writeMs.length < writes) writeMs.push(await this.#write())
      }),
    )
    isOver = true
    await Promise.all(loggingIn)
    return { writeMs, loginMs }
  }

  async #write(): Promise<number> {
    const id = `write-${this.#writes++}`
    const startedMs = performance.now()
    await this.#pair.a.do({ op: "user.create", data: { id, email: `${id}@example.com` } })
    return performance.now() - startedMs
  }

  /** Until it is let in; where too many wait, it is told to come again. */
  async #login(n: number, loginMs: number[]): Promise<void> {
    const startedMs = performance.now()
    for (;;) {
      const status = await this.#try(n)
      if (status === 200) return void loginMs.push(performance.now() - startedMs)
      if (status !== 503) throw new Error(`a login was answered with ${status}`)
      await pause(100)
    }
  }

  async #try(n: number): Promise<number> {
    const response = await fetch(`${this.#pair.a.url}/do`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#pair.a.rootKey}`, "content-type": "application/json" },
      body: JSON.stringify({ op: "session.create", data: { email: `login-${n}@example.com`, password } }),
    })
    await response.text()
    return response.status
  }
}

/** The value that a share of all does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
