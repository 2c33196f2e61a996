// The shipper ships what is committed, once, goes on where the target ends, and costs nothing but lag where it cannot; a replay of what it
// shipped gives the same store.
import { afterEach, describe, expect, test } from "bun:test"
import { replay, ReplayRefused } from "../../src/node/replay.ts"
import { parseSegmentName } from "../../src/node/segment.ts"
import { Shipper } from "../../src/node/shipper.ts"
import { sealRecord } from "../../src/protocol/record.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { Chain, unique } from "../store/chain.ts"
import { type Disk, dump, first, memoryDisk } from "../store/disks.ts"
import { MemoryTarget } from "./memory-target.ts"

const disks: Disk[] = []

afterEach(async () => {
  for (const disk of disks.splice(0)) await disk.remove()
})

class Shipping {
  nowMs = 0
  readonly notices: string[] = []
  readonly fatal: unknown[] = []
  readonly store: TableStore
  readonly chain: Chain
  shipper: Shipper

  constructor(
    readonly target = new MemoryTarget(),
    chain = new Chain(),
    store?: TableStore,
  ) {
    this.chain = chain
    this.store = store ?? emptyStore()
    this.shipper = this.#start()
  }

  #start(): Shipper {
    return new Shipper({ store: this.store, target: this.target, monotonicMs: () => this.nowMs, wallMs: () => 1_000_000, notice: (line) => this.notices.push(line), fatal: (error) => this.fatal.push(error) })
  }

  restart(): void {
    this.shipper = this.#start()
  }

  async write(count: number, body = "{}", commit = true): Promise<void> {
    const records = Array.from({ length: count }, (_, n) => this.chain.next([{ id: `e${n}`, body, terms: [unique(`${this.chain.version}`)] }]))
    expect(await this.store.prepare({ records, committed: this.store.position().head })).toBeUndefined()
    if (commit) this.store.commit(this.store.position().head)
  }

  /** A second later, until nothing is under way. */
  async ship(): Promise<void> {
    this.nowMs += 1_000
    this.shipper.tick()
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  get ranges(): readonly (readonly [number, number])[] {
    return this.target.names.map((name) => parseSegmentName(name)).map((parsed) => [parsed?.from ?? 0, parsed?.to ?? 0] as const)
  }
}

function emptyStore(): TableStore {
  const disk = memoryDisk()
  disks.push(disk)
  return disk.open({ ...first, clusterId: "c1u57e12ff", epoch: { number: 1, id: "e1" } })
}

/** A store as a backup of that version would have it. */
async function backupAt(from: TableStore, version: number): Promise<TableStore> {
  const store = emptyStore()
  const records = from.records(1, version, 10_000, 100_000_000)
  if (records.length > 0) await store.prepare({ records, committed: 0 })
  store.commit(version)
  return store
}

/** a goes on alone after what both have, up to version 7, and ships it; b has shipped nothing yet. */
async function parted(): Promise<{ readonly a: Shipping; readonly b: Shipping }> {
  const a = new Shipping()
  await a.write(3)
  await a.ship()
  const b = new Shipping(a.target, new Chain(), await backupAt(a.store, 3))
  await a.write(4, '{"of":"a"}')
  await a.ship()
  return { a, b }
}

/** Of a node that was promoted: records of epoch 2 after what both have. */
async function reign({ store }: Shipping, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { head, headDigest } = store.position()
    await store.prepare({ records: [sealRecord({ version: head + 1, epoch: 2, timeMs: 9_000, parent: headDigest, key: undefined, meta: { principal: "b" }, operations: "[]", results: "[]", writes: [] })], committed: head })
    store.commit(head + 1)
  }
  await store.saveIdentity({ epoch: { number: 2, id: "e2" } })
}

describe("a primary", () => {
  test("ships what was committed since, in one segment, and nothing twice; what is in doubt waits (I9)", async () => {
    const shipping = new Shipping()
    await shipping.ship()
    expect(shipping.ranges).toEqual([])
    await shipping.write(3)
    await shipping.write(2)
    await shipping.write(1, "{}", false)
    await shipping.ship()
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 5]])
    shipping.store.commit(6)
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 5], [6, 6]])
    expect(shipping.shipper.status).toEqual({ version: 6, lagVersions: 0, lagMs: 0, error: null })
  })

  test("waits a second between two looks", async () => {
    const shipping = new Shipping()
    await shipping.ship()
    await shipping.write(1)
    shipping.shipper.tick()
    expect(shipping.ranges).toEqual([])
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 1]])
  })

  test("ships much in segments of a bounded size", async () => {
    const shipping = new Shipping()
    await shipping.write(40, JSON.stringify("x".repeat(250_000)))
    await shipping.ship()
    expect(shipping.ranges.length).toBeGreaterThan(1)
    for (const bytes of shipping.target.segments.values()) expect(bytes.length).toBeLessThan(6 * 1024 * 1024)
    expect(shipping.ranges.at(-1)?.[1]).toBe(40)
  })

  test("goes on where the target ends when it starts again", async () => {
    const shipping = new Shipping()
    await shipping.write(3)
    await shipping.ship()
    shipping.restart()
    await shipping.write(2)
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 3], [4, 5]])
  })

  test("has a target that fails cost lag and one notice, and catches up afterwards", async () => {
    const shipping = new Shipping()
    await shipping.write(1)
    await shipping.ship()
    shipping.target.failing = new Error("it is full")
    await shipping.write(2)
    for (let n = 0; n < 3; n++) await shipping.ship()
    expect(shipping.shipper.status.error).toBe("it is full")
    expect(shipping.notices).toEqual(["cannot ship its log to the target, and goes on trying: it is full"])
    shipping.target.failing = undefined
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 1], [2, 3]])
    expect(shipping.shipper.status).toEqual({ version: 3, lagVersions: 0, lagMs: 0, error: null })
    expect(shipping.notices.length).toBe(2)
  })

  test("that has forgotten what the target lacks says so, and begins anew there", async () => {
    const shipping = new Shipping()
    await shipping.write(3)
    await shipping.ship()
    shipping.target.failing = new Error("it is away")
    await shipping.write(9)
    await shipping.ship()
    // As retention leaves it.
    Object.assign(shipping.store, { logStart: () => 8 })
    shipping.target.failing = undefined
    await shipping.ship()
    expect(shipping.ranges).toEqual([[1, 3], [8, 12]])
    expect(shipping.notices[1]).toContain("does not reach up to version 7, and retention took away what is before")
    const store = await backupAt(shipping.store, 9)
    await replay(store, shipping.target, undefined, () => undefined)
    expect(store.position().head).toBe(12)
    await expect(replay(await backupAt(shipping.store, 2), shipping.target, undefined, () => undefined)).rejects.toThrow("has nothing that follows version 3, and goes on at version 8")
  })

  test("says how far behind the target is", async () => {
    const shipping = new Shipping()
    await shipping.write(1)
    await shipping.ship()
    await shipping.write(2)
    expect(shipping.shipper.status).toEqual({ version: 1, lagVersions: 2, lagMs: 1_000_000 - 2_000, error: null })
  })
})

test("a replica ships nothing, and says so", async () => {
  const shipping = new Shipping()
  await shipping.write(2)
  await shipping.store.saveIdentity({ role: "replica" })
  await shipping.ship()
  expect(shipping.ranges).toEqual([])
  expect(shipping.shipper.status.version).toBeNull()
})

test("a promoted node goes on where the other one ended, and neither overwrites what the other shipped", async () => {
  const a = new Shipping()
  await a.write(3)
  await a.ship()
  const back = a.chain.mark()
  const b = new Shipping(a.target, a.chain, await backupAt(a.store, 3))
  await b.store.saveIdentity({ epoch: { number: 2, id: "e2" } })
  // The old primary ships one more that only it has.
  await a.write(1, '{"of":"a"}')
  await a.ship()
  back()
  await b.write(1, '{"of":"b"}')
  await b.ship()
  expect(a.ranges).toEqual([[1, 3], [4, 4], [4, 4]])
})

describe("a replay", () => {
  test("from any version on, also from the middle of a segment, gives the same store", async () => {
    const shipping = new Shipping()
    for (let n = 0; n < 4; n++) {
      await shipping.write(5)
      await shipping.ship()
    }
    for (let version = 0; version <= 20; version++) {
      const store = await backupAt(shipping.store, version)
      await replay(store, shipping.target, undefined, () => undefined)
      await store.flush()
      await shipping.store.flush()
      expect(dump(store.engine.tables)).toEqual(dump(shipping.store.engine.tables))
    }
  })

  test("ends at a version or a time", async () => {
    const shipping = new Shipping()
    await shipping.write(5)
    await shipping.ship()
    await shipping.write(5)
    await shipping.ship()
    for (const [goal, version] of [[{ version: 7 }, 7], [{ version: 5 }, 5], [{ timeMs: 6_999 }, 6], [{ timeMs: 7_000 }, 7], [{ timeMs: 99_000 }, 10]] as const) {
      const store = await backupAt(shipping.store, 3)
      await replay(store, shipping.target, goal, () => undefined)
      expect([goal, store.position().committed]).toEqual([goal, version])
    }
  })

  test("follows the newest reign where two go on from the same version, and knows its number", async () => {
    const { a, b } = await parted()
    await reign(b, 1)
    await b.ship()
    const store = await backupAt(a.store, 2)
    expect(await replay(store, a.target, undefined, () => undefined)).toBe(2)
    expect(store.position()).toMatchObject({ head: 4, headDigest: b.store.position().headDigest })
  })

  // With 9 of its own that version is in the middle of a segment, with 4 at the end of one.
  test.each([9, 4])("is refused where the backup ends with a version that the node that was promoted has as another one, among %i of its own (P1)", async (own) => {
    const { a, b } = await parted()
    // What goes on from the backup is there as well, and is of the older reign.
    await a.write(2, '{"of":"a"}')
    await a.ship()
    await reign(b, own)
    await b.ship()
    const store = await backupAt(a.store, 7)
    await expect(replay(store, a.target, undefined, () => undefined)).rejects.toThrow("has another version 7 than the backup")
    expect(store.position().head).toBe(7)
  })

  test.each([
    ["there is no log of this cluster", (shipping: Shipping) => shipping.target.segments.clear(), undefined, "holds no log of the cluster"],
    ["a segment in between is missing", (shipping: Shipping) => shipping.target.segments.delete(shipping.target.names[1] ?? ""), undefined, "has nothing that follows version 5, and goes on at version 11"],
    ["the log ends before the version", () => undefined, { version: 99 }, "ends at version 15, before version 99"],
    ["a segment is damaged", (shipping: Shipping) => shipping.target.segments.set(shipping.target.names[1] ?? "", new Uint8Array(9)), undefined, "is damaged"],
    ["a segment holds what belongs elsewhere", (shipping: Shipping) => shipping.target.segments.set(shipping.target.names[1] ?? "", shipping.target.segments.get(shipping.target.names[2] ?? "") ?? new Uint8Array()), undefined, "is damaged"],
  ] as const)("is refused where %s", async (_, spoil, goal, why) => {
    const shipping = new Shipping()
    for (let n = 0; n < 3; n++) {
      await shipping.write(5)
      await shipping.ship()
    }
    spoil(shipping)
    const store = await backupAt(shipping.store, 2)
    const refused = replay(store, shipping.target, goal, () => undefined)
    await expect(refused).rejects.toThrow(why)
    await expect(refused).rejects.toBeInstanceOf(ReplayRefused)
  })
})
