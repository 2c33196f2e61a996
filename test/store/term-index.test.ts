// Index entries follow the terms of rows, forth and back, and damage among them is not passed over.
import { beforeEach, describe, expect, test } from "bun:test"
import { endedKey, indexPrefix, versionKey } from "../../src/store/keys.ts"
import { encodeRow, rowChanged, type Term, textTerm } from "../../src/store/row.ts"
import type { RowChange } from "../../src/store/rows-and-history.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { entryKey, entryValue, sameTerm, TermIndex } from "../../src/store/term-index.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { plain, unique } from "./chain.ts"
import { Reads } from "./counting-tables.ts"

function row(changed: number, ...terms: readonly Term[]): Uint8Array {
  return encodeRow({ changed, created: 1, changes: 1, deleted: false }, terms, "{}")
}

function change(id: string, before: Uint8Array | undefined, after: Uint8Array): RowChange {
  return { collection: "things", id, version: rowChanged(after), before, row: after }
}

describe("the index", () => {
  let engine: MemoryEngine
  let index: TermIndex
  beforeEach(() => {
    engine = new MemoryEngine()
    index = new TermIndex(engine.tables.index, engine.tables.index_history, 0)
  })

  function apply(...changes: readonly RowChange[]): string | undefined {
    let taken: string | undefined
    engine.transact(() => {
      taken = index.change(changes)
    })
    return taken
  }

  function applyBack(...changes: readonly RowChange[]): void {
    engine.transact(() => index.changeBack(changes))
  }

  function holder(value: string, at: number): string | undefined {
    return index.lookup("things", "name", unique(value).value, at)
  }

  test("has one entry for a unique value, and one for each holder of another", () => {
    apply(change("a", undefined, row(7, unique("x"), plain("red"))), change("b", undefined, row(7, plain("red"))))
    const entries = [...engine.tables.index.getRange({})].map(({ key, value }) => [key.toString("latin1"), value.toString("hex")])
    expect(entries).toEqual([
      ["things\0colour\x000red\0a\0", "000000000007"],
      ["things\0colour\x000red\0b\0", "000000000007"],
      ["things\0name\x000x\0", "00000000000761"],
    ])
  })

  test("does not touch what stays the same", () => {
    apply(change("a", undefined, row(1, unique("x"))))
    const before = engine.dump()
    apply(change("a", row(1, unique("x")), row(2, unique("x"))))
    expect(engine.dump()).toBe(before)
    expect(index.since("things", unique("x"), "a")).toBe(1)
    expect(index.since("things", unique("x"), "b")).toBeUndefined()
  })

  test("says who has a value that is given to another, and names the version", () => {
    apply(change("a", undefined, row(1, unique("x"))))
    expect(apply(change("b", undefined, row(2, unique("x"))))).toBe("version 2 gives things/b a name that things/a has")
  })

  test("lets a value pass on within one version, whatever the order of the writes", () => {
    const [a, b] = [row(1, unique("x")), row(1, unique("y"))]
    apply(change("a", undefined, a), change("b", undefined, b))
    const before = engine.dump()
    const swap = [change("b", b, row(2, unique("x"))), change("a", a, row(2, unique("y")))]
    expect(apply(...swap)).toBeUndefined()
    expect([holder("x", 1), holder("x", 2), holder("y", 1), holder("y", 2)]).toEqual(["a", "b", "b", "a"])
    applyBack(...swap)
    expect(engine.dump()).toBe(before)
  })

  test("tells a value that is no longer unique from one that still is", () => {
    const [was, is] = [row(1, unique("x")), row(2, textTerm("name", "x", false))]
    apply(change("a", undefined, was))
    const before = engine.dump()
    apply(change("a", was, is))
    expect(apply(change("b", undefined, row(3, textTerm("name", "x", false))))).toBeUndefined()
    expect([holder("x", 1), holder("x", 2)]).toEqual(["a", undefined])
    applyBack(change("b", undefined, row(3, textTerm("name", "x", false))))
    applyBack(change("a", was, is))
    expect(engine.dump()).toBe(before)
  })

  test("finds a former holder in a few reads, however often a value came and went", () => {
    let before: Uint8Array | undefined
    for (let version = 1; version <= 2_000; version++) {
      const after = version % 2 === 1 ? row(version, unique("x")) : row(version)
      apply(change("a", before, after))
      before = after
    }
    const reads = new Reads()
    const counting = reads.of(engine.tables)
    const counted = new TermIndex(counting.index, counting.index_history, 10_000)
    const found = [1, 2, 999, 1_000, 1_998].map((at) => {
      reads.count = 0
      const id = counted.lookup("things", "name", unique("x").value, at)
      expect(reads.count).toBeLessThan(60)
      return id
    })
    expect(found).toEqual(["a", undefined, "a", undefined, undefined])
  })

  test("looks at no history for a value that is held, or where nothing of the field ended later", () => {
    apply(change("a", undefined, row(1, unique("x"), plain("red"))))
    apply(change("a", row(1, unique("x"), plain("red")), row(4, unique("x"))))
    const reads = new Reads()
    const counting = reads.of(engine.tables)
    const counted = new TermIndex(counting.index, counting.index_history, 3)
    const readsOf = (value: string, at: number): number => {
      reads.count = 0
      expect(counted.lookup("things", "name", unique(value).value, at)).toBe(value === "x" ? "a" : undefined)
      return reads.count
    }
    expect([readsOf("x", 1), readsOf("x", 5), readsOf("nobody's", 3), readsOf("nobody's", 9)]).toEqual([1, 1, 1, 1])
    expect(readsOf("nobody's", 2)).toBeGreaterThan(1)
    engine.transact(() => void counted.change([change("a", row(4, unique("x")), row(6))]))
    expect(readsOf("nobody's", 6)).toBe(1)
    expect(readsOf("nobody's", 5)).toBeGreaterThan(1)
    reads.count = 0
    expect(counted.walk("things", "colour", { at: 5, reverse: false, limit: 10 }, 100).entries).toEqual([])
    expect(reads.count).toBe(1)
  })

  test("stops where an entry that must be there is missing (P6)", () => {
    const was = row(1, unique("x"))
    apply(change("a", undefined, was))
    engine.transact(() => engine.tables.index.remove(indexPrefix("things", "name", unique("x").value)))
    expect(() => apply(change("a", was, row(2)))).toThrow(StoreDamaged)
  })

  test.each(["missing", "of another version"])("stops where the history that undo needs is %s (P6)", (what) => {
    const [was, is] = [row(1, unique("x")), row(2)]
    apply(change("a", undefined, was))
    apply(change("a", was, is))
    const key = endedKey("things", "name", { fork: 1, reach: 0 }, unique("x").value, "a", 1)
    engine.transact(() => (what === "missing" ? engine.tables.index_history.remove(key) : engine.tables.index_history.put(key, versionKey(9))))
    expect(() => applyBack(change("a", was, is))).toThrow(StoreDamaged)
  })
})

describe("an entry", () => {
  test("has the value as its key, or the value and the holder", () => {
    expect(entryKey("c", unique("v"), "id").toString("latin1")).toBe("c\0name\x000v\0")
    expect(entryKey("c", plain("v"), "id").toString("latin1")).toBe("c\0colour\x000v\0id\0")
    expect(entryValue(unique("v"), 3, "ü").toString("hex")).toBe("000000000003c3bc")
    expect(entryValue(plain("v"), 3, "ü").toString("hex")).toBe("000000000003")
  })

  test("is another's where field, value or kind is another", () => {
    expect(sameTerm(unique("v"), unique("v"))).toBe(true)
    expect([unique("w"), unique("v", "other"), textTerm("name", "v", false)].map((term) => sameTerm(unique("v"), term))).toEqual([false, false, false])
  })
})
