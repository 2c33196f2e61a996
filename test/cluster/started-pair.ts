// A pair of real processes for one test: made, started, and removed with its data, however the test ends.
import { type PairOptions, RealPair } from "./real-pair.ts"

export type PairTest = (pair: RealPair) => Promise<void>

/** What a file's tests want of a pair; each of them may want something else. */
export function pairsWith(usual: PairOptions): (run: PairTest, options?: PairOptions) => Promise<void> {
  return async (run, options = {}) => {
    const pair = await RealPair.make({ ...usual, ...options })
    try {
      await pair.start()
      await run(pair)
    } finally {
      await pair.remove()
    }
  }
}
