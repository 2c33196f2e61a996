// Who waits for what became of the batches that were handed to the log: one that is not decided yet, and those that are and wait
// for the other copy.
import type { Refusal } from "../refusal.ts"
import type { Fate } from "./replicated-log.ts"

export class Fates {
  #appended: Fate | undefined
  #unacknowledged: { readonly version: number; readonly fate: Fate }[] = []

  append(fate: Fate): void {
    this.#appended = fate
  }

  decided(version: number): void {
    const fate = this.#appended
    if (fate === undefined) return
    this.#appended = undefined
    this.#unacknowledged.push({ version, fate })
    fate.decided()
  }

  acknowledged(version: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].version <= version) {
      this.#unacknowledged.shift()?.fate.acknowledged()
    }
  }

  rejected(refusal: Refusal): void {
    this.#appended?.rejected(refusal)
    this.#appended = undefined
  }

  /** Nobody will know until the logs are compared again. */
  unknown(): void {
    for (const { fate } of this.#unacknowledged.splice(0)) fate.unknown()
    this.#appended?.unknown()
    this.#appended = undefined
  }
}
