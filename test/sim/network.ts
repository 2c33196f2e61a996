// The simulated network: drops, delays, duplicates and reorders what one node says to the other, and is cut at times.
import type { NodeName } from "./disk.ts"
import type { Random } from "./random.ts"
import type { Schedule } from "./schedule.ts"

export interface Weather {
  readonly drop: number
  readonly duplicate: number
  readonly delayMsMax: number
  /** Of a message that is held back for very long, and arrives when nobody expects it any more. */
  readonly late: number
}

export const lateMsMax = 20_000

export class Network {
  weather: Weather
  readonly #random: Random
  readonly #schedule: Schedule
  /** Until when nothing that is sent to a node gets through. */
  readonly #cutUntilMs: { [Name in NodeName]: number } = { a: 0, b: 0 }

  constructor(random: Random, schedule: Schedule, weather: Weather) {
    this.#random = random
    this.#schedule = schedule
    this.weather = weather
  }

  /** In one direction; the other one goes on. */
  cut(to: NodeName, forMs: number): void {
    this.#cutUntilMs[to] = this.#schedule.nowMs + forMs
  }

  /** Whether nothing that is sent to a node gets through now. */
  isCut(to: NodeName): boolean {
    return this.#schedule.nowMs < this.#cutUntilMs[to]
  }

  /** From here on nothing is cut. */
  clear(weather: Weather): void {
    this.weather = weather
    this.#cutUntilMs.a = 0
    this.#cutUntilMs.b = 0
  }

  deliver(to: NodeName, arrive: () => void): void {
    if (this.isCut(to)) return
    const { drop, duplicate } = this.weather
    if (!this.#random.chance(drop)) this.#schedule.after(this.#delayMs(), arrive)
    if (this.#random.chance(duplicate)) this.#schedule.after(this.#delayMs(), arrive)
  }

  #delayMs(): number {
    const { delayMsMax, late } = this.weather
    return this.#random.chance(late) ? this.#random.between(1_000, lateMsMax) : this.#random.between(0, delayMsMax)
  }
}
