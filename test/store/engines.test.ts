// The two engines agree byte for byte on seeded random histories, and both with a plain model of them.
import { describe, expect, test } from "bun:test"
import { verifyStore } from "../../src/store/verify.ts"
import { type Disk, dump, lmdbDisk, memoryDisk } from "./disks.ts"
import { compareReads, RandomHistory } from "./random-history.ts"

const stepsMax = 40

/** With `trims` the horizon follows, and each engine is trimmed in chunks of its own size. */
async function run(seed: number, disks: readonly Disk[], trims = false): Promise<RandomHistory> {
  const history = new RandomHistory(seed)
  let stores = disks.map((disk) => disk.open())
  for (let step = 1; step <= stepsMax; step++) {
    await history.step(stores)
    if (step % 10 !== 0) continue
    if (trims) {
      const { version } = history.chain
      await history.moveHorizon(stores, Math.max(0, version - 20), { things: Math.max(0, version - 5) })
      for (const [n, store] of stores.entries()) while (store.trimNow(7 + 20 * n)) continue
    }
    const [one = [], two] = stores.map(({ engine }) => dump(engine.tables))
    expect(one.length).toBeGreaterThan(10)
    expect(two).toEqual(one)
    if (step === 20) stores = disks.map((disk, n) => disk.crash(stores[n] ?? disk.open()))
    for (const store of stores) store.commit(history.chain.version)
  }
  const from = trims ? Math.max(...stores.map((store) => Math.max(store.horizon().oldest, ...store.horizon().collections.values()))) : 0
  for (const store of stores) for (let at = from; at <= history.chain.version; at++) compareReads(store, history, at)
  const reports = await Promise.all(stores.map((store) => verifyStore(store, () => undefined)))
  for (const report of reports) expect(report).toMatchObject({ committed: history.chain.version, problems: [] })
  expect(new Set(reports.map(({ digest, counts }) => JSON.stringify([digest, counts]))).size).toBe(1)
  return history
}

test.each([1, 2, 3])("a random history of seed %d that is trimmed leaves the same bytes in both engines (P7)", async (seed) => {
  const disks = [memoryDisk(), lmdbDisk()]
  try {
    await run(seed, disks, true)
  } finally {
    for (const disk of disks) await disk.remove()
  }
})

describe("random histories", () => {
  test.each(Array.from({ length: 10 }, (_, n) => n + 1))("of seed %d leave the same bytes in both engines, and read as they were written (P7)", async (seed) => {
    const disks = [memoryDisk(), lmdbDisk()]
    try {
      const history = await run(seed, disks)
      expect(history.undone).toBeGreaterThan(0)
      expect(history.filled).toBeGreaterThan(5)
    } catch (error) {
      throw new Error(`seed ${seed} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      for (const disk of disks) await disk.remove()
    }
  })
})
