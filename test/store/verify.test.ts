// The full check: finds every kind of damage in every table, says nothing of a sound store, and lets others work meanwhile.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { digestOf, digestText, genesisDigest } from "../../src/protocol/digest.ts"
import { horizonRow } from "../../src/store/horizon.ts"
import { endedKey, entityKey, historyKey, versionKey } from "../../src/store/keys.ts"
import { encodeRow, rowBody, rowTerms, type Term, withoutFills, withTerms } from "../../src/store/row.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { Tables } from "../../src/store/tables.ts"
import { type StoreCheckReport, verifyStore } from "../../src/store/verify.ts"
import type { Drawer } from "../../src/store/version-fork.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain, type Change, plain, unique } from "./chain.ts"
import { Reads } from "./counting-tables.ts"
import { first, lmdbDisk } from "./disks.ts"
import { RandomHistory } from "./random-history.ts"

const history: readonly (readonly Change[])[] = [
  [{ id: "a", body: "1", terms: [unique("x"), plain("red")] }, { id: "b", body: "1", terms: [unique("y")] }, { id: "gone", body: "1", terms: [unique("g")] }],
  [{ id: "a", body: "2", terms: [unique("y"), plain("red")] }, { id: "b", body: "2", terms: [unique("x")] }],
  [{ id: "gone" }, { id: "a", body: "3", terms: [unique("y"), plain("blue")] }, { id: "b", fill: [plain("late")] }],
  [{ id: "c", body: "1" }],
  [{ id: "c", body: "2" }, { id: "a", fill: [plain("late")] }],
]
/** The version 6, which stays in doubt. */
const inDoubt: readonly Change[] = [{ id: "b" }, { id: "d", body: "1", terms: [unique("d")] }, { id: "c", fill: [plain("doubt")] }]

async function filled(engine = new MemoryEngine(), batch = 2): Promise<MemoryEngine> {
  const store = new TableStore(engine, first)
  const chain = new Chain()
  for (let n = 0; n < history.length; n += batch) {
    const records = history.slice(n, n + batch).map((changes, more) => chain.next(changes, { key: `key ${n + more}` }))
    expect(await store.prepare({ records, committed: store.position().committed })).toBeUndefined()
    store.commit(chain.version)
  }
  await store.flush()
  expect(await store.prepare({ records: [chain.next(inDoubt, { key: "in doubt" })], committed: store.position().committed })).toBeUndefined()
  return engine
}

function check(store: TableStore): Promise<StoreCheckReport> {
  return verifyStore(store, () => undefined)
}

/** What is reported once the tables were changed behind the store's back, as lines. */
async function reported(damage: (tables: Tables) => void): Promise<string[]> {
  const engine = await filled()
  engine.transact(() => damage(engine.tables))
  try {
    const { problems } = await check(new TableStore(engine, first))
    return problems.map(({ where, what }) => `${where}: ${what}`)
  } catch (error) {
    if (error instanceof StoreDamaged) return [`not opened: ${error.message}`]
    throw error
  }
}

function put(tables: Tables, name: keyof Tables, key: Buffer, value: Uint8Array): void {
  tables[name].put(key, Buffer.from(value))
}

describe("a sound store", () => {
  test("has no problems, and counts what is in it", async () => {
    const { committed, problems, counts } = await check(new TableStore(await filled(), first))
    expect(problems).toEqual([])
    expect({ committed, counts }).toEqual({ committed: 5, counts: { records: 5, entities: 3, superseded: 5 } })
  })

  test("has the digest that docs/FORMAT.md describes", async () => {
    const store = new TableStore(await filled(), first)
    let content = genesisDigest
    for (const id of ["a", "b", "c"]) {
      content = digestOf(Buffer.concat([content, entityKey("things", id), rowBody(store.row("things", id, 5) ?? Buffer.alloc(0))]))
    }
    const head = store.record(5)?.digest ?? genesisDigest
    expect((await check(store)).digest).toBe(digestText(digestOf(Buffer.concat([head, content]))))
  })

  test("has one digest on two nodes, whatever their batches were and what is in doubt (P6)", async () => {
    const one = new TableStore(await filled(new MemoryEngine(), 1), first)
    const two = new TableStore(await filled(new MemoryEngine(), 5), first)
    await two.undo()
    expect(await check(two)).toEqual(await check(one))
    one.commit(6)
    expect((await check(one)).digest).not.toBe((await check(two)).digest)
  })

  test("that is empty has none either", async () => {
    expect(await check(new TableStore(new MemoryEngine(), first))).toMatchObject({ committed: 0, problems: [], counts: { records: 0, entities: 0, superseded: 0 } })
  })
})

describe("damage that is named", () => {
  const cases: readonly (readonly [table: string, kind: string, damage: (tables: Tables) => void, line: string | RegExp])[] = [
    ["log", "missing", (t) => t.log.remove(versionKey(2)), "version 2: it is missing from the log"],
    ["log", "missing at its beginning", (t) => [1, 2].map((v) => t.log.remove(versionKey(v))), "versions 1 to 2: they are missing from the log"],
    ["log", "missing at its end", (t) => t.log.remove(versionKey(6)), /^not opened: the log does not end where it should/],
    ["log", "altered", (t) => flip(t, "log", versionKey(3), 90), "version 3: the record of version 3 is damaged: its bytes do not give its digest"],
    ["log", "altered in doubt", (t) => flip(t, "log", versionKey(6), 90), /^not opened: the record of version 6 is damaged/],
    ["log", "extra", (t) => put(t, "log", Buffer.from([0, 0, 0]), Buffer.from("x")), "the log: an entry's key is no version: 000000"],
    ["log", "extra, behind all others", (t) => put(t, "log", Buffer.from([0, 0, 1]), Buffer.from("x")), /^not opened: the log has an entry whose key is no version: 000001/],
    ["log", "extra before its beginning", (t) => put(t, "log", versionKey(0), Buffer.from("x")), "version 0: it is in the log, which begins at 1"],
    ["log", "extra after its end", (t) => put(t, "log", versionKey(7), t.log.get(versionKey(6)) ?? Buffer.alloc(0)), /^not opened: the record of version 7 is damaged/],
    ["rows", "missing", (t) => t.rows.remove(entityKey("things", "a")), "things/a: version 3 of it is missing"],
    ["rows", "missing, with no history", (t) => t.rows.remove(entityKey("things", "d")), "things/d: version 6 of it is missing"],
    ["rows", "altered", (t) => flip(t, "rows", entityKey("things", "a"), -1), "things/a: version 3 of it is not what the log says"],
    ["rows", "altered in doubt", (t) => flip(t, "rows", entityKey("things", "d"), -1), "things/d: version 6 of it is not what the log says"],
    ["rows", "cut short", (t) => put(t, "rows", entityKey("things", "a"), Buffer.from([0])), "things/a: its newest row is damaged"],
    ["rows", "extra", (t) => put(t, "rows", entityKey("things", "new"), row(3)), "things/new: version 3 of it is in no record"],
    ["rows", "extra, above the head", (t) => put(t, "rows", entityKey("things", "new"), row(9)), "things/new: it has a version 9, above the head 6"],
    ["rows", "extra, under no key", (t) => put(t, "rows", Buffer.from("what"), row(3)), `the table rows: an entry's key is none: ${Buffer.from("what").toString("hex")}`],
    ["history", "missing", (t) => t.history.remove(historyKey("things", "a", 1)), "things/a: version 1 of it is missing"],
    ["history", "missing of a deleted entity", (t) => t.history.remove(historyKey("things", "gone", 1)), "things/gone: version 1 of it is missing"],
    ["history", "altered", (t) => flip(t, "history", historyKey("things", "c", 4), -1), "things/c: version 4 of it is not what the log says"],
    ["history", "altered of a deleted entity", (t) => flip(t, "history", historyKey("things", "gone", 1), -1), "things/gone: version 1 of it is not what the log says"],
    ["history", "extra", (t) => put(t, "history", historyKey("things", "a", 4), row(4)), "things/a: version 4 of it is in no record"],
    ["history", "extra of a deleted entity", (t) => put(t, "history", historyKey("things", "gone", 2), row(2)), "things/gone: version 2 of it is in no record"],
    ["history", "extra of no entity", (t) => put(t, "history", historyKey("things", "zz", 2), row(2)), "things/zz: its newest row is missing"],
    ["history", "under another number", (t) => put(t, "history", historyKey("things", "a", 4), row(2)), "things/a: its version 4 is stored under another number"],
    ["history", "extra, under no key", (t) => put(t, "history", Buffer.from("what"), row(3)), `the table history: an entry's key is none: ${Buffer.from("what").toString("hex")}`],
    ["rows", "without what a fill added", (t) => refill(t, "rows", entityKey("things", "a"), []), "things/a: version 3 of it lacks the colour that version 5 added"],
    ["rows", "without what a fill added in doubt", (t) => refill(t, "rows", entityKey("things", "c"), []), "things/c: version 5 of it lacks the colour that version 6 added"],
    ["rows", "with a later term of another version", (t) => refill(t, "rows", entityKey("things", "a"), [{ ...plain("late"), since: 4 }]), "things/a: version 3 of it has a colour added by version 4, whose record does not have it"],
    ["rows", "with a later term that is extra", (t) => refill(t, "rows", entityKey("things", "a"), [{ ...plain("late"), since: 5 }, { ...plain("extra"), since: 5 }]), "things/a: version 3 of it has a colour added by version 5, whose record does not have it"],
    ["rows", "with a later term in place of one of its own", (t) => refill(t, "rows", entityKey("things", "a"), [{ ...plain("late"), since: 5 }], ({ unique }) => unique), "things/a: version 3 of it is not what the log says"],
    ["history", "without what a fill added", (t) => refill(t, "history", historyKey("things", "b", 2), []), "things/b: version 2 of it lacks the colour that version 3 added"],
    ["index", "missing of what a fill added", (t) => t.index.remove(indexed("late", "colour", "a")), "things/a: its index entry for colour is missing"],
    ["index", "missing of what a fill added in doubt", (t) => t.index.remove(indexed("doubt", "colour", "c")), "things/c: its index entry for colour is missing"],
    ["index", "of a fill with another beginning", (t) => put(t, "index", indexed("late", "colour", "a"), versionKey(3)), "things/a: its index entry for colour begins at version 3, not 5"],
    ["index", "missing", (t) => t.index.remove(indexed("y")), "things/a: its index entry for name is missing"],
    ["index", "missing of a value that is not unique", (t) => t.index.remove(indexed("blue", "colour", "a")), "things/a: its index entry for colour is missing"],
    ["index", "missing in doubt", (t) => t.index.remove(indexed("d")), "things/d: its index entry for name is missing"],
    ["index", "with another beginning", (t) => put(t, "index", indexed("y"), Buffer.concat([versionKey(1), Buffer.from("a")])), "things/a: its index entry for name begins at version 1, not 2"],
    ["index", "with another holder", (t) => put(t, "index", indexed("y"), Buffer.concat([versionKey(2), Buffer.from("c")])), "things/c: the index has a name for it that it does not have"],
    ["index", "extra", (t) => put(t, "index", indexed("new"), Buffer.concat([versionKey(2), Buffer.from("a")])), "things/a: the index has a name for it that it does not have"],
    ["index", "extra of a value that is not unique", (t) => put(t, "index", indexed("red", "colour", "a"), versionKey(1)), "things/a: the index has a colour for it that it does not have"],
    ["index", "extra of no entity", (t) => put(t, "index", indexed("new"), Buffer.concat([versionKey(2), Buffer.from("zz")])), "things/zz: the index has a name for it that it does not have"],
    ["index", "extra, under no key", (t) => put(t, "index", Buffer.from("what"), versionKey(1)), `the table index: the entry of ${Buffer.from("what").toString("hex")} is none`],
    ["index_history", "missing", (t) => t.index_history.remove(ended("x", "name", "a", 1)), "things/a: its index history for name from version 1 to 2 is missing"],
    ["index_history", "missing on the other side of the fork", (t) => t.index_history.remove(ended("g", "name", "gone", 1, { fork: 2, reach: 0x81 })), "things/gone: its index history for name from version 1 to 3 is missing"],
    ["index_history", "missing on the other side of the fork, in doubt", (t) => t.index_history.remove(ended("late", "colour", "b", 3, { fork: 4, reach: 0x81 })), "things/b: its index history for colour from version 3 to 6 is missing"],
    ["index_history", "missing of a deleted entity", (t) => t.index_history.remove(ended("g", "name", "gone", 1, { fork: 2, reach: 0 })), "things/gone: its index history for name from version 1 to 3 is missing"],
    ["index_history", "with another end", (t) => put(t, "index_history", ended("x", "name", "a", 1), versionKey(3)), "things/a: its index history for name from version 1 to 2 ends at 3"],
    ["index_history", "with another end in doubt", (t) => put(t, "index_history", ended("x", "name", "b", 2, { fork: 8, reach: 0 }), versionKey(9)), "things/b: the index history has a name for it from version 2 to 9 that no row explains"],
    ["index_history", "under another fork", (t) => put(t, "index_history", ended("x", "name", "a", 1, { fork: 4, reach: 0 }), versionKey(2)), "things/a: the index history has a name for it from version 1 to 2, filed where no read looks for it"],
    ["index_history", "in another drawer", (t) => put(t, "index_history", ended("x", "name", "a", 1, { fork: 1, reach: 1 }), versionKey(2)), "things/a: the index history has a name for it from version 1 to 2, filed where no read looks for it"],
    ["index_history", "that ends before it begins", (t) => put(t, "index_history", ended("x", "name", "a", 3), versionKey(2)), "things/a: the index history has a name for it from version 3 to 2, filed where no read looks for it"],
    ["index_history", "extra", (t) => put(t, "index_history", ended("x", "name", "a", 2), versionKey(3)), "things/a: the index history has a name for it from version 2 to 3 that no row explains"],
    ["index_history", "extra of no entity", (t) => put(t, "index_history", ended("x", "name", "zz", 2), versionKey(3)), "things/zz: the index history has a name for it from version 2 to 3 that no row explains"],
    ["index_history", "extra, under no key", (t) => put(t, "index_history", Buffer.from("what"), versionKey(1)), `the table index_history: the entry of ${Buffer.from("what").toString("hex")} is none`],
    ["keys", "missing", (t) => t.keys.remove(keyHash("key 1")), "version 2: its idempotency key is not found"],
    ["keys", "missing in doubt", (t) => t.keys.remove(keyHash("in doubt")), "version 6: its idempotency key is not found"],
    ["keys", "altered", (t) => put(t, "keys", keyHash("key 1"), versionKey(3)), `the idempotency key ${keyHash("key 1").toString("hex")}: it is kept for version 3, whose record does not have it`],
    ["keys", "extra", (t) => put(t, "keys", keyHash("new"), versionKey(3)), `the idempotency key ${keyHash("new").toString("hex")}: it is kept for version 3, whose record does not have it`],
    ["keys", "extra, above the head", (t) => put(t, "keys", keyHash("new"), versionKey(9)), `the idempotency key ${keyHash("new").toString("hex")}: it is kept for version 9, whose record does not have it`],
    ["hard_state", "without a position", (t) => t.hard_state.remove(Buffer.from("position")), /^not opened: the log does not end where it should/],
    ["hard_state", "with another head", (t) => flip(t, "hard_state", Buffer.from("position"), 5), /^not opened: the log does not end where it should/],
    ["hard_state", "with another digest", (t) => flip(t, "hard_state", Buffer.from("position"), 20), /^not opened: the log does not end where it should/],
    ["hard_state", "with more committed than there is", (t) => flip(t, "hard_state", Buffer.from("position"), 6), /^not opened: where the log stands is damaged/],
    ["hard_state", "with a position cut short", (t) => put(t, "hard_state", Buffer.from("position"), versionKey(5)), /^not opened: where the log stands is damaged/],
    ["hard_state", "without an identity", (t) => t.hard_state.remove(Buffer.from("identity")), /^not opened: there is a log, but not whose it is/],
    ["hard_state", "with a broken identity", (t) => flip(t, "hard_state", Buffer.from("identity"), 0), /^not opened: what the node knows about itself is damaged/],
    ["hard_state", "extra", (t) => put(t, "hard_state", Buffer.from("what"), Buffer.from("x")), 'the table hard_state: it has an unknown entry "what"'],
  ]
  test.each(cases)("in %s: %s (P6)", async (_table, _kind, damage, line) => {
    const lines = await reported(damage)
    expect(lines.some((found) => (typeof line === "string" ? found === line : line.test(found))) || lines).toBe(true)
  })

  const tables = ["log", "rows", "history", "index", "index_history", "keys"] as const
  test.each(tables)("is found in %s whichever entry is missing, and whichever byte of a key or value is another (P6)", async (name) => {
    const entries = [...(await filled()).tables[name].getRange({})]
    expect(entries.length).toBeGreaterThan(2)
    for (const { key, value } of entries) {
      expect([key.toString("hex"), (await reported((t) => t[name].remove(key))).length > 0]).toEqual([key.toString("hex"), true])
      for (let n = 0; n < key.length + value.length; n++) {
        const where = `byte ${n} of ${key.toString("hex")} ${value.toString("hex")}`
        const damaged = Buffer.concat([key, value])
        damaged[n] = (damaged[n] ?? 0) ^ 1
        const lines = await reported((t) => {
          t[name].remove(key)
          put(t, name, damaged.subarray(0, key.length), damaged.subarray(key.length))
        })
        expect([where, lines.length > 0]).toEqual([where, true])
      }
    }
  })

  test("is named up to a bound, then counted", async () => {
    const lines = await reported((t) => {
      for (let n = 0; n < 150; n++) put(t, "keys", keyHash(`new ${n}`), versionKey(3))
    })
    expect(lines).toHaveLength(101)
    expect(lines.at(-1)).toBe("and: 50 more")
  })
})

describe("a check of a store in use", () => {
  test("sees no problem while others write, and gives the digest of the version where it began", async () => {
    const histories = new RandomHistory(11)
    const store = new TableStore(new MemoryEngine(), first)
    for (let step = 0; step < 120; step++) await histories.step([store])
    // One entity alone takes several turns.
    const long = new Chain()
    long.version = histories.chain.version
    long.digest = histories.chain.digest
    for (let n = 0; n < 2_500; n++) {
      store.prepareNow({ records: [long.next([{ id: "long", body: `${n}`, terms: [unique(n % 3 === 0 ? "long" : "longer")] }])], committed: store.position().head })
      store.commit(long.version)
    }
    const before = await check(store)
    expect(before.problems).toEqual([])
    let done = false
    const running = check(store).finally(() => {
      done = true
    })
    let writes = 0
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      const back = long.mark()
      const change = { id: "long", body: `more ${writes}`, terms: [unique(writes % 3 === 0 ? "long" : "longer")] }
      store.prepareNow({ records: [long.next([change, { id: `0 ${writes}`, body: "x" }, { id: `zzz ${writes}`, body: "x", terms: [unique(`w ${writes}`)] }])], committed: store.position().head })
      if (writes++ % 3 === 0) {
        await store.undo()
        back()
      } else store.commit(long.version)
    }
    expect(writes).toBeGreaterThan(5)
    expect(await running).toEqual(before)
    expect((await check(store)).problems).toEqual([])
  })

  test("sees no problem while retention moves the horizon, and keys below it are forgotten with that", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const chain = new Chain()
    for (let n = 0; n < 3_000; n++) {
      store.prepareNow({ records: [chain.next([{ id: "long", body: `${n}` }], { key: `key ${n}` })], committed: n })
      store.commit(n + 1)
    }
    const running = verifyStore(store, (done) => {
      if (done < 100 || store.horizon().log > 0) return
      const { head } = store.position()
      store.prepareNow({ records: [chain.next([{ ...horizonRow, body: JSON.stringify({ oldest: 2_500, collections: {} }) }])], committed: head })
      store.commit(chain.version)
    })
    expect((await running).problems).toEqual([])
    expect(store.horizon().log).toBe(2_500)
  })

  /** Records of 500 writes each, over and over the same entities. */
  async function big(records: number): Promise<{ readonly store: TableStore; readonly reads: Reads }> {
    const engine = new MemoryEngine()
    const reads = new Reads()
    const store = new TableStore({ tables: reads.of(engine.tables), transact: (write) => engine.transact(write), close: () => engine.close() }, first)
    const chain = new Chain()
    for (let n = 0; n < records; n++) {
      const changes = Array.from({ length: 500 }, (_, id) => ({ id: `${n % 4} ${id}`, body: "x" }))
      store.prepareNow({ records: [chain.next(changes, { key: `${n}` })], committed: n })
      store.commit(n + 1)
    }
    reads.count = 0
    return { store, reads }
  }

  test("reads each entry a few times, however large the records and long the histories are", async () => {
    const { store, reads } = await big(8)
    await check(store)
    const few = reads.count
    const more = await big(32)
    await check(more.store)
    expect(more.reads.count / few).toBeLessThan(4.5)
    expect(more.reads.count).toBeLessThan(6 * 32 * 500)
  })

  test("takes short turns", async () => {
    const { store, reads } = await big(16)
    let done = false
    const running = check(store).finally(() => {
      done = true
    })
    let longest = 0
    for (let before = 0; !done; before = reads.count) {
      await new Promise((resolve) => setImmediate(resolve))
      longest = Math.max(longest, reads.count - before)
    }
    await running
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThan(6_000)
  })
})

describe("on a disk", () => {
  const disk = lmdbDisk()
  let store: TableStore
  beforeAll(() => {
    store = disk.open()
  })
  afterAll(() => disk.remove())

  test("a check changes nothing and names what is damaged (P6)", async () => {
    const chain = new Chain()
    for (const changes of history) {
      await store.prepare({ records: [chain.next(changes)], committed: store.position().head })
      store.commit(chain.version)
    }
    expect((await check(store)).problems).toEqual([])
    store.engine.transact(() => flip(store.engine.tables, "rows", entityKey("things", "a"), -1))
    expect((await check(store)).problems).toEqual([
      { where: "things/a", what: "version 3 of it is not what the log says" },
      { where: "the state", what: "the digest that is stored for all newest rows is not that of those that are there" },
    ])
  })
})

function flip(tables: Tables, name: keyof Tables, key: Buffer, at: number): void {
  const value = Buffer.from(tables[name].get(key) ?? Buffer.alloc(0))
  const index = at < 0 ? value.length + at : at
  value[index] = (value[index] ?? 0) ^ 1
  put(tables, name, key, value)
}

/** Puts other later terms in place of those that a row has, and leaves of its own what `stays`. */
function refill(tables: Tables, name: keyof Tables, key: Buffer, later: readonly Term[], stays: (term: Term) => boolean = () => true): void {
  const row = withoutFills(tables[name].get(key) ?? Buffer.alloc(0))
  put(tables, name, key, withTerms(row, [...rowTerms(row).filter(stays), ...later]))
}

function row(changed: number): Uint8Array {
  return encodeRow({ changed, created: 1, changes: 1, deleted: false }, [], "extra")
}

/** Of a unique value, or with a holder of another. */
function indexed(value: string, field = "name", id?: string): Buffer {
  return Buffer.from(`things\0${field}\x000${value}\0${id === undefined ? "" : `${id}\0`}`)
}

/** Of a value that was held for one version, or is in this drawer. */
function ended(value: string, field: string, id: string, since: number, drawer: Drawer = { fork: since, reach: 0 }): Buffer {
  return endedKey("things", field, drawer, Buffer.from(`0${value}`), id, since)
}

function keyHash(key: string): Buffer {
  return Buffer.from(digestOf(`root\0${key}`))
}
