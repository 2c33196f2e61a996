// The store over the simulator's engine keeps the contract: what the simulator finds holds for the real one. And it writes no
// more often than it says.
import { expect, test } from "bun:test"
import { nobody } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain, unique } from "./chain.ts"
import { first, memoryDisk } from "./disks.ts"
import { runStoreContract } from "./store-contract.ts"

runStoreContract("in memory", memoryDisk)

test("each step of a batch is one transaction, or none", async () => {
  const memory = new MemoryEngine()
  let transactions = 0
  const transact = (write: () => void): void => {
    transactions++
    memory.transact(write)
  }
  const open = (): TableStore => new TableStore({ tables: memory.tables, transact, close: () => memory.close() }, first)
  const store = open()
  const chain = new Chain()
  const batch = (): { records: ReturnType<Chain["next"]>[]; committed: number } => ({
    records: [1, 2, 3].map((id) => chain.next([{ id: `${id}`, body: "x", terms: [unique(`${id}`)] }])),
    committed: store.position().head,
  })
  const costOf = async (step: () => unknown): Promise<number> => {
    const before = transactions
    await step()
    return transactions - before
  }
  expect(transactions).toBe(1)
  expect(await costOf(() => store.flush())).toBe(0)
  expect(await costOf(() => store.prepare(batch()))).toBe(1)
  expect(await costOf(() => store.flush())).toBe(0)
  expect(await costOf(() => store.commit(3))).toBe(0)
  expect(await costOf(() => store.flush())).toBe(1)
  expect(await costOf(() => store.flush())).toBe(0)
  expect(await costOf(() => store.prepare(batch()))).toBe(1)
  expect(await costOf(() => store.undo())).toBe(1)
  expect(await costOf(() => store.undo())).toBe(0)
  expect(await costOf(() => store.flush())).toBe(0)
  expect(await costOf(open)).toBe(0)
})

test("a batch that the disk fails is not taken for one that is there", async () => {
  const memory = new MemoryEngine()
  let fails = false
  const transact = (write: () => void): void => {
    if (fails) throw new Error("the disk failed")
    memory.transact(write)
  }
  const store = new TableStore({ tables: memory.tables, transact, close: () => memory.close() }, first)
  const chain = new Chain()
  await store.prepare({ records: [chain.next([{ id: "a", body: "1" }])], committed: 0 })
  store.commit(1)
  const position = store.position()
  fails = true
  await expect(store.prepare({ records: [chain.next([{ id: "a", body: "2" }])], committed: 1 })).rejects.toThrow("the disk failed")
  await expect(store.flush()).rejects.toThrow("the disk failed")
  await expect(store.saveIdentity({ nodeId: "b" })).rejects.toThrow("the disk failed")
  expect(store.position()).toEqual(position)
  expect(store.identity()).toEqual(first)
})

test("who only looks at a store that belongs to nobody yet leaves it to who comes next", () => {
  const engine = new MemoryEngine()
  const before = engine.dump()
  expect(new TableStore(engine, nobody).identity()).toMatchObject(nobody)
  expect(engine.dump()).toBe(before)
  expect(new TableStore(engine, first).identity()).toMatchObject(first)
})
