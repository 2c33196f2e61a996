// The log: what is damaged in it is never given out, and a search by time reads few records.
import { beforeEach, describe, expect, test } from "bun:test"
import { versionKey } from "../../src/store/keys.ts"
import { Log } from "../../src/store/log.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain, recordKey } from "./chain.ts"
import { Reads } from "./counting-tables.ts"

describe("the log", () => {
  let engine: MemoryEngine
  let log: Log
  beforeEach(() => {
    engine = new MemoryEngine()
    log = new Log(engine.tables.log, engine.tables.keys)
  })

  function fill(count: number): void {
    const chain = new Chain()
    engine.transact(() => {
      for (let n = 0; n < count; n++) log.put(chain.next([{ id: "a", body: "x" }]), recordKey(`${n}`).hash)
    })
  }

  test("has no last record while it is empty", () => {
    expect(log.last()).toBeUndefined()
    expect(log.versionAtTime(5, 0)).toBe(0)
  })

  test("knows its last record", () => {
    fill(300)
    expect(log.last()?.version).toBe(300)
  })

  test("gives out no record of which one bit is another (P6)", () => {
    fill(1)
    const value = engine.tables.log.get(versionKey(1)) ?? Buffer.alloc(0)
    for (let bit = 0; bit < 8 * value.length; bit++) {
      const damaged = Buffer.from(value)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      engine.transact(() => engine.tables.log.put(versionKey(1), damaged))
      expect(() => log.record(1)).toThrow(StoreDamaged)
    }
  })

  test.each([0, 1, 31, 32, 50])("gives out no record that is cut to %d bytes (P6)", (length) => {
    fill(1)
    const value = engine.tables.log.get(versionKey(1)) ?? Buffer.alloc(0)
    engine.transact(() => engine.tables.log.put(versionKey(1), value.subarray(0, length)))
    expect(() => log.record(1)).toThrow(StoreDamaged)
    expect(() => log.records(1, 1, 1, 1)).toThrow(StoreDamaged)
  })

  test("gives out no record under another version (P6)", () => {
    fill(2)
    engine.transact(() => engine.tables.log.put(versionKey(1), engine.tables.log.get(versionKey(2)) ?? Buffer.alloc(0)))
    expect(() => log.record(1)).toThrow("the record of version 1 is damaged")
  })

  test("forgets a removed record and its key, and nothing else", () => {
    fill(2)
    const before = engine.dump()
    const chain = new Chain()
    chain.next([])
    chain.next([])
    const third = chain.next([{ id: "a", body: "x" }])
    engine.transact(() => log.put(third, recordKey("new").hash))
    expect(log.versionOfKey(recordKey("new").hash)).toBe(3)
    engine.transact(() => log.remove(third, recordKey("new").hash))
    expect(engine.dump()).toBe(before)
  })

  test("finds a time in as many reads as the number of versions has bits", () => {
    fill(1_000)
    const reads = new Reads()
    const counting = new Log(reads.of(engine.tables).log, engine.tables.keys)
    for (const timeMs of [0, 1_000, 500_500, 999_999, 1_000_000, 2_000_000]) {
      reads.count = 0
      expect(counting.versionAtTime(timeMs, 1_000)).toBe(Math.min(1_000, Math.floor(timeMs / 1_000)))
      expect(reads.count).toBeLessThanOrEqual(10)
    }
  })

  test("says which version is missing where a search by time meets a gap", () => {
    fill(3)
    engine.transact(() => engine.tables.log.remove(versionKey(2)))
    expect(() => log.versionAtTime(1_500, 3)).toThrow("version 2 is missing from the log")
  })
})
