// The walk over all versions: in order, each once, also while an entity in the middle of it is written to.
import { describe, expect, test } from "bun:test"
import { partsOfKey } from "../../src/store/keys.ts"
import { rowChanged } from "../../src/store/row.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { Turns } from "../../src/store/turns.ts"
import { type VersionVisitor, VersionWalk } from "../../src/store/version-walk.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain, type Change } from "./chain.ts"
import { first } from "./disks.ts"

class Seen implements VersionVisitor {
  readonly lines: string[] = []

  superseded(entity: Buffer, version: number): void {
    this.lines.push(`${partsOfKey(entity).id} ${version}`)
  }

  newest(entity: Buffer, row: Buffer): void {
    this.lines.push(`${partsOfKey(entity).id} ${rowChanged(row)} newest`)
  }

  malformed(table: string, key: Buffer): void {
    this.lines.push(`${table} ${key.toString()}`)
  }
}

function start(): { readonly engine: MemoryEngine; readonly write: (changes: readonly Change[]) => void; readonly walk: VersionWalk } {
  const engine = new MemoryEngine()
  const store = new TableStore(engine, first)
  const chain = new Chain()
  const write = (changes: readonly Change[]): void => {
    store.prepareNow({ records: [chain.next(changes)], committed: store.position().head })
    store.commit(chain.version)
  }
  return { engine, write, walk: new VersionWalk(engine.tables.rows, engine.tables.history, new Turns()) }
}

describe("a walk over versions", () => {
  test("goes by entity, and from the oldest to the newest", async () => {
    const { write, walk } = start()
    write([{ id: "b", body: "1" }, { id: "a", body: "1" }])
    write([{ id: "a", body: "2" }])
    write([{ id: "a" }, { id: "ab", body: "1" }])
    const seen = new Seen()
    await walk.run(seen)
    expect(seen.lines).toEqual(["a 1", "a 2", "a 3 newest", "ab 3 newest", "b 1 newest"])
  })

  test("of an entity whose history takes several turns shows each of its versions once, while it is written to", async () => {
    const { write, walk } = start()
    write([{ id: "a", body: "x" }, { id: "z", body: "x" }])
    for (let version = 2; version <= 2_500; version++) write([{ id: "m", body: `${version}` }])
    const seen = new Seen()
    let turns = 0
    await walk.run(seen, () => {
      turns++
      write([{ id: "m", body: "new" }, { id: `b${turns}`, body: "new" }, { id: `n${turns}`, body: "new" }])
    })
    expect(turns).toBeGreaterThan(1)
    const ofM = seen.lines.filter((line) => line.startsWith("m "))
    const versions = ofM.map((line) => Number(line.split(" ")[1]))
    expect(versions).toEqual(Array.from({ length: versions.length }, (_, n) => n + 2))
    expect(ofM.filter((line) => line.endsWith("newest"))).toEqual([ofM.at(-1) ?? ""])
    expect(versions.length).toBeGreaterThan(2_499)
    expect(seen.lines.filter((line) => line.startsWith("b"))).toEqual([])
    expect(seen.lines.filter((line) => line.startsWith("n")).length).toBeGreaterThan(0)
    expect(seen.lines.at(-1)).toBe("z 1 newest")
  })

  test("shows history that belongs to no row, and keys that are none, and goes on", async () => {
    const { engine, write, walk } = start()
    write([{ id: "b", body: "1" }])
    engine.transact(() => {
      engine.tables.history.put(Buffer.concat([Buffer.from("things\0a\0"), Buffer.from([0, 0, 0, 0, 0, 9])]), Buffer.from("x"))
      engine.tables.history.put(Buffer.concat([Buffer.from("things\0z\0"), Buffer.from([0, 0, 0, 0, 0, 9])]), Buffer.from("x"))
      engine.tables.history.put(Buffer.from("short"), Buffer.from("x"))
      engine.tables.rows.put(Buffer.from("no key"), Buffer.from("x"))
      engine.tables.rows.put(Buffer.from([0xff, 0xff]), Buffer.from("x"))
    })
    const seen = new Seen()
    await walk.run(seen)
    expect(seen.lines).toEqual(["rows no key", "history short", "a 9", "b 1 newest", "rows \ufffd\ufffd", "z 9"])
  })
})
