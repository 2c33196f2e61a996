// A copy is made while writes go on: it is of one version, whole, and never in the way.
import { afterEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Copied, copyEnvironment, CopyFailed, copyMark, type CopyOptions, copySteps } from "../../src/store/copy.ts"
import { removeCopyPlaces } from "../../src/store/copy-place.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { commandOf } from "../cluster/real-node.ts"
import { Chain, unique } from "./chain.ts"
import { dump, first } from "./disks.ts"

const roomy = { freeBytes: () => Number.MAX_SAFE_INTEGER, floorBytes: 0 } satisfies CopyOptions

/** A store with writes, beside a place for copies. */
class Copying {
  readonly directory = mkdtempSync(join(tmpdir(), "tandem-copy-"))
  readonly store = openLmdbStore(join(this.directory, "store"), first)
  readonly chain = new Chain()
  readonly #opened: TableStore[] = [this.store]

  async prepare(count: number, bytes = 100): Promise<void> {
    const records = Array.from({ length: count }, (_, n) => {
      const name = `${this.chain.version}-${n % 7}`
      return this.chain.next([{ id: `e${n % 7}`, body: "x".repeat(bytes), terms: [unique(name)] }], { key: name })
    })
    expect(await this.store.prepare({ records, committed: this.store.position().head })).toBeUndefined()
  }

  async write(count: number, bytes?: number): Promise<void> {
    await this.prepare(count, bytes)
    this.store.commit(this.store.position().head)
  }

  copy(options: Partial<CopyOptions> = {}): Promise<Copied> {
    return copyEnvironment(this.store, join(this.directory, "copies", "data.mdb"), { ...roomy, ...options })
  }

  /** As it is at its place. */
  openCopy(): TableStore {
    const copy = openLmdbStore(join(this.directory, "copies"), first)
    this.#opened.push(copy)
    return copy
  }

  get left(): string[] {
    return readdirSync(join(this.directory, "copies"))
  }

  static make(): Copying {
    const copying = new Copying()
    mkdirSync(join(copying.directory, "copies"))
    made.push(copying)
    return copying
  }

  async remove(): Promise<void> {
    for (const store of this.#opened) await store.close()
    rmSync(this.directory, { recursive: true })
  }
}

const made: Copying[] = []
afterEach(async () => {
  for (const copying of made.splice(0)) await copying.remove()
})

describe("a copy", () => {
  test("has everything that the store has, and who it belongs to", async () => {
    const copying = Copying.make()
    await copying.store.saveIdentity({ clusterId: "c", epoch: { number: 3, id: "e" } })
    await copying.write(300)
    const { version, headDigest, bytes, identity } = await copying.copy()
    await copying.store.flush()

    const copy = copying.openCopy()
    expect(dump(copy.engine.tables)).toEqual(dump(copying.store.engine.tables))
    expect(copy.position()).toEqual(copying.store.position())
    expect({ version, headDigest }).toEqual({ version: 300, headDigest: copy.position().headDigest })
    expect(identity).toEqual(copying.store.identity())
    expect(statSync(join(copying.directory, "copies", "data.mdb"))).toMatchObject({ size: bytes })
    expect(statSync(join(copying.directory, "copies", "data.mdb")).mode & 0o777).toBe(0o600)
  })

  test("is of one version at least as new as when it was asked for, however much is written meanwhile", async () => {
    const copying = Copying.make()
    for (let n = 0; n < 20; n++) await copying.write(100, 10_000)
    let copied = false
    const copy = copying.copy().finally(() => {
      copied = true
    })
    while (!copied) {
      await copying.write(3)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { version } = await copy
    expect(version).toBeGreaterThanOrEqual(2_000)
    const opened = copying.openCopy()
    expect(opened.position()).toMatchObject({ head: version, committed: version })
    expect(opened.position().headDigest).toEqual(copying.store.digest(version) ?? new Uint8Array())
    expect((await verifyStore(opened, () => undefined)).problems).toEqual([])
  })
})

describe("what is in doubt while it is copied", () => {
  test("is in the copy where it was committed before the copy was done", async () => {
    const copying = Copying.make()
    await copying.write(5)
    await copying.prepare(2)
    const copy = copying.copy({ at: (step) => step === "copied" && copying.store.commit(7) })
    expect((await copy).version).toBe(7)
    expect(copying.openCopy().position()).toMatchObject({ head: 7, committed: 7 })
  })

  test("is not in the copy where it is not decided, and stays in the store (I9)", async () => {
    const copying = Copying.make()
    await copying.write(5)
    await copying.prepare(2)
    expect((await copying.copy()).version).toBe(5)
    expect(copying.openCopy().position()).toMatchObject({ head: 5, committed: 5 })
    expect(copying.store.position()).toMatchObject({ head: 7, committed: 5 })
  })

  test("is not in the copy where it was taken back and others are committed in its place (I1)", async () => {
    const copying = Copying.make()
    await copying.write(5)
    const back = copying.chain.mark()
    await copying.prepare(2)
    let done: Promise<void> = Promise.resolve()
    const replace = async (): Promise<void> => {
      await copying.store.undo()
      back()
      await copying.write(3, 50)
    }
    const copied = await copying.copy({
      at: (step) => {
        if (step === "copied") done = replace()
      },
    })
    await done
    expect([5, 8]).toContain(copied.version)
    expect(copied.headDigest).toEqual(copying.store.digest(copied.version) ?? new Uint8Array())
    expect((await verifyStore(copying.openCopy(), () => undefined)).problems).toEqual([])
  })
})

describe("there is no copy, and nothing is left of one,", () => {
  test("where it would take the disk's last room", async () => {
    const copying = Copying.make()
    await copying.write(5)
    const refused = copying.copy({ freeBytes: () => 100_000_000, floorBytes: 99_999_999 })
    await expect(refused).rejects.toThrow(/no room for a copy of \d+ bytes in .*: 100000000 bytes are free/)
    expect(copying.left).toEqual([])
  })

  test("where there is something at its place already, which stays", async () => {
    const copying = Copying.make()
    await copying.write(5)
    writeFileSync(join(copying.directory, "copies", "data.mdb"), "mine")
    await expect(copying.copy()).rejects.toThrow(CopyFailed)
    expect(copying.left).toEqual(["data.mdb"])
    expect(statSync(join(copying.directory, "copies", "data.mdb")).size).toBe(4)
  })

  test("where the disk fails in the middle", async () => {
    const copying = Copying.make()
    await copying.write(5)
    const failing = copying.copy({
      at: (step) => {
        if (step === "settled") throw new Error("the disk failed")
      },
    })
    await expect(failing).rejects.toThrow("the copy failed: the disk failed")
    expect(copying.left).toEqual([])
  })
})

test("nothing is trimmed while a copy is made, and trimming goes on after one that failed", async () => {
  const { directory, store } = Copying.make()
  const held: boolean[] = []
  const watched = Object.assign(store, { pauseTrimming: () => (held.push(true), () => void held.push(false)) })
  await expect(copyEnvironment(watched, join(directory, "none", "data.mdb"), roomy)).rejects.toThrow(CopyFailed)
  expect(held).toEqual([true, false])
  await copyEnvironment(watched, join(directory, "copies", "data.mdb"), { ...roomy, at: () => expect(held).toEqual([true, false, true]) })
  expect(held).toEqual([true, false, true, false])
})

const program = join(import.meta.dirname, "copying-process.ts")
const runtimes = { bun: [process.execPath], deno: commandOf("deno").slice(0, -1) } as const

describe.each(["bun", "deno"] as const)("under %s", (runtime) => {
  function run(directory: string, ...step: string[]) {
    const [command = "", ...parameters] = runtimes[runtime]
    return spawnSync(command, [...parameters, program, directory, ...step], { encoding: "utf8", timeout: 60_000 })
  }

  test.each(copySteps)("a process that is killed when it has %s leaves a whole copy or a temporary name that can be removed", async (step) => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-copy-"))
    try {
      expect(run(directory, step).signal).toBe("SIGKILL")
      const names = readdirSync(directory).filter((name) => name !== "store")
      const unfinished = names.filter((name) => /^copy-\w{6}$/.test(name))
      expect(names.includes("copy.mdb")).toBe(step === "renamed")
      expect(unfinished.length).toBe(1)
      removeCopyPlaces(directory, copyMark)
      expect(readdirSync(directory).filter((name) => name !== "store")).toEqual(step === "renamed" ? ["copy.mdb"] : [])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test("a copy is made, and a store that is closed meanwhile ends the process in order", () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-copy-"))
    try {
      const made = run(directory, "never")
      expect({ status: made.status, version: Number(made.stdout) >= 2_000, stderr: made.stderr }).toEqual({ status: 0, version: true, stderr: "" })
      rmSync(directory, { recursive: true })
      expect(run(directory).status).toBe(0)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
