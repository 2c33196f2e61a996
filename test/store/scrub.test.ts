// A pass over all that is stored: says nothing while a store is used in every way, and names what a disk has changed.
import { describe, expect, test } from "bun:test"
import { entityKey, versionKey } from "../../src/store/keys.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { TableName } from "../../src/store/tables.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { Chain } from "./chain.ts"
import { first, lmdbDisk, memoryDisk } from "./disks.ts"
import { RandomHistory } from "./random-history.ts"

/** To the end. */
function scrubbed(store: TableStore): number {
  const pass = store.scrub()
  try {
    while (!pass.step(() => true)) continue
    return pass.entries
  } finally {
    pass.close()
  }
}

function tenVersions(): { readonly store: TableStore; readonly engine: MemoryEngine } {
  const engine = new MemoryEngine()
  const store = new TableStore(engine, first)
  const chain = new Chain()
  for (let version = 1; version <= 10; version++) {
    store.prepareNow({ records: [chain.next([{ id: `${version % 4}`, body: `"${version}"` }])], committed: version - 1 })
    store.commit(version)
  }
  return { store, engine }
}

describe.each([["memory", memoryDisk, 60], ["LMDB", lmdbDisk, 6]] as const)("a pass over a store in %s", (_, disk, seeds) => {
  test("finds nothing in a sound one, whatever is written, undone and trimmed meanwhile, and comes to its end", async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const random = new Random(seed)
      const history = new RandomHistory(seed)
      const opened = disk()
      const store = opened.open()
      let passes = 0
      let pass = store.scrub()
      for (let n = 0; n < 60; n++) {
        await history.step([store])
        if (random.chance(0.1)) await history.moveHorizon([store], random.between(store.horizon().oldest, store.position().committed))
        if (random.chance(0.3)) store.trimNow(random.between(1, 20))
        let left = random.between(0, 15)
        if (!pass.step(() => --left <= 0)) continue
        pass.close()
        passes++
        pass = store.scrub()
      }
      pass.close()
      expect(passes).toBeGreaterThan(0)
      expect(scrubbed(store)).toBeGreaterThan(0)
      await opened.remove()
    }
  })
})

describe("a pass finds", () => {
  const { store: sound } = tenVersions()
  const row = entityKey("things", "2")

  function found(damage: (tables: MemoryEngine["tables"]) => void): string {
    const { store, engine } = tenVersions()
    engine.transact(() => damage(engine.tables))
    expect(() => scrubbed(store)).toThrow(StoreDamaged)
    try {
      scrubbed(store)
    } catch (error) {
      return (error as Error).message
    }
    return ""
  }

  const copyOf = (table: TableName, key: Buffer): Buffer => Buffer.from(sound.engine.tables[table].get(key) ?? "")

  test("a row that the disk has turned back to a former one, or lost", () => {
    const former = Buffer.from(sound.row("things", "2", 6) ?? "")
    const line = "the newest rows are damaged: together they do not give the digest of the state; one of them is not what was written last, or is missing"
    expect(found(({ rows }) => void rows.put(row, former))).toBe(line)
    expect(found(({ rows }) => void rows.remove(row))).toBe(line)
  })

  test("records that are missing, at the beginning, between others, and at the end", () => {
    expect(found(({ log }) => void log.remove(versionKey(1)))).toBe("the log is damaged: version 1 is missing from it")
    expect(found(({ log }) => [4, 5].forEach((version) => void log.remove(versionKey(version))))).toBe("the log is damaged: versions 4 to 5 are missing from it")
    expect(found(({ log }) => void log.remove(versionKey(10)))).toBe("the log is damaged: version 10 is missing from it")
  })

  test("a record under another version, and one of another log", () => {
    expect(found(({ log }) => void log.put(versionKey(5), copyOf("log", versionKey(6))))).toContain("the record of version 5 is damaged")
    const other = new TableStore(new MemoryEngine(), first)
    const chain = new Chain()
    for (let version = 1; version <= 5; version++) {
      other.prepareNow({ records: [chain.next([{ id: "other", body: `${version}` }])], committed: version - 1 })
      other.commit(version)
    }
    const record = Buffer.from(other.engine.tables.log.get(versionKey(5)) ?? "")
    expect(found(({ log }) => void log.put(versionKey(5), record))).toBe("the log is damaged: version 5 does not follow on version 4")
  })
})
