// The way of a data file to this release's format: everything is there in the end, whatever happens on the way; before the end nothing
// has changed. Where the real program is killed on it, test/cluster/format-migration.test.ts looks.
import { afterAll, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrateFormat, type MigrationHooks, NoRoomToMigrate } from "../../src/store/format-migration.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { Tables } from "../../src/store/tables.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { dump, first } from "./disks.ts"
import { writeFormat2 } from "./format-2.ts"
import { RandomHistory } from "./random-history.ts"

const root = mkdtempSync(join(tmpdir(), "tandem-migration-"))
afterAll(() => rmSync(root, { recursive: true }))

let directories = 0

async function written(seed: number, steps = 60): Promise<{ readonly tables: Tables; readonly history: RandomHistory }> {
  const engine = new MemoryEngine()
  const history = new RandomHistory(seed)
  const store = new TableStore(engine, first)
  for (let step = 0; step < steps; step++) await history.step([store])
  return { tables: engine.tables, history }
}

/** A directory with a file of format 2. */
async function earlier(tables: Tables): Promise<string> {
  const directory = join(root, `data-${directories++}`)
  await writeFormat2(directory, tables)
  return directory
}

function hooks(change: Partial<MigrationHooks> = {}): MigrationHooks & { readonly lines: string[] } {
  const lines: string[] = []
  return { notice: (line) => lines.push(line), freeBytes: () => Number.MAX_SAFE_INTEGER, reached: () => undefined, lines, ...change }
}

describe("a data file of format 2", () => {
  test("is not opened, and told how it gets to format 3 (P6)", async () => {
    const directory = await earlier(new MemoryEngine().tables)
    const before = readFileSync(join(directory, "data.mdb"))
    expect(() => openEnvironment(directory)).toThrow("has format 2; this release reads format 3, and brings it there when its node is started")
    expect(readFileSync(join(directory, "data.mdb")).equals(before)).toBe(true)
  })

  test.each([1, 2, 3])("has the same entries as format 3, and passes the full check: seed %d (P7)", async (seed) => {
    const { tables } = await written(seed)
    const directory = await earlier(tables)
    const { lines, ...given } = hooks()
    await migrateFormat(directory, given)
    const store = openLmdbStore(directory, first)
    expect(dump(store.engine.tables)).toEqual(dump(tables))
    expect((await verifyStore(store, () => undefined)).problems).toEqual([])
    await store.close()
    expect(lines.at(0)).toBe("brings its data from format 2 to format 3; earlier releases cannot read it then")
    expect(lines.at(-1)).toBe("its data has format 3 now")
    expect(readdirSync(directory).sort()).toEqual(["data.mdb", "data.mdb-lock"])
  })

  test("is copied in chunks, with large values and many, and says how far it is", async () => {
    const engine = new MemoryEngine()
    engine.transact(() => {
      for (let n = 0; n < 45_000; n++) engine.tables.index.put(Buffer.from(`${n}`), Buffer.from("x"))
      for (let n = 0; n < 5; n++) engine.tables.rows.put(Buffer.from(`${n}`), Buffer.alloc(10_000_000, n))
    })
    const directory = await earlier(engine.tables)
    let chunks = 0
    const { lines, ...given } = hooks({ reached: (place) => place === "chunk" && chunks++ })
    await migrateFormat(directory, given)
    expect(chunks).toBeGreaterThan(5)
    expect(lines.filter((line) => / \d+ %$/.test(line)).length).toBeGreaterThan(4)
    const opened = openEnvironment(directory)
    expect([...opened.tables.index.getKeys({})].length).toBe(45_000)
    for (let n = 0; n < 5; n++) expect(opened.tables.rows.get(Buffer.from(`${n}`))?.equals(Buffer.alloc(10_000_000, n))).toBe(true)
    await opened.close()
  })

  test.each(["chunk", "rename.before"] as const)("is as it was where the way ends at %s, and the next one begins anew (P1)", async (place) => {
    const { tables } = await written(4)
    const directory = await earlier(tables)
    const before = readFileSync(join(directory, "data.mdb"))
    class Ended extends Error {}
    const ends = hooks({
      reached: (reached) => {
        if (reached === place) throw new Ended()
      },
    })
    await expect(migrateFormat(directory, ends)).rejects.toThrow(Ended)
    expect(readFileSync(join(directory, "data.mdb")).equals(before)).toBe(true)
    expect(readdirSync(directory).some((name) => name.startsWith("new-"))).toBe(true)
    await migrateFormat(directory, hooks())
    expect(readdirSync(directory).some((name) => name.startsWith("new-"))).toBe(false)
    const opened = openEnvironment(directory)
    expect(dump(opened.tables)).toEqual(dump(tables))
    await opened.close()
  })

  test("stays as it is where there is no room for a second one (P6)", async () => {
    const { tables } = await written(5)
    const directory = await earlier(tables)
    const before = readFileSync(join(directory, "data.mdb"))
    const { lines, ...given } = hooks({ freeBytes: () => 1_000_000 })
    const refused = migrateFormat(directory, given)
    await expect(refused).rejects.toThrow(NoRoomToMigrate)
    await expect(refused).rejects.toThrow("there are 1000000. Nothing was changed")
    expect([lines.length, readFileSync(join(directory, "data.mdb")).equals(before), readdirSync(directory).sort()]).toEqual([0, true, ["data.mdb", "data.mdb-lock"]])
  })
})

describe("a data file", () => {
  test("of this format is left as it is, and where there is none there is none then", async () => {
    const directory = join(root, `data-${directories++}`)
    await openLmdbStore(directory, first).close()
    const before = readFileSync(join(directory, "data.mdb"))
    const { lines, ...given } = hooks()
    await migrateFormat(directory, given)
    await migrateFormat(join(root, "nothing"), given)
    expect([lines.length, readFileSync(join(directory, "data.mdb")).equals(before), existsSync(join(root, "nothing"))]).toEqual([0, true, false])
  })

  test("that is damaged is refused and left as it is (P6)", async () => {
    const directory = await earlier(new MemoryEngine().tables)
    writeFileSync(join(directory, "data.mdb"), "no data file")
    await expect(migrateFormat(directory, hooks())).rejects.toThrow(StoreDamaged)
    expect(readFileSync(join(directory, "data.mdb"), "utf8")).toBe("no data file")
  })
})
