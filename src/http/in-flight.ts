// The cap on requests that wait for something. Those answered at once are never counted.
import { bounds } from "../bounds.ts"

export class InFlight {
  #count = 0

  full(): boolean {
    return this.#count >= bounds.requestsInFlightMax
  }

  enter(): void {
    this.#count += 1
  }

  leave(): void {
    this.#count -= 1
  }

  /** Within what `hold` counts: does not count while `rest` is not settled, which something else bounds. */
  async spare<T>(rest: Promise<T>): Promise<T> {
    this.leave()
    try {
      return await rest
    } finally {
      this.enter()
    }
  }

  /** Counts until `answer` is settled. */
  hold(answer: Promise<Response>): Promise<Response> {
    this.enter()
    const leave = () => this.leave()
    answer.then(leave, leave)
    return answer
  }
}
