// The rules for LMDB under this runtime, each with a test that notices when it is broken, or when a new version of lmdb breaks it.
//
// Rules that belong to other layers are proven there:
//   what is on disk when prepare resolves, sync by sync   test/cluster/durability.test.ts
//   a failed sync ends the process, the next start is clean   test/cluster/disk-faults.test.ts
//   a floor of free space                                 test/runtime/disk-space.test.ts
//   unhandled errors end the process with one line        test/runtime/exit.test.ts
//   the watchdog in its own thread                        test/runtime/watchdog.test.ts
//   the lock of the data directory                        test/runtime/file-lock.test.ts
//   password hashing has its own small queue              test/operations/passwords.test.ts
//   exact versions                                        test/tidy.test.ts
//   a flipped byte in any value is found                  test/store/verify.test.ts
//   keys are well-formed text without NUL                 test/operations/fields.test.ts
import { afterAll, afterEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { open } from "lmdb"
import { bounds } from "../../src/bounds.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { Engine } from "../../src/store/tables.ts"
import { Chain, type Change, plain, unique } from "./chain.ts"
import { Reads } from "./counting-tables.ts"
import { dump, first } from "./disks.ts"

const root = mkdtempSync(join(tmpdir(), "tandem-rules-"))
afterAll(() => rmSync(root, { recursive: true }))

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

let directories = 0
function newDirectory(): string {
  return join(root, `data-${directories++}`)
}

function openEngine(directory = newDirectory()): Engine {
  const engine = openEnvironment(directory)
  engines.push(engine)
  return engine
}

function dataFile(directory: string): string {
  return join(directory, "data.mdb")
}

describe("rule 1: LMDB is opened", () => {
  test("with the options that lose nothing, and no others, also when the file is made", () => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "opened-with.ts"), newDirectory()], { encoding: "utf8" })
    expect(stderr).toBe("")
    const given = stdout.trim().split("\n").map((line) => JSON.parse(line) as { readonly path: string })
    expect(given.map(({ path }) => path.endsWith("data.mdb"))).toEqual([true, true])
    const wanted = { noSubdir: true, overlappingSync: false, encoding: "binary", keyEncoding: "binary", maxDbs: 8, permissionsMode: 0o600 }
    expect(given.map(({ path: _, ...rest }): unknown => rest)).toEqual([wanted, wanted])
  })
})

describe("rules 2 and 3: a write transaction", () => {
  const key = Buffer.from("key")

  test("takes no function that returns a promise, and does nothing of it", async () => {
    const engine = openEngine()
    const before = dump(engine.tables)
    const asynchronous = async (): Promise<void> => {
      engine.tables.rows.put(key, Buffer.from("1"))
    }
    expect(() => engine.transact(asynchronous)).toThrow("must not return a promise")
    expect(() => engine.transact(() => engine.tables.rows.put(key, Buffer.from("1")) as undefined)).toThrow("must not return a promise")
    await new Promise((resolve) => setImmediate(resolve))
    expect(dump(engine.tables)).toEqual(before)
  })

  test("that throws leaves nothing, and the next one is whole and on disk", () => {
    const directory = newDirectory()
    const engine = openEngine(directory)
    const before = dump(engine.tables)
    const fails = (): void => {
      engine.tables.rows.put(key, Buffer.alloc(100_000))
      engine.tables.log.put(key, Buffer.from("1"))
      throw new Error("not this one")
    }
    for (let time = 0; time < 3; time++) {
      expect(() => engine.transact(fails)).toThrow("not this one")
      expect(dump(engine.tables)).toEqual(before)
    }
    engine.transact(() => {
      engine.tables.rows.put(key, Buffer.from("2"))
    })
    expect(engine.tables.log.get(key)).toBeUndefined()
    const copy = newDirectory()
    mkdirSync(copy)
    copyFileSync(dataFile(directory), dataFile(copy))
    expect(openEngine(copy).tables.rows.get(key)?.toString()).toBe("2")
  })
})

describe("rule 4: what was prepared", () => {
  test.each([1, 2, 9])("%d times is there after the process kills itself right behind it (P1)", (batches) => {
    const directory = newDirectory()
    const { stdout, signal, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "dying-writer.ts"), directory, `${batches}`], { encoding: "utf8" })
    expect(`${signal} ${stderr}`).toBe("SIGKILL ")
    const [head = "", digest] = stdout.trim().split("\n").at(-1)?.split(" ") ?? []
    const store = openLmdbStore(directory, first)
    engines.push(store.engine)
    expect(Number(head)).toBe(2 * batches)
    expect([store.position().head, Buffer.from(store.position().headDigest).toString("hex")]).toEqual([Number(head), digest ?? ""])
    expect(store.position().committed).toBe(2 * batches - 2)
    for (let n = 1; n <= batches; n++) expect(store.lookup("things", "name", unique(`v${n}`).value, 2 * n - 1)).toBe(`e${n}`)
  })
})

describe("rule 9: a data file", () => {
  /** A store with trees of some depth and pages of their own. */
  function sound(): { readonly directory: string; readonly bytes: Buffer } {
    const directory = newDirectory()
    const store = openLmdbStore(directory, first)
    engines.push(store.engine)
    const chain = new Chain()
    for (let n = 0; n < 20; n++) {
      const changes = Array.from({ length: 40 }, (_, id): Change => ({ id: `e${id}`, body: "x".repeat(id === 0 ? 30_000 : 200) }))
      store.prepareNow({ records: [chain.next(changes)], committed: n })
      store.commit(n + 1)
    }
    return { directory, bytes: readFileSync(dataFile(directory)) }
  }

  let soundBytes: Buffer | undefined
  const pageBytes = 4_096
  const damages: readonly (readonly [what: string, damage: (bytes: Buffer) => Buffer])[] = [
    ["empty", () => Buffer.alloc(0)],
    ["of one byte", (bytes) => bytes.subarray(0, 1)],
    ["of 4,096 bytes", (bytes) => bytes.subarray(0, pageBytes)],
    ["of its meta pages only", (bytes) => bytes.subarray(0, 2 * pageBytes)],
    ["of zeros", (bytes) => Buffer.alloc(bytes.length)],
    ["of garbage", (bytes) => Buffer.alloc(bytes.length, "garbage ")],
    ["of another program", () => Buffer.from("SQLite format 3\0".padEnd(20_000, "x"))],
    ["with zeros behind its meta pages", (bytes) => Buffer.concat([bytes.subarray(0, 2 * pageBytes), Buffer.alloc(bytes.length - 2 * pageBytes)])],
    ["with garbage behind its meta pages", (bytes) => Buffer.concat([bytes.subarray(0, 2 * pageBytes), Buffer.alloc(bytes.length - 2 * pageBytes, 0xa5)])],
    ["without its first meta page", (bytes) => Buffer.concat([Buffer.alloc(pageBytes), bytes.subarray(pageBytes)])],
    ["without its second meta page", (bytes) => Buffer.concat([bytes.subarray(0, pageBytes), Buffer.alloc(pageBytes), bytes.subarray(2 * pageBytes)])],
    ["with a page size of 0", (bytes) => patched(bytes, 48, 0)],
    ["of another data version", (bytes) => patched(bytes, 28, 1)],
    ...[0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99].map((part) => [`cut to ${part} of it`, (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * part))] as const),
    ["without its last page", (bytes) => bytes.subarray(0, bytes.length - pageBytes)],
    ["without its last byte", (bytes) => bytes.subarray(0, bytes.length - 1)],
  ]
  test.each(damages)("that is damaged is refused, and left as it is: %s (P6)", async (_, damage) => {
    soundBytes ??= sound().bytes
    const damaged = damage(soundBytes)
    const directory = newDirectory()
    mkdirSync(directory)
    writeFileSync(dataFile(directory), damaged)
    expect(() => openEngine(directory)).toThrow(StoreDamaged)
    expect(readFileSync(dataFile(directory)).equals(damaged)).toBe(true)
    expect(readdirSync(directory).filter((name) => name.startsWith("new-"))).toEqual([])
  })

  test("of an unknown format is refused, and left as it is (P6)", async () => {
    const directory = newDirectory()
    const engine = openEngine(directory)
    engine.transact(() => {
      engine.tables.hard_state.put(Buffer.from("format"), Buffer.from("4"))
    })
    await engines.pop()?.close()
    const before = readFileSync(dataFile(directory))
    expect(() => openEngine(directory)).toThrow("has format 4; this release reads format 3")
    expect(readFileSync(dataFile(directory)).equals(before)).toBe(true)
  })

  test("of another program that uses LMDB is refused, and left as it is (P6)", async () => {
    const directory = newDirectory()
    mkdirSync(directory)
    const other = open<string, string>({ path: dataFile(directory), noSubdir: true, overlappingSync: false })
    await other.put("a", "b")
    await other.close()
    const before = readFileSync(dataFile(directory))
    expect(() => openEngine(directory)).toThrow("unknown format")
    expect(readFileSync(dataFile(directory)).equals(before)).toBe(true)
  })

  test("that is sound is not written to by opening and closing it", async () => {
    const { directory, bytes } = sound()
    await engines.pop()?.close()
    const store = openLmdbStore(directory, first)
    expect(store.position().head).toBe(20)
    await store.close()
    expect(readFileSync(dataFile(directory)).equals(bytes)).toBe(true)
  })

  test("may end before its last page, where the missing ones are free", () => {
    const directory = newDirectory()
    const { tables, transact } = openEngine(directory)
    let short = 0
    // Pages that one transaction takes and gives up are not written.
    for (let n = 0; n < 60; n++) {
      transact(() => {
        tables.rows.put(Buffer.from(`${n % 3}`), Buffer.alloc(20_000 + 4_000 * n))
        tables.rows.put(Buffer.from("given up"), Buffer.alloc(300_000))
        tables.rows.remove(Buffer.from("given up"))
      })
      const bytes = readFileSync(dataFile(directory))
      if (lastPage(bytes) >= Math.floor(bytes.length / pageBytes)) short++
      const copy = newDirectory()
      mkdirSync(copy)
      writeFileSync(dataFile(copy), bytes)
      expect(openEngine(copy).tables.rows.get(Buffer.from(`${n % 3}`))?.length).toBe(20_000 + 4_000 * n)
    }
    expect(short).toBeGreaterThan(0)
  })

  test("is made in a directory of its own, and what a killed creation left is removed", () => {
    const directory = newDirectory()
    mkdirSync(directory)
    const { signal } = spawnSync(process.execPath, [join(import.meta.dirname, "dying-writer.ts"), directory, "0"])
    expect(signal).toBe("SIGKILL")
    expect(readdirSync(directory)).toHaveLength(1)
    writeFileSync(join(directory, "new-plans.txt"), "not ours")
    openEngine(directory)
    expect(readdirSync(directory).sort()).toEqual(["data.mdb", "data.mdb-lock", "new-plans.txt"])
  })

  test("and its directory are the owner's alone", () => {
    const directory = newDirectory()
    openEngine(directory)
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
    expect([directory, dataFile(directory), `${dataFile(directory)}-lock`].map(mode)).toEqual(["700", "600", "600"])
  })
})

describe("rule 11: a read transaction", () => {
  const turns = 150

  /** The size of a file after as many overwrites as turns, with something else done in each turn. */
  async function sizeAfter(inTurn: (engine: Engine, turn: number) => void): Promise<number> {
    const directory = newDirectory()
    const engine = openEngine(directory)
    for (let turn = 0; turn < turns; turn++) {
      engine.transact(() => {
        for (let n = 0; n < 20; n++) engine.tables.rows.put(Buffer.from(`things\0${n}\0`), Buffer.alloc(3_000, turn))
      })
      inTurn(engine, turn)
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    return statSync(dataFile(directory)).size
  }

  test("does not outlive its turn: reads do not make the file grow, as a read that is held does", async () => {
    const alone = await sizeAfter(() => undefined)
    const read = await sizeAfter((engine) => {
      const store = new TableStore(engine, first)
      for (let n = 0; n < 20; n++) store.row("things", `${n}`, 2 ** 40)
      store.page("things", { at: 2 ** 40, after: undefined, limit: 3 })
      store.history("things", "1", { at: 2 ** 40, limit: 1 })
      store.lookup("things", "name", unique("x").value, 0)
    })
    const held = await sizeAfter((engine, turn) => {
      if (turn === 0) engine.tables.rows.getRange({})[Symbol.iterator]().next()
    })
    expect(read).toBeLessThan(1.5 * alone)
    expect(held).toBeGreaterThan(3 * alone)
  })

  test("is never held over an await: nothing in the store waits inside a range", () => {
    const source = join(import.meta.dirname, "../../src/store")
    const waiting = readdirSync(source).filter((name) => name.endsWith(".ts") && /for await|useReadTransaction|\btransaction\(|transactionAsync|getAsync|prefetch/.test(readFileSync(join(source, name), "utf8")))
    expect(waiting).toEqual([])
  })
})

describe("rules 12 and 15: LMDB's", () => {
  test("backup() fsyncs nothing, so it is called in one place, by what copies, checks, syncs and renames", () => {
    const source = join(import.meta.dirname, "../../src")
    const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    const callers = (call: string): string[] => files.filter((name) => readFileSync(join(source, name), "utf8").includes(call))
    expect([callers(".backup("), callers("engine.copyTo(")]).toEqual([["store/lmdb-engine.ts"], ["store/copy.ts"]])
  })

  test.each(["getBinaryFast", "getSharedBinary", "putSync", "removeSync"])("%s is not called", (call) => {
    const source = join(import.meta.dirname, "../../src/store")
    expect(readdirSync(source).filter((name) => name.endsWith(".ts") && readFileSync(join(source, name), "utf8").includes(call))).toEqual([])
  })

  test("values are copies, of any size, whatever is read or written next", () => {
    const { tables, transact } = openEngine()
    const sizes = [1, 100, 4_000, 16_383, 16_384, 32_768, 32_769, 100_000, 3_000_000]
    const write = (fill: number) => (): void => {
      for (const size of sizes) tables.rows.put(Buffer.from(`${size}`), Buffer.alloc(size, fill))
    }
    transact(write(1))
    const got = sizes.map((size) => tables.rows.get(Buffer.from(`${size}`)))
    const ranged = [...tables.rows.getRange({})]
    transact(write(2))
    for (const size of sizes) tables.rows.get(Buffer.from(`${size}`))
    expect(got.map((value) => value?.equals(Buffer.alloc(value.length, 1)))).toEqual(sizes.map(() => true))
    expect(got.map((value) => value?.length)).toEqual(sizes)
    expect(ranged.map(({ key, value }) => value.equals(Buffer.alloc(Number(key.toString()), 1)))).toEqual(sizes.map(() => true))
  })
})

describe("rule 13: keys", () => {
  test("are in the order of their bytes, whatever they are", () => {
    const { tables, transact } = openEngine()
    const keys = ["a", "a\0", "a\u0001", "ab", "b", "1", "10", "2", "ä", "語", "😀", "\uffee", "Z", "~"].map((text) => Buffer.from(text))
    keys.push(Buffer.from([0, 0]), Buffer.from([1]), Buffer.from([0xff]), Buffer.from([0xff, 0xff]))
    transact(() => {
      for (const key of keys) tables.rows.put(key, key)
    })
    const sorted = keys.map((key) => key.toString("hex")).sort()
    expect([...tables.rows.getKeys({})].map((key) => key.toString("hex"))).toEqual(sorted)
    expect([...tables.rows.getKeys({ reverse: true })].map((key) => key.toString("hex"))).toEqual(sorted.toReversed())
  })

  test("of the greatest length fit, in every table", () => {
    const store = new TableStore(openEngine(), first)
    const chain = new Chain()
    const collection = "c".repeat(bounds.collectionNameLengthMax)
    const id = "語".repeat(bounds.idLengthMax)
    const value = "v".repeat(bounds.keyBytesMax - Buffer.byteLength(collection) - Buffer.byteLength(id))
    const terms = [unique(value, "f".repeat(255)), plain(value, "g".repeat(255))]
    for (const change of [{ collection, id, body: "1", terms }, { collection, id }, { collection, id, body: "3", terms }]) {
      expect(store.prepareNow({ records: [chain.next([change])], committed: chain.version - 1 })).toBeUndefined()
      store.commit(chain.version)
    }
    expect([1, 2, 3].map((at) => store.lookup(collection, "f".repeat(255), unique(value).value, at))).toEqual([id, undefined, id])
    expect(store.history(collection, id, { at: 3, limit: 9 })).toHaveLength(3)
    expect(store.page(collection, { at: 3, after: undefined, limit: 9 }).rows.map((row) => row.id)).toEqual([id])
  })
})

describe("rule 14: what one transaction removes", () => {
  test("is one batch at most, because only undo removes and at most one batch is in doubt", async () => {
    const store = new TableStore(openEngine(), first)
    const chain = new Chain()
    const records = Array.from({ length: bounds.batchCountMax }, (_, n) => chain.next([{ id: `e${n % 7}`, body: `${n}`, terms: [unique(`${n % 5} ${n % 7}`)] }], { key: `${n}` }))
    const before = dump(store.engine.tables)
    expect(store.prepareNow({ records, committed: 0 })).toBeUndefined()
    await store.undo()
    expect(dump(store.engine.tables).filter((line) => !line.startsWith("hard_state"))).toEqual(before.filter((line) => !line.startsWith("hard_state")))
    expect(store.position().head).toBe(0)
  })
})

describe("start-up", () => {
  test("reads as much of a large store as of a small one", () => {
    const readsAtStart = (versions: number): number => {
      const engine = openEngine()
      const store = new TableStore(engine, first)
      const chain = new Chain()
      const records = Array.from({ length: versions }, (_, n) => chain.next([{ id: `e${n}`, body: "x", terms: [unique(`${n}`)] }], { key: `${n}` }))
      store.prepareNow({ records, committed: 0 })
      const reads = new Reads()
      expect(new TableStore({ ...engine, tables: reads.of(engine.tables) }, first).position().head).toBe(versions)
      return reads.count
    }
    const small = readsAtStart(3)
    expect(small).toBeGreaterThan(0)
    expect(readsAtStart(3_000)).toBe(small)
  })
})

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt32LE(value, at)
  return changed
}

/** Of the newest meta page. */
function lastPage(bytes: Buffer): number {
  const metas = [24, 4_120].map((at) => ({ last: Number(bytes.readBigUInt64LE(at + 120)), transaction: bytes.readBigUInt64LE(at + 128) }))
  return metas.sort((a, b) => Number(b.transaction - a.transaction))[0]?.last ?? 0
}
