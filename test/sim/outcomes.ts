// What clients know of their idempotency keys, as far as one line of history goes.
import { CheckFailed } from "./check-failed.ts"
import type { Asked } from "./clients.ts"

/** What a client knows of a key. Unknown also where it was seen in the log by a look-up, at `version`. */
export interface Told {
  readonly asked: Asked
  readonly outcome: "committed" | "refused" | "unknown"
  readonly version: number | undefined
}

export class Outcomes {
  readonly #told = new Map<string, Told>()
  readonly #unknown = new Set<string>()
  readonly #keys: string[] = []

  get keys(): readonly string[] {
    return this.#keys
  }

  get unknown(): readonly string[] {
    return [...this.#unknown]
  }

  get unknownCount(): number {
    return this.#unknown.size
  }

  of(key: string): Told | undefined {
    return this.#told.get(key)
  }

  asked(key: string): Asked {
    const told = this.#told.get(key)
    if (told === undefined) throw new Error(`nobody asked for ${key}`)
    return { ...told.asked, known: told.version }
  }

  withOutcome(outcome: Told["outcome"]): Asked[] {
    return [...this.#told.values()].filter((told) => told.outcome === outcome).map(({ asked }) => asked)
  }

  remember({ key, transaction }: Asked, outcome: Told["outcome"], version: number | undefined): void {
    if (!this.#told.has(key)) this.#keys.push(key)
    this.#told.set(key, { asked: { key, transaction }, outcome, version })
    if (outcome === "unknown") this.#unknown.add(key)
    else this.#unknown.delete(key)
  }

  onlyAt(key: string, version: number, why: string): void {
    const known = this.#told.get(key)?.version
    if (known !== undefined && known !== version) throw new CheckFailed("I8", `${why}: ${key} is version ${version}, and was version ${known}`)
  }

  /** What is older than retention keeps, nobody asks for any more. */
  forgetBelow(oldest: number): void {
    for (const [key, { version }] of this.#told) {
      if (version === undefined || version >= oldest) continue
      this.#told.delete(key)
      this.#keys.splice(this.#keys.indexOf(key), 1)
    }
  }

  /** Of a history that goes on from `version`: what was told of anything above it is worth nothing there. */
  cutAt(version: number): Outcomes {
    const cut = new Outcomes()
    for (const { asked, outcome, version: at } of this.#told.values()) {
      if (at !== undefined && at > version) cut.remember(asked, "unknown", undefined)
      else cut.remember(asked, outcome, at)
    }
    return cut
  }
}
