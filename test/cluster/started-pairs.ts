// Pairs that tests start, in sync when they get them, and that are gone after each test.
import { type PairOptions, RealPair } from "./real-pair.ts"

export class StartedPairs {
  readonly #pairs: RealPair[] = []

  async start(options: PairOptions = {}): Promise<RealPair> {
    const pair = await RealPair.make(options)
    this.#pairs.push(pair)
    return pair.start()
  }

  async remove(): Promise<void> {
    await Promise.all(this.#pairs.splice(0).map((pair) => pair.remove()))
  }
}
