// The look at a data file before LMDB maps it: lets every sound file pass, however it came about, and takes any damage for damage.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { checkDataFile } from "../../src/store/data-file.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import type { Engine } from "../../src/store/tables.ts"
import { Random } from "../sim/random.ts"
import { dump } from "./disks.ts"

const root = mkdtempSync(join(tmpdir(), "tandem-file-"))
afterAll(() => rmSync(root, { recursive: true }))

const pageBytes = 4_096

/** The file of an environment after each of some transactions that put, replace and remove values of many sizes. */
async function* files(seed: number, transactions: number): AsyncGenerator<{ readonly bytes: Buffer; readonly engine: Engine }> {
  const random = new Random(seed)
  const directory = join(root, `seed-${seed}`)
  const engine = openEnvironment(directory)
  try {
    for (let n = 0; n < transactions; n++) {
      engine.transact(() => {
        for (let count = random.between(1, 12); count > 0; count--) {
          const table = random.pick([engine.tables.rows, engine.tables.history, engine.tables.log])
          const key = Buffer.from(`key ${random.between(1, 20)}`)
          if (random.chance(0.3)) table.remove(key)
          else table.put(key, Buffer.alloc(random.pick([10, 2_000, 30_000, 200_000]), n))
        }
      })
      yield { bytes: readFileSync(join(directory, "data.mdb")), engine }
    }
  } finally {
    await engine.close()
  }
}

function outcome(bytes: Buffer): "sound" | "damaged" {
  const path = join(root, "looked-at")
  writeFileSync(path, bytes)
  try {
    checkDataFile(path)
    return "sound"
  } catch (error) {
    if (error instanceof StoreDamaged) return "damaged"
    throw error
  }
}

describe("a file that LMDB wrote", () => {
  test.each([1, 2, 3])("is sound after every transaction, also where it ends before its last page: seed %d", async (seed) => {
    for await (const { bytes } of files(seed, 100)) expect(outcome(bytes)).toBe("sound")
  })

  test("is sound with whatever a killed transaction left behind its last page", async () => {
    for await (const { bytes } of files(4, 5)) expect(outcome(Buffer.concat([bytes, Buffer.alloc(10_000, 0xa5)]))).toBe("sound")
  })
})

describe("a file that was cut", () => {
  test("is refused, or has everything that was in it", async () => {
    const seen = { sound: 0, damaged: 0 }
    for await (const { bytes, engine } of files(5, 12)) {
      const whole = dump(engine.tables)
      for (let pages = 0; pages < bytes.length / pageBytes; pages += 7) {
        const cut = bytes.subarray(0, bytes.length - pages * pageBytes)
        const found = outcome(cut)
        seen[found]++
        if (found === "damaged") continue
        // Reads every page; one that is not there would end the process.
        const directory = join(root, `cut-${seen.sound}`)
        mkdirSync(directory)
        writeFileSync(join(directory, "data.mdb"), cut)
        const other = openEnvironment(directory)
        expect(dump(other.tables)).toEqual(whole)
        await other.close()
      }
    }
    expect(seen.sound).toBeGreaterThan(11)
    expect(seen.damaged).toBeGreaterThan(50)
  })
})

describe("a file in which bytes are others", () => {
  let sound: Buffer
  beforeAll(async () => {
    for await (const { bytes } of files(6, 30)) sound = bytes
  })

  test("is sound or damaged, and never an error of another kind, nor endless", () => {
    const random = new Random(9)
    const seen = { sound: 0, damaged: 0 }
    for (let n = 0; n < 400; n++) {
      const bytes = Buffer.from(sound)
      // Cut as well, so that the list of free pages and the trees are looked at.
      const cut = random.chance(0.5) ? bytes.subarray(0, bytes.length - random.between(1, 40) * pageBytes) : bytes
      const from = random.chance(0.5) ? random.between(0, 2 * pageBytes) : random.between(0, cut.length - 1)
      for (let at = from; at < Math.min(cut.length, from + random.pick([1, 8, pageBytes])); at++) cut[at] = random.between(0, 255)
      seen[outcome(cut)]++
    }
    expect(seen.sound).toBeGreaterThan(0)
    expect(seen.damaged).toBeGreaterThan(100)
  })

  test("is damaged where the root of a table is garbage", () => {
    const bytes = Buffer.from(sound)
    const metas = [24, pageBytes + 24].sort((a, b) => Number(bytes.readBigUInt64LE(b + 128) - bytes.readBigUInt64LE(a + 128)))
    const mainRoot = Number(bytes.readBigUInt64LE((metas[0] ?? 0) + 112))
    bytes.fill(0xa5, mainRoot * pageBytes, (mainRoot + 1) * pageBytes)
    expect(outcome(bytes)).toBe("damaged")
  })
})
