// Fault 15: a byte of a real data file is another, in each table, in a key, a value or a checksum. The full check names the entry, and
// no read shows it: neither in a file that is opened then, nor in one that is open, since LMDB maps it into memory.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { checksumBytes } from "../../src/store/checked-table.ts"
import { entryName } from "../../src/store/entry-name.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { type Table, type TableName, tableNames } from "../../src/store/tables.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Chain, plain, unique } from "./chain.ts"
import { first } from "./disks.ts"
import { flip, type StoredEntry, storedEntries } from "./flipped-file.ts"

const root = mkdtempSync(join(tmpdir(), "tandem-flipped-"))
afterAll(() => rmSync(root, { recursive: true }))

const sound = join(root, "sound")
const entries = new Map<TableName, StoredEntry[]>()

beforeAll(async () => {
  const store = openLmdbStore(sound, first)
  const chain = new Chain()
  for (const changes of [
    [{ id: "a", body: "one", terms: [unique("x"), plain("red")] }, { id: "gone", body: "one" }],
    [{ id: "a", body: "two", terms: [unique("y"), plain("blue")] }, { id: "gone" }],
    [{ id: "b", body: "one", terms: [unique("z"), plain("red")] }],
  ]) {
    await store.prepare({ records: [chain.next(changes, { key: `key ${chain.version}` })], committed: store.position().head })
    store.commit(chain.version)
  }
  await store.flush()
  await store.close()
  for (const name of tableNames) entries.set(name, await storedEntries(join(sound, "data.mdb"), name))
})

let copies = 0
function copy(): { readonly directory: string; readonly path: string } {
  const directory = join(root, `copy-${copies++}`)
  mkdirSync(directory)
  const path = join(directory, "data.mdb")
  copyFileSync(join(sound, "data.mdb"), path)
  return { directory, path }
}

/** Opens it and checks it, as `tandem verify` does. */
async function checked(directory: string): Promise<string[]> {
  let store: TableStore | undefined
  try {
    store = openLmdbStore(directory, first)
    return (await verifyStore(store, () => undefined)).problems.map(({ where, what }) => `${where}: ${what}`)
  } catch (error) {
    if (error instanceof StoreDamaged) return [error.message]
    throw error
  } finally {
    await store?.close()
  }
}

const parts = ["the first of its key", "the last of its key", "the first of its value", "the last of its value", "the last of its checksum"] as const

function placeOf(part: (typeof parts)[number], { key, value }: StoredEntry): number {
  switch (part) {
    case "the first of its key":
      return 0
    case "the last of its key":
      return key.length - 1
    case "the first of its value":
      return key.length
    case "the last of its value":
      return key.length + value.length - checksumBytes - 1
    case "the last of its checksum":
      return key.length + value.length - 1
    default:
      return part satisfies never
  }
}

/** The entry's key as it is now. */
function keyAfterFlip({ key }: StoredEntry, at: number): Buffer {
  const now = Buffer.from(key)
  if (at < key.length) now[at] = (now[at] ?? 0) ^ 0x10
  return now
}

/** What is missing is noticed before what is there in its place. */
const otherNames: { readonly [Name in TableName]?: RegExp } = {
  log: /missing from the log|the log does not end where it should|an entry's key is no version/,
  hard_state: /the stored identity|the log does not end where it should|where the log stands/,
}

function stillFinds(table: Table, key: Buffer): boolean {
  try {
    return table.get(key) !== undefined
  } catch {
    return true
  }
}

/** What says the format has no checksum, and is compared as it is. */
function checkedEntries(name: TableName): StoredEntry[] {
  return (entries.get(name) ?? []).filter(({ key }) => key.toString() !== "format")
}

describe.each(tableNames)("a byte of an entry of %s", (name) => {
  test.each(parts)("that is another is named by the full check: %s (P6)", async (part) => {
    expect(checkedEntries(name).length).toBeGreaterThan(0)
    for (const entry of checkedEntries(name)) {
      const { directory, path } = copy()
      const at = placeOf(part, entry)
      expect(flip(path, entry, at)).toBeGreaterThan(0)
      const lines = await checked(directory)
      const isNamed = lines.some((line) => line.includes(entryName(name, keyAfterFlip(entry, at))) || otherNames[name]?.test(line))
      expect([entry.key.toString(), isNamed || lines]).toEqual([entry.key.toString(), true])
    }
  })

  test.each(parts)("that becomes another in an open file is shown by no read: %s (P6)", async (part) => {
    for (const entry of checkedEntries(name)) {
      const { directory, path } = copy()
      const store = openLmdbStore(directory, first)
      const table = store.engine.tables[name]
      const at = placeOf(part, entry)
      expect(table.get(entry.key)?.equals(entry.value.subarray(0, -checksumBytes))).toBe(true)
      flip(path, entry, at)
      const now = keyAfterFlip(entry, at)
      // Where the order of the keys is lost, a key may not be found.
      const shown = (): Buffer | undefined => table.get(now)
      if (now.equals(entry.key) || stillFinds(table, now)) expect(shown).toThrow(entryName(name, now))
      else expect(shown()).toBeUndefined()
      expect(() => [...table.getRange({})]).toThrow(StoreDamaged)
      expect(() => [...table.getRange({ reverse: true })]).toThrow(StoreDamaged)
      const pass = store.scrub()
      expect(() => pass.step(() => false)).toThrow(StoreDamaged)
      pass.close()
      await store.close()
    }
  })
})

test("a byte of what says the format that is another: the file is refused (P6)", async () => {
  const { directory, path } = copy()
  const entry = entries.get("hard_state")?.find(({ key }) => key.toString() === "format")
  if (entry === undefined) throw new Error("there is no format")
  expect(flip(path, entry, entry.key.length)).toBeGreaterThan(0)
  expect(() => openLmdbStore(directory, first)).toThrow("has format unknown; this release reads format 3")
})
