// The digest of the state: what all rows that are there add up to, whatever was written, undone or trimmed on the way.
import { describe, expect, test } from "bun:test"
import { entityKey } from "../../src/store/keys.ts"
import { encodeRow } from "../../src/store/row.ts"
import { StateSum } from "../../src/store/state-sum.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { Chain, unique } from "./chain.ts"
import { first, lmdbDisk, memoryDisk } from "./disks.ts"
import { RandomHistory } from "./random-history.ts"

/** From the rows alone. */
function addedUp({ engine }: TableStore): string {
  const sum = new StateSum()
  for (const { key, value } of engine.tables.rows.getRange({})) sum.change(key, undefined, value)
  return sum.bytes.toString("hex")
}

function stateOf(store: TableStore): string {
  return store.state.bytes.toString("hex")
}

function row(body: string, deleted = false): Uint8Array {
  return encodeRow({ changed: 1, created: 1, changes: 1, deleted }, [], deleted ? "" : body)
}

describe("the digest of the state", () => {
  test("is nothing of no rows, and of tombstones", () => {
    const sum = new StateSum()
    sum.change(entityKey("a", "b"), undefined, row("", true))
    expect(sum.bytes).toEqual(Buffer.alloc(16))
  })

  test("is the same in whatever order rows came, and nothing again when they are gone", () => {
    const random = new Random(1)
    const rows = Array.from({ length: 200 }, (_, n) => [entityKey("things", `${n}`), row(`${random.between(0, 9)}`)] as const)
    const [one, other] = [new StateSum(), new StateSum()]
    for (const [key, value] of rows) one.change(key, undefined, value)
    for (const [key, value] of rows.toReversed()) other.change(key, undefined, value)
    expect(other.bytes).toEqual(one.bytes)
    const seen = new Set([one.bytes.toString("hex")])
    for (const [key, value] of rows) {
      one.change(key, value, undefined)
      seen.add(one.bytes.toString("hex"))
    }
    expect([one.bytes, seen.size]).toEqual([Buffer.alloc(16), 201])
  })

  test("carries from one number to the next in both directions", () => {
    const [key, value] = [entityKey("a", "b"), row("x")]
    const of = new StateSum()
    of.change(key, undefined, value)
    for (const start of ["00".repeat(16), "ff".repeat(16), "ffffffff".repeat(2) + "00000000".repeat(2), "00000000" + "ffffffff".repeat(3)]) {
      const sum = new StateSum(Buffer.from(start, "hex"))
      sum.change(key, undefined, value)
      const number = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`)
      expect(number(sum.bytes)).toBe((number(Buffer.from(start, "hex")) + number(of.bytes)) % 2n ** 128n)
      sum.change(key, value, undefined)
      expect(sum.bytes.toString("hex")).toBe(start)
    }
  })

  test.each([1, 2, 3, 4, 5])("is that of the rows after every step, also after a crash, on both engines: seed %d (P7)", async (seed) => {
    const disks = [memoryDisk(), lmdbDisk()]
    const history = new RandomHistory(seed)
    let stores = disks.map((disk) => disk.open())
    for (let step = 1; step <= 60; step++) {
      await history.step(stores)
      if (step % 10 === 0) await history.moveHorizon(stores, Math.max(0, history.chain.version - 20), { things: Math.max(0, history.chain.version - 5) })
      const before = stores.map(stateOf)
      for (const [n, store] of stores.entries()) while (store.trimNow(7 + 20 * n)) continue
      expect(stores.map(stateOf)).toEqual(before)
      expect(stores.map(stateOf)).toEqual(stores.map(addedUp))
      expect(new Set(before).size).toBe(1)
      if (step === 30) stores = disks.map((disk, n) => disk.crash(stores[n] ?? disk.open()))
    }
    for (const disk of disks) await disk.remove()
  })

  test("stays where a batch is refused", async () => {
    const store = new TableStore(new MemoryEngine(), first)
    const chain = new Chain()
    await store.prepare({ records: [chain.next([{ id: "a", body: "1", terms: [unique("x")] }])], committed: 0 })
    store.commit(1)
    const before = stateOf(store)
    const back = chain.mark()
    expect(await store.prepare({ records: [chain.next([{ id: "c", body: "1" }]), chain.next([{ id: "b", body: "1", terms: [unique("x")] }])], committed: 1 })).toMatchObject({ code: "unique" })
    back()
    expect([stateOf(store), addedUp(store)]).toEqual([before, before])
  })

  test("is compared with the rows by the full check, while others write (P6)", async () => {
    const engine = new MemoryEngine()
    const store = new TableStore(engine, first)
    const chain = new Chain()
    for (let n = 0; n < 40; n++) {
      store.prepareNow({ records: [chain.next(Array.from({ length: 200 }, (_, id) => ({ id: `${n} ${id}`, body: "x" })))], committed: n })
      store.commit(n + 1)
    }
    let writes = 0
    const running = verifyStore(store, () => {
      if (writes++ % 2 === 0) return
      const back = chain.mark()
      store.prepareNow({ records: [chain.next([{ id: `0 ${writes}`, body: `${writes}` }, { id: "39 7", body: `${writes}` }, { id: `new ${writes}`, body: "x" }, { id: `5 ${writes}` }])], committed: store.position().head })
      if (writes % 3 > 0) return store.commit(chain.version)
      store.undoNow(store.position().committed)
      back()
    })
    expect((await running).problems).toEqual([])
    expect(writes).toBeGreaterThan(20)
    await store.flush()
    engine.transact(() => {
      const position = engine.tables.hard_state.get(Buffer.from("position")) ?? Buffer.alloc(0)
      position[50] = (position[50] ?? 0) ^ 1
      engine.tables.hard_state.put(Buffer.from("position"), position)
    })
    expect((await verifyStore(new TableStore(engine, first), () => undefined)).problems).toEqual([
      { where: "the state", what: "the digest that is stored for all newest rows is not that of those that are there" },
    ])
  })
})
