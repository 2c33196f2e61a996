// The simulated network: drops, delays, duplicates and reorders what one node says to the other.
import type { Random } from "./random.ts"
import type { Schedule } from "./schedule.ts"

export interface Weather {
  readonly drop: number
  readonly duplicate: number
  readonly delayMsMax: number
  /** Of a message that is held back for very long, and arrives when nobody expects it any more. */
  readonly late: number
}

export class Network {
  weather: Weather
  readonly #random: Random
  readonly #schedule: Schedule

  constructor(random: Random, schedule: Schedule, weather: Weather) {
    this.#random = random
    this.#schedule = schedule
    this.weather = weather
  }

  deliver(arrive: () => void): void {
    const { drop, duplicate } = this.weather
    if (!this.#random.chance(drop)) this.#schedule.after(this.#delayMs(), arrive)
    if (this.#random.chance(duplicate)) this.#schedule.after(this.#delayMs(), arrive)
  }

  #delayMs(): number {
    const { delayMsMax, late } = this.weather
    return this.#random.chance(late) ? this.#random.between(1_000, 20_000) : this.#random.between(0, delayMsMax)
  }
}
