// A table with checksums: shows nothing that is not what was put under its key, whatever the disk made of it.
import { beforeEach, describe, expect, test } from "bun:test"
import { CheckedTable, checksumBytes, type DamageEar, formatKey } from "../../src/store/checked-table.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import type { TableName } from "../../src/store/tables.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

let engine: MemoryEngine
let ear: DamageEar
beforeEach(() => {
  engine = new MemoryEngine()
  ear = { listener: undefined }
})

const key = Buffer.from("things\0a\0")
const value = Buffer.from("the value of a")

function table(name: TableName = "rows"): CheckedTable {
  return new CheckedTable(name, engine.tables[name], ear)
}

function put(key: Buffer, value: Buffer, name: TableName = "rows"): void {
  engine.transact(() => {
    table(name).put(key, value)
  })
}

/** What is stored under a key, as the disk would change it. */
function store(key: Buffer, stored: Buffer, name: TableName = "rows"): void {
  engine.transact(() => engine.tables[name].put(key, stored))
}

function stored(key: Buffer, name: TableName = "rows"): Buffer {
  return engine.tables[name].get(key) ?? Buffer.alloc(0)
}

describe("a table with checksums", () => {
  test("gives back what was put, of any size, by key and in ranges", () => {
    const sizes = [0, 1, 3, 4, 5, 100, 70_000, 300_000]
    for (const size of sizes) put(Buffer.from(`${size}`), Buffer.alloc(size, size))
    for (const size of sizes) expect(table().get(Buffer.from(`${size}`))?.equals(Buffer.alloc(size, size))).toBe(true)
    expect([...table().getRange({})].map(({ key, value }) => value.equals(Buffer.alloc(Number(key.toString()), Number(key.toString()))))).toEqual(sizes.map(() => true))
    expect([...table().getRange({ reverse: true, limit: 1 })].map(({ key }) => key.toString())).toEqual([...table().getKeys({ reverse: true, limit: 1 })].map(String))
    expect(table().get(Buffer.from("2"))).toBeUndefined()
    engine.transact(() => {
      table().remove(Buffer.from("1"))
    })
    expect(table().get(Buffer.from("1"))).toBeUndefined()
  })

  test("has four bytes more for each value, and none for what says the format", () => {
    put(key, value)
    put(formatKey, Buffer.from("3"), "hard_state")
    expect([stored(key).length, stored(formatKey, "hard_state").toString(), table("hard_state").get(formatKey)?.toString()]).toEqual([value.length + checksumBytes, "3", "3"])
    expect([...table("hard_state").getRange({})].map(({ value }) => value.toString())).toEqual(["3"])
  })

  test("shows no value of which any bit is another, nor of its key or its checksum (P6)", () => {
    put(key, value)
    const whole = Buffer.concat([key, stored(key)])
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const damaged = Buffer.from(whole)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const [damagedKey, damagedValue] = [damaged.subarray(0, key.length), damaged.subarray(key.length)]
      engine = new MemoryEngine()
      store(damagedKey, damagedValue)
      expect(() => table().get(damagedKey)).toThrow(StoreDamaged)
      expect(() => [...table().getRange({})]).toThrow(StoreDamaged)
    }
  })

  test.each([0, 1, 3, 4, 7])("shows no value that was cut to %d bytes (P6)", (length) => {
    put(key, value)
    store(key, stored(key).subarray(0, length))
    expect(() => table().get(key)).toThrow("the newest row of things/a is damaged: its key and its value do not give its checksum")
  })

  test("shows no value of another key, nor of another table (P6)", () => {
    const other = Buffer.from("things\0b\0")
    put(key, value)
    store(other, stored(key))
    store(key, stored(key), "history")
    expect(() => table().get(other)).toThrow(StoreDamaged)
    expect(() => table("history").get(key)).toThrow(StoreDamaged)
  })

  test("tells who listens, and goes on, until nobody listens any more", () => {
    put(key, value)
    const damaged = Buffer.from(stored(key))
    damaged[0] = 0
    store(key, damaged)
    store(Buffer.from("z"), Buffer.from("abc"))
    const heard: string[] = []
    ear.listener = (name, key) => heard.push(`${name} ${key.toString()}`)
    expect(table().get(key)?.equals(damaged.subarray(0, value.length))).toBe(true)
    expect([...table().getRange({})].map(({ value }) => value.length)).toEqual([value.length, 0])
    expect(heard).toEqual([`rows ${key.toString()}`, `rows ${key.toString()}`, "rows z"])
    ear.listener = undefined
    expect(() => table().get(key)).toThrow(StoreDamaged)
  })
})
