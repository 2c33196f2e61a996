// Going back to an earlier version, through what was committed: random histories, in chunks of random size, with a crash between
// two of them. What is left is what a store has that never had the rest, byte for byte, and it goes on from there.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { type Horizon, horizonRow } from "../../src/store/horizon.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { isCovered, type Trimmed } from "../../src/store/trim.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { Chain, plain, recordKey, unique } from "./chain.ts"
import { type Disk, dump, first, lmdbDisk, memoryDisk } from "./disks.ts"
import { compareReads, RandomHistory } from "./random-history.ts"

async function sound(store: TableStore): Promise<void> {
  expect((await verifyStore(store, () => undefined)).problems).toEqual([])
}

/** In chunks of random size, with a crash after some of them. */
function goBack(disk: Disk, open: TableStore, version: number, random: Random): TableStore {
  let store = open
  while (store.undoNow(version, random.between(1, 12))) {
    if (random.chance(0.3)) store = disk.crash(store)
    const { head, committed } = store.position()
    expect([head > version, committed <= head]).toEqual([true, true])
  }
  return store
}

describe.each([
  ["in memory", memoryDisk, 12],
  ["in LMDB", lmdbDisk, 6],
] as const)("a store %s that goes back to a version", (_, newDisk, seeds) => {
  test.each(Array.from({ length: seeds }, (_, seed) => seed + 1))("has what one has that never went further, and goes on like it, seed %d", async (seed) => {
    const random = new Random(seed)
    const [disk, other] = [newDisk(), newDisk()]
    try {
      const history = new RandomHistory(seed)
      let store = disk.open()
      const before = other.open()
      for (let n = random.between(3, 15); n > 0; n--) await history.step([store, before])
      await before.flush()
      const { version } = history.chain
      const back = history.mark()
      for (let n = random.between(1, 15); n > 0; n--) await history.step([store])
      if (random.chance(0.5)) await store.flush()
      store = goBack(disk, store, version, random)
      store.commit(version)
      await store.flush()
      expect(dump(store.engine.tables)).toEqual(dump(before.engine.tables))
      expect(store.position()).toEqual(before.position())
      await sound(store)
      back()
      for (let n = 0; n < 8; n++) await history.step([store, before])
      await Promise.all([store.flush(), before.flush()])
      expect(dump(store.engine.tables)).toEqual(dump(before.engine.tables))
      for (let at = 0; at <= history.chain.version; at++) compareReads(store, history, at)
      await sound(store)
      await Promise.all([store.close(), before.close()])
    } finally {
      await Promise.all([disk.remove(), other.remove()])
    }
  })
})

describe("a store that was trimmed and goes back", () => {
  const newStore = (): TableStore => new TableStore(new MemoryEngine(), first)
  const trimAll = (store: TableStore): void => {
    while (store.trimNow(9)) continue
  }

  test.each([1, 2, 3, 4, 5, 6])("above its horizon has what one has that never went further, seed %d (P7)", async (seed) => {
    const history = new RandomHistory(seed)
    const [store, before] = [newStore(), newStore()]
    for (let n = 0; n < 12; n++) await history.step([store, before])
    await history.moveHorizon([store, before], history.chain.version - 5, { things: history.chain.version - 2 })
    for (let n = 0; n < 3; n++) await history.step([store, before])
    const { version } = history.chain
    const back = history.mark()
    for (let n = 0; n < 8; n++) await history.step([store])
    trimAll(store)
    trimAll(before)
    expect(await store.undoTo(version)).toBeUndefined()
    expect((store.engine as MemoryEngine).dump()).toBe((before.engine as MemoryEngine).dump())
    await sound(store)
    back()
    for (let n = 0; n < 5; n++) await history.step([store, before])
    expect((store.engine as MemoryEngine).dump()).toBe((before.engine as MemoryEngine).dump())
  })

  test("below a horizon by which nothing was taken away yet: that goes back, too", async () => {
    const history = new RandomHistory(3)
    const [store, before] = [newStore(), newStore()]
    for (let n = 0; n < 12; n++) await history.step([store, before])
    const { version } = history.chain
    const back = history.mark()
    await history.moveHorizon([store], version - 2)
    expect(await store.undoTo(version)).toBeUndefined()
    await before.flush()
    expect((store.engine as MemoryEngine).dump()).toBe((before.engine as MemoryEngine).dump())
    expect([store.horizon().oldest, store.trimmable()]).toEqual([0, false])
    back()
    for (let at = 0; at <= version; at++) compareReads(store, history, at)
  })

  test("below what retention took away is refused, and nothing changes (P7)", async () => {
    for (const collections of [{}, { things: 8 }] as const) {
      const history = new RandomHistory(3)
      const store = newStore()
      for (let n = 0; n < 12; n++) await history.step([store])
      const { version } = history.chain
      await history.moveHorizon([store], version - 2, collections)
      await history.step([store])
      store.trimNow(3)
      const disk = dump(store.engine.tables)
      const position = store.position()
      for (const target of [0, 1, version]) expect(await store.undoTo(target)).toMatchObject({ code: "trimmed", oldestVersion: version + 1 })
      expect([dump(store.engine.tables), store.position()]).toEqual([disk, position])
      expect(await store.undoTo(version + 1)).toBeUndefined()
      expect(store.position()).toMatchObject({ head: version + 1, committed: version + 1 })
    }
  })

  test("is covered by a horizon where all that was taken away lies below it: rows of each collection, and the log (P7)", () => {
    const horizon: Horizon = { oldest: 9, collections: new Map([["things", 7]]), log: 7 }
    const at = (version: number, writes = 0) => ({ version, writes })
    const covered: Trimmed = { log: 7, others: at(10), collections: { things: at(8) } }
    expect(isCovered(covered, horizon)).toBe(true)
    const uncovered: readonly Partial<Trimmed>[] = [{ log: 8 }, { others: at(10, 1) }, { others: at(11) }, { collections: { things: at(9) } }, { collections: { others: at(11) } }]
    for (const change of uncovered) expect([change, isCovered({ ...covered, ...change }, horizon)]).toEqual([change, false])
  })

  test("knows a forgotten key again once what made it forget, and its second use, are taken back (I8)", async () => {
    const store = newStore()
    const chain = new Chain()
    const hash = recordKey("k").hash
    const put = (id: string, key?: string) => [chain.next([{ id, body: "1" }], key === undefined ? {} : { key })]
    const prepare = async (records: ReturnType<typeof put>): Promise<void> => {
      expect(await store.prepare({ records, committed: store.position().head })).toBeUndefined()
    }
    await prepare(put("a", "k"))
    store.commit(1)
    await prepare(put("b"))
    store.commit(2)
    const back = chain.mark()
    // In one batch: neither is ever committed.
    const horizon = chain.next([{ ...horizonRow, body: JSON.stringify({ oldest: 2, collections: {} }) }])
    await prepare([horizon, ...put("c", "k")])
    expect(store.engine.tables.keys.get(Buffer.from(hash))?.readUIntBE(0, 6)).toBe(4)
    await store.undo()
    expect(store.versionOfKey(hash)).toBe(1)
    back()
    await expect(store.prepare({ records: put("d", "k"), committed: 2 })).rejects.toThrow("I8")
    await sound(store)
  })
})

describe("going back", () => {
  test("to the head or above it changes nothing", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(1)
    await history.step([store])
    const disk = dump(store.engine.tables)
    for (const version of [store.position().head, 1_000]) expect(await store.undoTo(version)).toBeUndefined()
    expect(dump(store.engine.tables)).toEqual(disk)
  })

  test("to nothing leaves an empty log", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const empty = dump(store.engine.tables).length
    const history = new RandomHistory(1)
    for (let n = 0; n < 10; n++) await history.step([store])
    expect(await store.undoTo(0)).toBeUndefined()
    expect([store.position().head, store.position().committed, store.logStart()]).toEqual([0, 0, 1])
    // The position is stored now.
    expect(dump(store.engine.tables).length).toBe(empty + 1)
    expect(new TableStore(store.engine, first).position()).toEqual(store.position())
  })

  test("keeps what is in doubt in doubt: only what lies above goes", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const chain = new Chain()
    const records = ["1", "2", "3"].map((body) => chain.next([{ id: "a", body }]))
    await store.prepare({ records, committed: 0 })
    expect(await store.undoTo(2)).toBeUndefined()
    expect(store.position()).toMatchObject({ head: 2, committed: 0 })
  })

  test("says how far it has come, and holds no more in one transaction than a chunk has", async () => {
    const engine = new MemoryEngine()
    const store = new TableStore(engine, first)
    const chain = new Chain()
    const writes = bounds.undoKeysMax / 4
    for (let n = 0; n < 10; n++) {
      const changes = Array.from({ length: writes }, (_, id) => ({ id: String(id), body: "", terms: n % 2 === 0 ? [plain("red")] : [unique(`${id}`)] }))
      await store.prepare({ records: [chain.next(changes)], committed: n })
      store.commit(n + 1)
    }
    const heads: number[] = []
    expect(await store.undoTo(1, (head) => heads.push(head))).toBeUndefined()
    expect(heads).toEqual([6, 2])
    expect(store.position()).toMatchObject({ head: 1, committed: 1 })
    await sound(store)
  })

  test("takes one record at least, however large it is", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const chain = new Chain()
    for (let n = 0; n < 3; n++) {
      await store.prepare({ records: [chain.next([{ id: "a", body: "x".repeat(bounds.undoBytesMax + 1) }])], committed: n })
      store.commit(n + 1)
    }
    const heads: number[] = []
    await store.undoTo(0, (head) => heads.push(head))
    expect([heads, store.position().head]).toEqual([[2, 1], 0])
  })
})
