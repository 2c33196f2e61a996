// What both nodes compare their rows by: noted at every so many versions, durable, and gone with the version that is taken back.
import { describe, expect, test } from "bun:test"
import { digestText } from "../../src/protocol/digest.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain, unique } from "./chain.ts"
import { first } from "./disks.ts"

const every = 4

function textOf(store: TableStore, version?: number): string | undefined {
  const found = store.checkpoint(version)
  return found === undefined ? undefined : `${found.version} ${digestText(found.digest)} ${digestText(found.state)}`
}

/** Versions from 1 on, in batches of these sizes, each of which commits the one before it. */
function written(sizes: readonly number[], engine = new MemoryEngine()): { readonly store: TableStore; readonly chain: Chain; readonly engine: MemoryEngine } {
  const store = new TableStore(engine, first, every)
  const chain = new Chain()
  for (const size of sizes) {
    const records = Array.from({ length: size }, () => chain.next([{ collection: "things", id: `${chain.version % 3}`, body: `{"n":${chain.version}}` }]))
    expect(store.prepareNow({ records, committed: store.position().head })).toBeUndefined()
    store.commit(store.position().head)
  }
  return { store, chain, engine }
}

describe("checkpoints", () => {
  test("are the same however the versions were cut into batches", () => {
    const [one, other] = [written([1, 1, 1, 1, 1, 1, 1, 1, 1]).store, written([3, 6]).store]
    for (const version of [4, 8]) {
      expect(textOf(one, version)).toStartWith(`${version} ${digestText(one.digest(version) ?? Buffer.alloc(0))} `)
      expect(textOf(other, version)).toBe(textOf(one, version))
    }
    expect(textOf(one)).toBe(textOf(one, 8))
    expect(one.checkpoint(5)).toBeUndefined()
  })

  test("are those of the rows as they were then", () => {
    const then = written([4]).store.state.bytes
    expect(written([4, 3]).store.checkpoint()?.state).toEqual(then)
  })

  test("outlive the process: the newest of them", () => {
    const { store, engine } = written([4, 5])
    const again = new TableStore(engine, first, every)
    expect(textOf(again)).toBe(textOf(store))
    expect(again.checkpoint(4)).toBeUndefined()
  })

  test("go with what is taken back, durably, and the one before is the newest again", async () => {
    const { store, engine } = written([4, 5])
    const before = textOf(store, 4)
    await store.undoTo(6)
    expect(textOf(store)).toBe(before)
    expect(textOf(new TableStore(engine, first, every))).toBe(before)
    await store.undoTo(2)
    expect(store.checkpoint()).toBeUndefined()
    expect(new TableStore(engine, first, every).checkpoint()).toBeUndefined()
  })

  test("are not noted by a batch that is refused", () => {
    const { store, chain } = written([3])
    const held = { collection: "things", id: "x", body: "{}", terms: [unique("name", "taken")] }
    const records = [chain.next([held]), chain.next([{ ...held, id: "y" }])]
    expect(store.prepareNow({ records, committed: 3 })).toMatchObject({ refused: true })
    expect(store.checkpoint()).toBeUndefined()
  })
})
