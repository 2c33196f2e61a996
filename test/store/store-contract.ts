// What src/store/store.ts promises, for every engine beneath the store.
import { afterEach, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import { openRecord, type SealedRecord, sealRecord } from "../../src/protocol/record.ts"
import { encodeFill, rowChanged, rowFacts, rowTerms, rowText, textTerm } from "../../src/store/row.ts"
import type { WalkQuery } from "../../src/store/store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { Chain, type Change, plain, recordKey, type RecordOptions, unique } from "./chain.ts"
import { type Disk, dump, first } from "./disks.ts"

export function runStoreContract(name: string, newDisk: () => Disk): void {
  const disks: Disk[] = []
  afterEach(async () => {
    for (const disk of disks.splice(0)) await disk.remove()
  })
  const start = (): Bench => {
    const disk = newDisk()
    disks.push(disk)
    return new Bench(disk)
  }

  describe(`the store ${name}: identity`, () => {
    test("is the first one on an empty disk, and later the stored one", async () => {
      const { disk, store } = start()
      expect(store.identity()).toEqual(first)
      expect(store.position()).toEqual({ head: 0, headDigest: genesisDigest, committed: 0 })
      await store.close()
      expect(disk.open({ ...first, nodeId: "other" }).identity()).toEqual(first)
    })

    test("is on disk when it is saved, with the rest of it unchanged", async () => {
      const bench = start()
      await bench.store.saveIdentity({ clusterId: "c", epoch: { number: 3, id: "x" } })
      expect(bench.store.identity()).toEqual({ ...first, clusterId: "c", epoch: { number: 3, id: "x" } })
      bench.crash()
      expect(bench.store.identity()).toEqual({ ...first, clusterId: "c", epoch: { number: 3, id: "x" } })
    })
  })

  describe(`the store ${name}: prepare`, () => {
    test("puts a batch on disk in doubt, where no read as of committed shows it (I2)", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x")] }])
      await bench.prepare([[{ id: "a", body: "2", terms: [unique("y")] }, { id: "b", body: "1" }], [{ id: "a", body: "3" }]])
      for (const look of ["before", "after"]) {
        if (look === "after") bench.crash()
        const { store } = bench
        expect(store.position()).toEqual({ head: 3, headDigest: bench.chain.digest, committed: 1 })
        expect(bench.text("a", 1)).toBe("1")
        expect(bench.text("b", 1)).toBeUndefined()
        expect(bench.page(1)).toEqual(["a 1"])
        expect(bench.history("a", 1)).toEqual(["1"])
        expect(bench.holder("x", 1)).toBe("a")
        expect(bench.holder("y", 1)).toBeUndefined()
        expect([bench.text("a", 2), bench.text("a", 3), bench.holder("y", 2), bench.holder("y", 3)]).toEqual(["2", "3", "a", undefined])
      }
    })

    test("stores what was committed before it", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1" }])
      await bench.prepare([[{ id: "a", body: "2" }]])
      bench.crash()
      expect(bench.store.position()).toMatchObject({ head: 2, committed: 1 })
    })

    test("refuses a unique value that another entity has, and leaves no trace", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x"), plain("red")] }], { key: "k" })
      const before = dump(bench.store.engine.tables)
      const position = bench.store.position()
      const back = bench.chain.mark()
      const good = bench.chain.next([{ id: "a", body: "2", terms: [plain("red")] }, { id: "c", body: "1", terms: [unique("z")] }], { key: "l" })
      const bad = bench.chain.next([{ id: "d", body: "1" }, { id: "b", body: "1", terms: [unique("z")] }], { key: "m" })
      const refusal = await bench.store.prepare({ records: [good, bad], committed: 1 })
      expect(refusal).toMatchObject({ refused: true, code: "unique" })
      expect(refusal?.detail).toContain("things/c")
      expect(dump(bench.store.engine.tables)).toEqual(before)
      expect(bench.store.position()).toEqual(position)
      bench.crash()
      expect(dump(bench.store.engine.tables)).toEqual(before)
      bench.store.commit(1)
      back()
      await bench.commit([{ id: "b", body: "1", terms: [unique("z")] }])
      expect(bench.holder("z")).toBe("b")
    })

    test("refuses two entities with one unique value in one record", async () => {
      const bench = start()
      const record = bench.chain.next([{ id: "a", body: "1", terms: [unique("x")] }, { id: "b", body: "1", terms: [unique("x")] }])
      expect(await bench.store.prepare({ records: [record], committed: 0 })).toMatchObject({ code: "unique" })
      expect(bench.holder("x", 1)).toBeUndefined()
    })

    test("takes no batch that does not continue the log (I4)", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1" }])
      const before = dump(bench.store.engine.tables)
      const back = bench.chain.mark()
      const second = bench.chain.next([{ id: "a", body: "2" }])
      const third = bench.chain.next([{ id: "a", body: "3" }])
      back()
      const otherSecond = bench.chain.next([{ id: "a", body: "other" }])
      const batches: SealedRecord[][] = [[], [third], [third, second], [second, second], [otherSecond, third]]
      for (const records of batches) await expect(bench.store.prepare({ records, committed: 1 })).rejects.toThrow("I4")
      expect(dump(bench.store.engine.tables)).toEqual(before)
      expect(bench.store.position().head).toBe(1)
    })

    test("takes no batch while another is in doubt (I5)", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1" }]])
      const before = dump(bench.store.engine.tables)
      await expect(bench.store.prepare({ records: [bench.chain.next([{ id: "a", body: "2" }])], committed: 0 })).rejects.toThrow("I5")
      expect(dump(bench.store.engine.tables)).toEqual(before)
    })

    test("takes no idempotency key twice, not even in one batch (I8)", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1" }], { key: "k" })
      const before = dump(bench.store.engine.tables)
      const back = bench.chain.mark()
      const again = bench.chain.next([{ id: "a", body: "2" }], { key: "k" })
      await expect(bench.store.prepare({ records: [again], committed: 1 })).rejects.toThrow("I8")
      back()
      const twice = [bench.chain.next([{ id: "b", body: "1" }], { key: "l" }), bench.chain.next([{ id: "b", body: "2" }], { key: "l" })]
      await expect(bench.store.prepare({ records: twice, committed: 1 })).rejects.toThrow("I8")
      expect(dump(bench.store.engine.tables)).toEqual(before)
    })

    test("takes records of many sizes in one batch, large bodies too", async () => {
      const bench = start()
      const sizes = [0, 1, 4_000, 70_000, 1_000_000, 3, 2_500_000, 17, 40_000]
      const bodies = sizes.map((size, n) => String.fromCharCode(97 + n).repeat(size))
      await bench.prepare(bodies.map((body, n) => [{ id: `e${n}`, body }]))
      bench.store.commit(sizes.length)
      for (const look of ["before", "after"]) {
        if (look === "after") bench.crash()
        expect(sizes.map((_, n) => bench.text(`e${n}`, sizes.length) === bodies[n])).toEqual(sizes.map(() => true))
        expect(sizes.map((_, n) => bench.store.record(n + 1)?.version)).toEqual(sizes.map((_, n) => n + 1))
      }
    })
  })

  describe(`the store ${name}: commit and flush`, () => {
    test("a lower or equal number changes nothing, and one above the head is a broken invariant (I9)", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1" }], [{ id: "a", body: "2" }]])
      bench.store.commit(2)
      bench.store.commit(1)
      bench.store.commit(0)
      expect(bench.store.position().committed).toBe(2)
      expect(() => bench.store.commit(3)).toThrow("I9")
      expect(bench.store.position().committed).toBe(2)
    })

    test("a crash before the number is stored leaves the batch in doubt, whole", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1" }], [{ id: "b", body: "1" }]])
      bench.store.commit(2)
      bench.crash()
      expect(bench.store.position()).toEqual({ head: 2, headDigest: bench.chain.digest, committed: 0 })
      bench.store.commit(2)
      expect([bench.text("a"), bench.text("b")]).toEqual(["1", "1"])
    })

    test("a part of a batch may be committed", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1" }], [{ id: "a", body: "2" }]])
      bench.store.commit(1)
      await bench.store.flush()
      bench.crash()
      expect(bench.store.position()).toMatchObject({ head: 2, committed: 1 })
      expect(bench.text("a")).toBe("1")
      await bench.store.undo()
      expect(bench.store.position()).toMatchObject({ head: 1, committed: 1 })
      expect(bench.text("a", 2)).toBe("1")
    })

    test("a flush stores the number, and without one to store writes nothing", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1" }]])
      const inDoubt = dump(bench.store.engine.tables)
      await bench.store.flush()
      expect(dump(bench.store.engine.tables)).toEqual(inDoubt)
      bench.store.commit(1)
      await bench.store.flush()
      bench.crash()
      expect(bench.store.position()).toEqual({ head: 1, headDigest: bench.chain.digest, committed: 1 })
    })
  })

  describe(`the store ${name}: undo`, () => {
    const before: readonly (readonly Change[])[] = [
      [{ id: "a", body: "1", terms: [unique("x"), plain("red")] }, { id: "b", body: "1", terms: [unique("y")] }, { id: "gone", body: "1", terms: [unique("z")] }],
      [{ id: "a", body: "2", terms: [unique("x"), plain("blue")] }, { id: "gone" }],
    ]
    const batches: readonly (readonly [what: string, batch: readonly (readonly Change[])[]])[] = [
      ["a new entity", [[{ id: "n", body: "1", terms: [unique("new"), plain("red")] }]]],
      ["a changed entity", [[{ id: "a", body: "3", terms: [unique("x"), plain("blue")] }]]],
      ["a deleted entity", [[{ id: "a" }]]],
      ["an entity that was deleted and comes back", [[{ id: "gone", body: "2", terms: [unique("z")] }]]],
      ["a tombstone on a tombstone", [[{ id: "gone" }]]],
      ["several writes of one entity", [[{ id: "a", body: "3" }], [{ id: "a" }], [{ id: "a", body: "5", terms: [unique("x")] }], [{ id: "a", body: "6", terms: [unique("w")] }]]],
      ["a value that passes on in one version", [[{ id: "a", body: "3", terms: [unique("y")] }, { id: "b", body: "2", terms: [unique("x")] }]]],
      ["a value that goes round", [[{ id: "a", body: "3" }], [{ id: "b", body: "2", terms: [unique("x")] }], [{ id: "b", body: "3" }], [{ id: "a", body: "4", terms: [unique("x"), plain("red")] }]]],
      ["created, deleted and created again", [[{ id: "n", body: "1", terms: [unique("n")] }], [{ id: "n" }], [{ id: "n", body: "2", terms: [unique("n")] }]]],
      ["a row that gets more terms", [[{ id: "a", fill: [unique("late"), plain("red")] }]]],
      ["more terms, and then others", [[{ id: "a", fill: [plain("red")] }], [{ id: "a", fill: [unique("late")] }], [{ id: "a", body: "3", terms: [plain("red")] }]]],
      ["more terms of what is new", [[{ id: "n", body: "1" }], [{ id: "n", fill: [unique("z")] }], [{ id: "n" }]]],
      ["more terms that another gives up", [[{ id: "a", fill: [unique("y")] }, { id: "b" }]]],
      ["a value that is no longer unique", [[{ id: "a", body: "3", terms: [textTerm("name", "x", false)] }]]],
    ]
    test.each(batches)("gives back everything byte for byte: %s", async (_, batch) => {
      const bench = start()
      for (const [n, changes] of before.entries()) await bench.commit(changes, { key: `before ${n}` })
      await bench.store.flush()
      const { tables } = bench.store.engine
      const disk = dump(tables)
      const position = bench.store.position()
      const back = bench.chain.mark()
      await bench.prepare(batch, "in doubt")
      expect(dump(tables)).not.toEqual(disk)
      expect(bench.store.versionOfKey(recordKey("in doubt 0").hash)).toBe(3)
      await bench.store.undo()
      expect(dump(tables)).toEqual(disk)
      expect(bench.store.position()).toEqual(position)
      expect(bench.store.versionOfKey(recordKey("in doubt 0").hash)).toBeUndefined()
      expect(bench.store.record(3)).toBeUndefined()
      bench.crash()
      expect(dump(bench.store.engine.tables)).toEqual(disk)
      back()
      await bench.prepare(batch, "in doubt")
      bench.store.commit(bench.chain.version)
      expect(bench.store.position().headDigest).toEqual(bench.chain.digest)
    })

    test("a batch that was recovered after a crash is undone as well", async () => {
      const bench = start()
      await bench.commit(before[0] ?? [])
      await bench.store.flush()
      const disk = dump(bench.store.engine.tables)
      await bench.prepare([[{ id: "a" }], [{ id: "c", body: "1", terms: [unique("x")] }]])
      bench.crash()
      await bench.store.undo()
      expect(dump(bench.store.engine.tables)).toEqual(disk)
    })

    test("without anything in doubt changes nothing", async () => {
      const bench = start()
      await bench.commit(before[0] ?? [])
      const disk = dump(bench.store.engine.tables)
      await bench.store.undo()
      expect(dump(bench.store.engine.tables)).toEqual(disk)
      expect(bench.store.position().committed).toBe(1)
    })
  })

  describe(`the store ${name}: rows and history`, () => {
    test("an entity is what it was at each version, for ever (P7)", async () => {
      const bench = start()
      const bodies = ["1", "2", undefined, undefined, "5", "6"]
      for (const body of bodies) await bench.commit([body === undefined ? { id: "a" } : { id: "a", body }, { id: "noise", body: body ?? "-" }])
      expect([0, 1, 2, 3, 4, 5, 6].map((at) => bench.text("a", at))).toEqual([undefined, "1", "2", "", "", "5", "6"])
      expect([1, 2, 3, 5].map((at) => rowFacts(bench.row("a", at)))).toEqual([
        { changed: 1, created: 1, changes: 1, deleted: false },
        { changed: 2, created: 1, changes: 2, deleted: false },
        { changed: 3, created: 1, changes: 3, deleted: true },
        { changed: 5, created: 5, changes: 5, deleted: false },
      ])
      expect(bench.store.row("things", "b", 6)).toBeUndefined()
      expect(bench.store.row("thing", "sa", 6)).toBeUndefined()
    })

    test("history has every version up to the one asked for, newest first, tombstones too", async () => {
      const bench = start()
      for (const body of ["1", "2", undefined, "4"]) await bench.commit([body === undefined ? { id: "a" } : { id: "a", body }, { id: "ab", body: "x" }])
      expect(bench.history("a", 4)).toEqual(["4", "", "2", "1"])
      expect(bench.history("a", 3)).toEqual(["", "2", "1"])
      expect(bench.history("a", 4, 2)).toEqual(["4", ""])
      expect(bench.history("a", 4, 1)).toEqual(["4"])
      expect(bench.history("a", 0)).toEqual([])
      expect(bench.history("b", 4)).toEqual([])
    })

    test("the bytes of a read are the caller's", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1" }])
      await bench.commit([{ id: "a", body: "2" }])
      const disk = dump(bench.store.engine.tables)
      const { store } = bench
      const rows = [bench.row("a", 1), bench.row("a", 2), ...store.history("things", "a", { at: 2, limit: 9 }), ...store.page("things", { at: 2, after: undefined, limit: 9 }).rows.map(({ row }) => row)]
      const texts = rows.map(rowText)
      bench.text("a", 1)
      store.record(1)
      expect(rows.map(rowText)).toEqual(texts)
      for (const row of rows) row.fill(0xff)
      store.record(1)?.bytes.fill(0xff)
      expect(dump(store.engine.tables)).toEqual(disk)
      expect([bench.text("a", 1), bench.text("a", 2)]).toEqual(["1", "2"])
    })
  })

  describe(`the store ${name}: pages`, () => {
    test("are in the order of the ids' bytes, and of one collection only", async () => {
      const bench = start()
      const ids = ["b", "a", "ab", "a b", "Z", "ä", "語", "😀", "\uffee", "a\u007f"]
      await bench.commit(ids.map((id) => ({ id, body: id })))
      await bench.commit([{ collection: "thing", id: "s", body: "no" }, { collection: "things2", id: "a", body: "no" }, { collection: "thingt", id: "a", body: "no" }])
      const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(bench.page(2)).toEqual(sorted.map((id) => `${id} ${id}`))
    })

    test("neither skip nor repeat an entity while others write, as of one version", async () => {
      const bench = start()
      const ids = Array.from({ length: 23 }, (_, n) => `e${String(n).padStart(2, "0")}`)
      await bench.commit(ids.map((id) => ({ id, body: "old" })))
      await bench.commit([{ id: "e03" }, { id: "e10" }])
      const at = bench.chain.version
      const seen: string[] = []
      for (let after: string | undefined; ; ) {
        const page = bench.store.page("things", { at, after, limit: 5 })
        seen.push(...page.rows.map(({ id, row }) => `${id} ${rowText(row)}`))
        expect(page.rows.length).toBeLessThanOrEqual(5)
        const n = bench.chain.version
        await bench.commit([{ id: `e${String(n).padStart(2, "0")}`, body: "new" }, { id: `e${String(n + 11).padStart(2, "0")}` }, { id: `e0${n}x`, body: "new" }, { id: "e10", body: "back" }])
        if (page.next === undefined) break
        after = page.next
      }
      expect(seen).toEqual(ids.filter((id) => id !== "e03" && id !== "e10").map((id) => `${id} old`))
    })

    test("say where to go on exactly where there is more", async () => {
      const bench = start()
      await bench.commit(["a", "b", "c"].map((id) => ({ id, body: id })))
      expect(bench.store.page("things", { at: 1, after: undefined, limit: 2 }).next).toBe("b")
      expect(bench.store.page("things", { at: 1, after: "b", limit: 2 })).toMatchObject({ rows: [{ id: "c" }], next: undefined })
      expect(bench.store.page("things", { at: 1, after: undefined, limit: 3 }).next).toBeUndefined()
      expect(bench.store.page("things", { at: 1, after: "bb", limit: 3 })).toMatchObject({ rows: [{ id: "c" }], next: undefined })
      expect(bench.store.page("things", { at: 0, after: undefined, limit: 3 })).toEqual({ rows: [], next: undefined })
    })

    test("look at a bounded number of rows, and go on behind what they looked at", async () => {
      const bench = start()
      const many = Array.from({ length: bounds.pageScanMax + 5 }, (_, n) => `e${String(n).padStart(6, "0")}`)
      await bench.commit(many.map((id) => ({ id })))
      await bench.commit([{ id: "z", body: "last" }])
      const page = bench.store.page("things", { at: 2, after: undefined, limit: 5 })
      expect(page).toEqual({ rows: [], next: many[bounds.pageScanMax - 1] })
      expect(bench.store.page("things", { at: 2, after: page.next, limit: 5 })).toMatchObject({ rows: [{ id: "z" }], next: undefined })
    })
  })

  describe(`the store ${name}: unique values`, () => {
    test("are found as of every version (P7)", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x")] }])
      await bench.commit([{ id: "a", body: "2", terms: [unique("y")] }])
      await bench.commit([{ id: "b", body: "1", terms: [unique("x")] }])
      await bench.commit([{ id: "a", body: "3", terms: [unique("x")] }, { id: "b", body: "2", terms: [unique("y")] }])
      await bench.commit([{ id: "a" }])
      await bench.commit([{ id: "c", body: "1", terms: [unique("x")] }])
      const versions = [0, 1, 2, 3, 4, 5, 6]
      for (const look of ["before", "after"]) {
        if (look === "after") bench.crash()
        expect(versions.map((at) => bench.holder("x", at))).toEqual([undefined, "a", undefined, "b", "a", undefined, "c"])
        expect(versions.map((at) => bench.holder("y", at))).toEqual([undefined, undefined, "a", "a", "b", "b", "b"])
      }
    })

    test("come back to the same entity as a time of their own", async () => {
      const bench = start()
      for (const body of ["1", undefined, "3", undefined, "5"]) await bench.commit([body === undefined ? { id: "a" } : { id: "a", body, terms: [unique("x")] }])
      expect([1, 2, 3, 4, 5].map((at) => bench.holder("x", at))).toEqual(["a", undefined, "a", undefined, "a"])
    })

    test("are not mixed up with their beginnings, other fields or other collections", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("ab")] }, { id: "b", body: "1", terms: [unique("a"), unique("ab", "nam")] }, { id: "c", body: "1", terms: [unique("abc")] }])
      await bench.commit([{ collection: "thing", id: "d", body: "1", terms: [unique("ab")] }])
      await bench.commit([{ id: "a" }, { id: "b" }, { id: "c" }])
      expect(["a", "ab", "abc", "b", ""].map((value) => bench.holder(value, 2))).toEqual(["b", "a", "c", undefined, undefined])
      expect(bench.store.lookup("things", "nam", unique("ab").value, 2)).toBe("b")
      expect(bench.store.lookup("thing", "name", unique("ab").value, 3)).toBe("d")
      expect(bench.holder("ab", 3)).toBeUndefined()
    })

    test("pass between entities within a batch, and in doubt", async () => {
      const bench = start()
      await bench.prepare([[{ id: "a", body: "1", terms: [unique("x")] }], [{ id: "a" }, { id: "b", body: "1", terms: [unique("x")] }], [{ id: "c", body: "1", terms: [unique("x")] }, { id: "b" }]])
      expect([0, 1, 2, 3].map((at) => bench.holder("x", at))).toEqual([undefined, "a", "b", "c"])
    })

    test("may be many on one entity, and other values may be on many", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x"), unique("y"), plain("red")] }, { id: "b", body: "1", terms: [plain("red")] }])
      await bench.commit([{ id: "a", body: "2", terms: [unique("y"), plain("red")] }, { id: "b", body: "2", terms: [unique("x"), plain("blue")] }])
      expect([bench.holder("x", 1), bench.holder("y", 1), bench.holder("x", 2), bench.holder("y", 2)]).toEqual(["a", "a", "b", "a"])
      expect(bench.store.index.since("things", plain("red"), "a")).toBe(1)
      expect(bench.store.index.since("things", plain("red"), "b")).toBeUndefined()
      expect(bench.store.index.since("things", plain("blue"), "b")).toBe(2)
    })
  })

  describe(`the store ${name}: values that many hold`, () => {
    const red = (id: string): Change => ({ id, body: "x", terms: [plain("red")] })
    const holders = (bench: Bench, at: number, limit = 100): string[] => {
      const found: string[] = []
      for (let after: string | undefined; ; ) {
        const page = bench.store.holders("things", "colour", plain("red").value, { at, after, limit })
        expect(page.ids.length).toBeLessThanOrEqual(limit)
        found.push(...page.ids)
        if (page.next === undefined) return found
        after = page.next
      }
    }

    test("are found as of every version, whatever the size of the pages (P7)", async () => {
      const bench = start()
      await bench.commit([red("b"), red("é"), red("ab"), { id: "z", body: "x", terms: [plain("redder")] }, { id: "y", body: "x", terms: [unique("red", "colours")] }])
      await bench.commit([{ id: "b", body: "x", terms: [plain("blue")] }, red("a")])
      await bench.commit([{ id: "é" }, { id: "ab" }])
      await bench.commit([red("b"), red("é")])
      await bench.commit([{ id: "a" }, { id: "b" }])
      const expected = [[], ["ab", "b", "é"], ["a", "ab", "é"], ["a"], ["a", "b", "é"], ["é"]]
      for (const limit of [1, 2, 3, 100]) for (const [at, ids] of expected.entries()) expect([limit, at, holders(bench, at, limit)]).toEqual([limit, at, ids])
    })

    test("are those of what is committed while others are in doubt, and come back with an undo (I2)", async () => {
      const bench = start()
      await bench.commit([red("a"), red("b")])
      const back = bench.chain.mark()
      await bench.prepare([[{ id: "a" }, red("c")]])
      expect([holders(bench, 1, 1), holders(bench, 2, 1)]).toEqual([["a", "b"], ["b", "c"]])
      await bench.store.undo()
      back()
      expect(holders(bench, 1)).toEqual(["a", "b"])
    })
  })

  describe(`the store ${name}: fills`, () => {
    test("add terms to a row without making a version of it", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x")] }, { id: "b", body: "1" }])
      await bench.commit([{ id: "a", fill: [plain("red"), unique("y")] }])
      await bench.commit([{ id: "a", body: "2", terms: [unique("y")] }])
      for (const look of ["before", "after"]) {
        if (look === "after") bench.crash()
        expect([1, 2, 3].map((at) => bench.text("a", at))).toEqual(["1", "1", "2"])
        expect(bench.history("a", 3)).toEqual(["2", "1"])
        expect([1, 2].map((at) => rowFacts(bench.row("a", at)))).toEqual([1, 2].map(() => ({ changed: 1, created: 1, changes: 1, deleted: false })))
        expect([1, 2, 3].map((at) => bench.holder("y", at))).toEqual([undefined, "a", "a"])
        expect([1, 2, 3].map((at) => bench.store.holders("things", "colour", plain("red").value, { at, after: undefined, limit: 9 }).ids)).toEqual([[], ["a"], []])
        expect(rowTerms(bench.row("a", 2)).map(({ field, since }) => [field, since])).toEqual([["name", undefined], ["colour", 2], ["name", 2]])
        expect(rowTerms(bench.row("a", 3)).map(({ since }) => since)).toEqual([undefined])
      }
    })

    test("are refused where they give a unique value to a second entity, and leave no trace", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [unique("x")] }, { id: "b", body: "1" }])
      const before = dump(bench.store.engine.tables)
      const record = bench.chain.next([{ id: "b", fill: [unique("x")] }])
      expect(await bench.store.prepare({ records: [record], committed: 1 })).toMatchObject({ code: "unique" })
      expect(dump(bench.store.engine.tables)).toEqual(before)
    })

    test("complete no row but the newest, no tombstone, and add nothing twice (I7)", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1", terms: [plain("red")] }, { id: "gone", body: "1" }])
      await bench.commit([{ id: "a", body: "2", terms: [plain("red")] }, { id: "gone" }])
      const before = dump(bench.store.engine.tables)
      for (const [id, completes, term] of [["a", 1, plain("blue")], ["a", 2, plain("red")], ["gone", 2, plain("red")], ["nobody", 1, plain("red")]] as const) {
        const record = sealRecord({ ...openRecord(bench.chain.next([]).bytes), version: 3, parent: bench.store.position().headDigest, writes: [{ collection: "things", id, row: encodeFill(3, completes, [term]) }] })
        await expect(bench.store.prepare({ records: [record], committed: 2 })).rejects.toThrow("I7")
      }
      expect(dump(bench.store.engine.tables)).toEqual(before)
    })
  })

  describe(`the store ${name}: a walk along an index`, () => {
    const walk = (bench: Bench, field: string, query: Partial<WalkQuery> = {}): string[] => {
      const found: string[] = []
      for (let { after } = query; ; ) {
        const page = bench.store.walk("things", field, { at: bench.store.position().committed, reverse: false, limit: 100, ...query, after })
        expect(page.entries.length).toBeLessThanOrEqual(query.limit ?? 100)
        found.push(...page.entries.map(({ value, id }) => `${Buffer.from(value).toString("utf8", 1)} ${id}`))
        if (page.next === undefined) return found
        after = page.next
      }
    }
    const names = ["b", "a", "ab", "", "é", "a\u0001", "a b"]
    const sorted = [" x3", "a x1", "a\u0001 x5", "a b x6", "ab x2", "b x0", "é x4"]

    test.each(["unique", "plain"])("is in the order of values and ids, in both directions, whatever the size of the pages: %s", async (kind) => {
      const bench = start()
      const term = (value: string) => textTerm("name", value, kind === "unique")
      await bench.commit(names.map((name, n) => ({ id: `x${n}`, body: "1", terms: [term(name), plain("a", "nam"), plain("a", "names")] })))
      await bench.commit([{ collection: "thing", id: "other", body: "1", terms: [term("a")] }])
      for (const limit of [1, 2, 7, 100]) {
        expect(walk(bench, "name", { limit })).toEqual(sorted)
        expect(walk(bench, "name", { limit, reverse: true })).toEqual([...sorted].reverse())
      }
    })

    test.each(["unique", "plain"])("begins and ends where it is asked to, with those values or without them: %s", async (kind) => {
      const bench = start()
      const value = (text: string) => textTerm("name", text, true).value
      await bench.commit(names.map((name, n) => ({ id: `x${n}`, body: "1", terms: [textTerm("name", name, kind === "unique")] })))
      for (const [from, to] of [["a", "b"], ["", "ab"], ["aa", "c"], ["a\u0001", "a\u0001"], ["b", "a"], ["zz", "zzz"]] as const) {
        for (const [low, high] of [[true, true], [true, false], [false, true], [false, false]] as const) {
          const [first, last] = [value(from), value(to)]
          const within = sorted.filter((line) => {
            const own = value(line.slice(0, line.lastIndexOf(" ")))
            const [below, above] = [Buffer.compare(own, first), Buffer.compare(own, last)]
            return (low ? below >= 0 : below > 0) && (high ? above <= 0 : above < 0)
          })
          const query = { from: { value: first, inclusive: low }, to: { value: last, inclusive: high }, limit: 2 }
          expect([from, to, low, high, walk(bench, "name", query)]).toEqual([from, to, low, high, within])
          expect(walk(bench, "name", { ...query, reverse: true })).toEqual(within.reverse())
        }
      }
    })

    test("gives many holders of one value in the order of their ids, and goes on behind any of them", async () => {
      const bench = start()
      const ids = ["a", "b", "c", "d", "é"]
      await bench.commit([...ids.map((id) => ({ id, body: "1", terms: [plain("red")] })), { id: "f", body: "1", terms: [plain("blue")] }, { id: "g", body: "1", terms: [plain("redder")] }])
      const { value } = plain("red")
      expect(walk(bench, "colour", { limit: 2 })).toEqual(["blue f", "red a", "red b", "red c", "red d", "red é", "redder g"])
      expect(walk(bench, "colour", { limit: 2, after: { value, id: "bb" } })).toEqual(["red c", "red d", "red é", "redder g"])
      expect(walk(bench, "colour", { limit: 2, reverse: true, after: { value, id: "bb" } })).toEqual(["red b", "red a", "blue f"])
      expect(walk(bench, "colour", { reverse: true, after: { value, id: "b" }, from: { value, inclusive: true } })).toEqual(["red a"])
      expect(walk(bench, "colour", { after: { value: plain("blue").value, id: "a" }, from: { value, inclusive: false } })).toEqual(["redder g"])
    })
  })

  describe(`the store ${name}: the log`, () => {
    test("gives back the records as they were", async () => {
      const bench = start()
      const records = await bench.prepare([[{ id: "a", body: "1" }], [], [{ id: "a" }]], "k")
      for (const look of ["before", "after"]) {
        if (look === "after") bench.crash()
        for (const record of records) {
          const found = bench.store.record(record.version)
          expect(found && { ...found, bytes: Buffer.from(found.bytes), parent: Buffer.from(found.parent) }).toEqual({
            ...record,
            bytes: Buffer.from(record.bytes),
            parent: Buffer.from(record.parent),
          })
        }
        expect([0, 4].map((version) => bench.store.record(version))).toEqual([undefined, undefined])
      }
    })

    test("gives at least one record, then as many as fit", async () => {
      const bench = start()
      const records = await bench.prepare(Array.from({ length: 6 }, (_, n) => [{ id: "a", body: "x".repeat(1_000 * (n + 1)) }]))
      const sizes = records.map(({ bytes }) => bytes.length)
      const versions = (from: number, to: number, countMax: number, bytesMax: number): number[] => bench.store.records(from, to, countMax, bytesMax).map(({ version }) => version)
      const all = sizes.reduce((sum, size) => sum + size, 0)
      expect(versions(1, 6, 100, all)).toEqual([1, 2, 3, 4, 5, 6])
      expect(versions(1, 6, 100, all - 1)).toEqual([1, 2, 3, 4, 5])
      expect(versions(1, 6, 2, all)).toEqual([1, 2])
      expect(versions(3, 4, 100, all)).toEqual([3, 4])
      expect(versions(6, 6, 100, 1)).toEqual([6])
      expect(versions(5, 9, 100, all)).toEqual([5, 6])
      expect(versions(7, 9, 100, all)).toEqual([])
    })

    test("finds a key's version, in doubt or committed", async () => {
      const bench = start()
      await bench.commit([{ id: "a", body: "1" }], { key: "k" })
      await bench.prepare([[{ id: "a", body: "2" }]], "l")
      expect(["k", "l 0", "m"].map((key) => bench.store.versionOfKey(recordKey(key).hash))).toEqual([1, 2, undefined])
      bench.crash()
      expect(["k", "l 0", "m"].map((key) => bench.store.versionOfKey(recordKey(key).hash))).toEqual([1, 2, undefined])
    })

    test("finds the version of a time", async () => {
      const bench = start()
      const times = [100, 100, 200, 300, 300, 300, 500]
      for (const timeMs of times) await bench.commit([{ id: "a", body: "x" }], { timeMs })
      expect([...times.keys()].map((n) => bench.store.timeOf(n + 1))).toEqual(times)
      expect([bench.store.timeOf(0), bench.store.timeOf(times.length + 1)]).toEqual([0, 0])
      const expected = (timeMs: number, at: number): number => times.slice(0, at).filter((time) => time <= timeMs).length
      for (let at = 0; at <= times.length; at++) {
        for (const timeMs of [0, 99, 100, 101, 200, 299, 300, 400, 500, 501]) expect([timeMs, at, bench.store.versionAtTime(timeMs, at)]).toEqual([timeMs, at, expected(timeMs, at)])
      }
    })
  })
}

/** A store on a disk, and the chain that is written to it. */
class Bench {
  readonly disk: Disk
  readonly chain = new Chain()
  store: TableStore

  constructor(disk: Disk) {
    this.disk = disk
    this.store = disk.open()
  }

  crash(): void {
    this.store = this.disk.crash(this.store)
  }

  /** A batch in doubt, with a key for each record where one is asked for. */
  async prepare(batch: readonly (readonly Change[])[], key?: string): Promise<SealedRecord[]> {
    const records = batch.map((changes, n) => this.chain.next(changes, key === undefined ? {} : { key: `${key} ${n}` }))
    expect(await this.store.prepare({ records, committed: this.store.position().committed })).toBeUndefined()
    return records
  }

  async commit(changes: readonly Change[], options: RecordOptions = {}): Promise<void> {
    const record = this.chain.next(changes, options)
    expect(await this.store.prepare({ records: [record], committed: this.store.position().committed })).toBeUndefined()
    this.store.commit(record.version)
  }

  row(id: string, at: number): Uint8Array {
    const row = this.store.row("things", id, at)
    if (row === undefined) throw new Error(`there is no ${id} at ${at}`)
    expect(rowChanged(row)).toBeLessThanOrEqual(at)
    return row
  }

  text(id: string, at = this.store.position().committed): string | undefined {
    const row = this.store.row("things", id, at)
    return row === undefined ? undefined : rowText(row)
  }

  page(at: number): string[] {
    return this.store.page("things", { at, after: undefined, limit: 100 }).rows.map(({ id, row }) => `${id} ${rowText(row)}`)
  }

  history(id: string, at: number, limit = 100): string[] {
    return this.store.history("things", id, { at, limit }).map(rowText)
  }

  holder(value: string, at = this.store.position().committed): string | undefined {
    return this.store.lookup("things", "name", unique(value).value, at)
  }
}
