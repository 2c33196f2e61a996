// What retention takes away, and that nothing else goes: random histories, trimmed at random points, in chunks of random size.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { type Horizon, horizonRow, oldestOf } from "../../src/store/horizon.ts"
import { entityKey, historyKey, indexKey, partsOfKey, versionAtEnd, versionKey, versionOf } from "../../src/store/keys.ts"
import { rowChanged, rowDeleted } from "../../src/store/row.ts"
import { formerKeys } from "../../src/store/term-index.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { putTrimmed } from "../../src/store/trim.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { type Change, plain, recordKey, unique } from "./chain.ts"
import { collections, compareReads, RandomHistory } from "./random-history.ts"

const first = { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } } as const

async function grow(history: RandomHistory, stores: readonly TableStore[], steps: number): Promise<void> {
  for (let n = 0; n < steps; n++) await history.step(stores)
}

function trimAll(store: TableStore, random: Random): void {
  while (store.trimNow(random.between(1, 20))) {
    // Until nothing is left.
  }
}

/** Some collections with a horizon of their own, none of which ever goes back. */
function drawHorizon(random: Random, { oldest, collections: before }: Horizon, committed: number): { readonly oldest: number; readonly collections: { readonly [collection: string]: number } } {
  const next = random.between(oldest, committed)
  const named = ["thing", "users"].filter((name) => before.has(name) || random.chance(0.3))
  return { oldest: next, collections: Object.fromEntries(named.map((name) => [name, random.between(before.get(name) ?? oldest, committed)])) }
}

function readsFromHorizon(store: TableStore, history: RandomHistory): void {
  for (const collection of collections) {
    for (let at = oldestOf(store.horizon(), collection); at <= store.position().committed; at++) compareReads(store, history, at, [collection])
  }
}

/** Of every entity one row at the horizon, and no tombstone there; ended index entries above it; records and keys from it on. */
function onlyWhatIsNeeded({ engine }: TableStore, horizon: Horizon, head: number): void {
  const { tables } = engine
  expect([...tables.log.getKeys({})].map((key) => versionAtEnd(key))).toEqual(Array.from({ length: head - Math.max(1, horizon.log) + 1 }, (_, n) => Math.max(1, horizon.log) + n))
  for (const { value } of tables.keys.getRange({})) expect(versionOf(value)).toBeGreaterThanOrEqual(horizon.log)
  const newest = new Map([...tables.rows.getRange({})].map(({ key, value }) => [key.toString("latin1"), value]))
  for (const [key, row] of newest) {
    const oldest = oldestOf(horizon, partsOfKey(Buffer.from(key, "latin1")).collection)
    expect([key, rowDeleted(row) && rowChanged(row) <= oldest]).toEqual([key, false])
  }
  const superseded = [...tables.history.getKeys({})]
  for (const [n, key] of superseded.entries()) {
    const entity = key.subarray(0, -6)
    const next = superseded[n + 1]
    const successor = next !== undefined && entity.equals(next.subarray(0, -6)) ? versionAtEnd(next) : rowChanged(newest.get(entity.toString("latin1")) as Buffer)
    const oldest = oldestOf(horizon, partsOfKey(entity).collection)
    const isTombstone = rowDeleted(tables.history.get(key) as Buffer) && versionAtEnd(key) <= oldest
    expect([entity.toString(), successor > oldest, isTombstone]).toEqual([entity.toString(), true, false])
  }
  for (const { key, value } of tables.index_history.getRange({})) {
    expect([key.toString(), versionOf(value) > oldestOf(horizon, partsOfKey(key).collection)]).toEqual([key.toString(), true])
  }
}

describe("a trimmed store", () => {
  test.each(Array.from({ length: 25 }, (_, seed) => seed))("reads the same from its horizon on, and has nothing that is not needed, seed %d (I7)", async (seed) => {
    const random = new Random(seed)
    const engine = new MemoryEngine()
    let store = new TableStore(engine, first)
    const untouched = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(seed)
    const check = async (): Promise<void> => {
      const [checked, other] = [await verifyStore(store, () => undefined), await verifyStore(untouched, () => undefined)]
      expect([checked.problems, checked.digest, other.problems]).toEqual([[], other.digest, []])
    }
    for (let round = 0; round < 4; round++) {
      await grow(history, [store, untouched], random.between(1, 12))
      const { oldest, collections: named } = drawHorizon(random, store.horizon(), store.position().committed)
      await history.moveHorizon([store, untouched], oldest, named)
      readsFromHorizon(store, history)
      for (let n = random.between(0, 6); n > 0; n--) {
        store.trimNow(random.between(1, 20))
        // A crash between two chunks, and the recovery, which goes forward.
        if (random.chance(0.2)) {
          store = new TableStore(engine, first)
          store.commit(store.position().head)
        }
        if (random.chance(0.3)) await history.step([store, untouched])
        if (random.chance(0.3)) await check()
      }
      readsFromHorizon(store, history)
    }
    trimAll(store, random)
    await check()
    readsFromHorizon(store, history)
    onlyWhatIsNeeded(store, store.horizon(), store.position().head)
    readsFromHorizon(new TableStore(engine, first), history)
  })

  test("has the same content as one that was trimmed in other chunks", async () => {
    const stores = [new TableStore(new MemoryEngine(), first), new TableStore(new MemoryEngine(), first)] as const
    const history = new RandomHistory(7)
    await grow(history, stores, 30)
    await history.moveHorizon(stores, 20, { things: 25 })
    trimAll(stores[0], new Random(1))
    while (stores[1].trimNow()) {
      // In one go.
    }
    expect((stores[0].engine as MemoryEngine).dump()).toBe((stores[1].engine as MemoryEngine).dump())
  })

  test("takes nothing away before the version that moves the horizon is committed (I9)", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(3)
    await grow(history, [store], 20)
    const { head, committed } = store.position()
    expect(head).toBe(committed)
    const record = history.chain.next([{ collection: "retention", id: "horizon", body: JSON.stringify({ oldest: 10, collections: {} }) }])
    await store.prepare({ records: [record], committed })
    expect([store.horizon().oldest, store.trimNow()]).toEqual([0, false])
    await store.undo()
    expect([store.horizon().oldest, store.trimNow()]).toEqual([0, false])
    await store.prepare({ records: [record], committed })
    store.commit(record.version)
    expect(store.horizon()).toEqual({ oldest: 10, collections: new Map(), log: 10 })
    while (store.trimNow(3)) {
      // Until nothing is left.
    }
    expect([store.logStart(), store.record(9), store.record(10)?.version]).toEqual([10, undefined, 10])
    expect(store.digest(9)).toEqual(store.record(10)?.parent as Uint8Array)
    expect(store.digest(8)).toBeUndefined()
  })

  test("makes the committed number durable with what it takes away, so a restart has the horizon that it was trimmed to", async () => {
    const engine = new MemoryEngine()
    const store = new TableStore(engine, first)
    const history = new RandomHistory(5)
    await grow(history, [store], 20)
    await history.moveHorizon([store], 10)
    store.trimNow(5)
    const restarted = new TableStore(engine, first)
    expect([restarted.position().committed, restarted.horizon().oldest]).toEqual([store.position().committed, 10])
  })

  test("forgets idempotency keys at the horizon, gone or not, and one that was used again stays (I8)", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(5)
    const put = async (key: string): Promise<void> => {
      const committed = history.chain.version
      const record = history.chain.next([{ id: "a", body: "1" }], { key })
      expect(openRecord(record.bytes).meta.key).toBe(key)
      await store.prepare({ records: [record], committed })
      store.commit(record.version)
    }
    await put("one")
    await put("two")
    await history.moveHorizon([store], 2)
    expect([store.versionOfKey(recordKey("one").hash), store.versionOfKey(recordKey("two").hash)]).toEqual([undefined, 2])
    await put("one")
    trimAll(store, new Random(1))
    expect(store.versionOfKey(recordKey("one").hash)).toBe(4)
    expect(put("two")).rejects.toThrow("I8")
  })

  test("is trimmed where one record is larger than what a chunk looks at", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(5)
    for (let n = 0; n < 3; n++) {
      const changes = ["a", "b", "c"].map((id) => ({ id, body: "x".repeat(bounds.trimBytesMax / 2) }))
      await store.prepare({ records: [history.chain.next(changes)], committed: n })
      store.commit(n + 1)
    }
    await history.moveHorizon([store], 3)
    let chunks = 0
    for (; store.trimmable(); chunks++) expect(store.trimNow()).toBe(true)
    expect([store.logStart(), chunks > 4, [...store.engine.tables.history.getKeys({})].length]).toEqual([3, true, 0])
  })

  test("waits with a tombstone that a batch in doubt follows on, for its undo brings that back", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const { chain } = new RandomHistory(5)
    const take = async (changes: readonly Change[], decided = true): Promise<void> => {
      const committed = chain.version
      await store.prepare({ records: [chain.next(changes)], committed })
      if (decided) store.commit(chain.version)
    }
    await take([{ id: "a", body: "1" }])
    await take([{ id: "a" }])
    await take([{ ...horizonRow, body: JSON.stringify({ oldest: 3, collections: {} }) }])
    await take([{ id: "a", body: "2" }], false)
    store.trimNow()
    expect([store.trimNow(), store.trimmable()]).toEqual([false, true])
    await store.undo()
    trimAll(store, new Random(1))
    expect([store.trimmable(), [...store.engine.tables.rows.getKeys({})].length]).toEqual([false, 1])
  })

  test("knows no time before its oldest record", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(5)
    await grow(history, [store], 20)
    await history.moveHorizon([store], 10)
    const { committed } = store.position()
    for (let n = 0; n < 2; n++) {
      expect([9_999, 10_000, 10_999, 11_000].map((timeMs) => store.versionAtTime(timeMs, committed))).toEqual([9, 10, 10, 11])
      trimAll(store, new Random(1))
    }
  })
})

describe("damage of a trimmed store that is named", () => {
  /** Versions 1 to 6 of `a`, 7 of `b`; the horizon at 5, from version 8 on. In doubt may be one more. */
  async function damaged(damage: (store: TableStore) => void, inDoubt: readonly Change[] = []): Promise<string[]> {
    const store = new TableStore(new MemoryEngine(), first)
    const { chain } = new RandomHistory(1)
    const take = async (changes: readonly Change[]): Promise<void> => {
      const committed = chain.version
      await store.prepare({ records: [chain.next(changes)], committed })
      store.commit(chain.version)
    }
    for (let n = 1; n <= 6; n++) await take([{ id: "a", body: String(n), terms: [unique(`name ${n}`), plain("red")] }])
    await take([{ id: "b", body: "7", terms: [plain("red")] }])
    await take([{ ...horizonRow, body: JSON.stringify({ oldest: 5, collections: {} }) }])
    trimAll(store, new Random(1))
    expect((await verifyStore(store, () => undefined)).problems).toEqual([])
    await store.prepare({ records: [chain.next(inDoubt)], committed: 8 })
    expect((await verifyStore(store, () => undefined)).problems).toEqual([])
    store.engine.transact(() => damage(store))
    return (await verifyStore(store, () => undefined)).problems.map(({ where, what }) => `${where}: ${what}`)
  }

  test.each([
    ["the row at the horizon is missing", ({ engine }: TableStore) => engine.tables.history.remove(historyKey("things", "a", 5)), "things/a: version 5 of it is missing"],
    ["the row after it is missing", ({ engine }: TableStore) => engine.tables.rows.remove(entityKey("things", "b")), "things/b: version 7 of it is missing"],
    ["an index entry that ended above it is missing", ({ engine }: TableStore) => engine.tables.index_history.remove(formerKeys("things", unique("name 5"), "a", { since: 5, end: 6 })[0] ?? Buffer.alloc(0)), "things/a: its index history for name from version 5 to 6 is missing"],
    ["an index entry that holds since before is missing", ({ engine }: TableStore) => engine.tables.index.remove(indexKey("things", "colour", plain("red").value, "a")), "things/a: its index entry for colour is missing"],
    ["a record is missing", ({ engine }: TableStore) => engine.tables.log.remove(versionKey(5)), "version 5: it is missing from the log"],
    ["the log has a record that was trimmed", ({ engine }: TableStore) => engine.tables.log.put(versionKey(4), engine.tables.log.get(versionKey(5)) as Buffer), "version 4: it is in the log, which begins at 5"],
  ] as const)("where %s (P6)", async (_what, damage, line) => {
    expect(await damaged(damage)).toContain(line)
  })

  test("where an index entry that held since before ended in doubt, and is missing (P6)", async () => {
    const inDoubt: Change = { id: "a", body: "9", terms: [unique("name 6")] }
    for (const key of formerKeys("things", plain("red"), "a", { since: 1, end: 9 })) {
      expect(await damaged(({ engine }) => engine.tables.index_history.remove(key), [inDoubt])).not.toEqual([])
    }
  })

  test("where more was trimmed than the horizon allows (P6)", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const history = new RandomHistory(1)
    await grow(history, [store], 10)
    store.engine.transact(() => putTrimmed(store.engine.tables.hard_state, { log: 3, others: { version: 3, writes: 0 }, collections: {} }))
    const opened = new TableStore(store.engine, first)
    opened.commit(opened.position().head)
    expect((await verifyStore(opened, () => undefined)).problems).toContainEqual({ where: "the log", what: "it begins at version 3, and reads may go back to version 0" })
  })
})
