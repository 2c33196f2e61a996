// Walks: several lists as one, whatever is looked at per page; and how much is looked at in an index with a long past.
import { beforeAll, describe, expect, test } from "bun:test"
import { encodeRow, type Term } from "../../src/store/row.ts"
import type { WalkPlace, WalkQuery } from "../../src/store/store.ts"
import { numberValue } from "../../src/store/term-value.ts"
import { TermIndex } from "../../src/store/term-index.ts"
import { type WalkEntry, walkPage } from "../../src/store/term-walk.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { Reads } from "./counting-tables.ts"

function orderOf(value: string, id: string): Buffer {
  return Buffer.from(`${value}\0${id}\0`)
}

describe("a page of several lists", () => {
  test("misses and repeats nothing, however little it may look at", () => {
    const random = new Random(7)
    for (let round = 0; round < 300; round++) {
      const reverse = random.chance(0.5)
      const held = new Map<string, Buffer>()
      const lists = Array.from({ length: random.between(0, 5) }, () => {
        const entries: WalkEntry[] = []
        for (let n = random.between(0, 12); n > 0; n--) {
          const order = orderOf(random.pick(["a", "b", "bb"]), random.pick(["x", "y", "z", "zz", "é"]))
          if (entries.some((entry) => entry.order.equals(order))) continue
          const isHeld = random.chance(0.4) && !held.has(order.toString("hex"))
          if (isHeld) held.set(order.toString("hex"), order)
          entries.push({ order, isHeld })
        }
        return entries.sort((a, b) => a.order.compare(b.order) * (reverse ? -1 : 1))
      })
      const wanted = [...held.values()].sort((a, b) => a.compare(b) * (reverse ? -1 : 1)).map((order) => order.toString("hex"))
      const seen: string[] = []
      for (let after: WalkPlace | undefined; ; ) {
        const query: WalkQuery = { at: 1, reverse, limit: random.between(1, 3), after }
        const page = walkPage(lists, query, random.between(1, 4) + lists.flat().length * (after === undefined ? 0 : 1))
        seen.push(...page.entries.map(({ value, id }) => orderOf(Buffer.from(value).toString(), id).toString("hex")))
        if (page.next === undefined) break
        after = page.next
      }
      expect(seen).toEqual(wanted)
    }
  })

  test("says where it stopped looking, and lets go of what it did not read to its end", () => {
    let closed = 0
    const list = (...ids: readonly string[]): Iterable<WalkEntry> =>
      (function* () {
        try {
          for (const id of ids) yield { order: orderOf("v", id), isHeld: id === "d" }
        } finally {
          closed++
        }
      })()
    const page = walkPage([list("a", "c", "d"), list("b", "c", "e")], { at: 1, reverse: false, limit: 5 }, 3)
    expect({ entries: page.entries, next: page.next?.id, closed }).toEqual({ entries: [], next: "c", closed: 2 })
  })
})

describe("an index of 300 entities that changed 100,000 times", () => {
  const versions = 100_000
  const entities = 300
  /** An entry for each of the page, another one that reaches almost so far, and a look into each drawer. */
  const pageAsOfMax = 50 * 2 + 6 * Math.ceil(Math.log2(versions))
  const engine = new MemoryEngine()
  const random = new Random(1)
  const rows = new Map<string, Uint8Array>()
  const middle = new Map<string, number>()

  function term(value: number): Term {
    return { field: "rank", value: numberValue(value), unique: false }
  }

  beforeAll(() => {
    const index = new TermIndex(engine.tables.index, engine.tables.index_history, 0)
    const values = new Map<string, number>()
    for (let version = 1; version <= versions; version += 1_000) {
      engine.transact(() => {
        for (let changed = version; changed < version + 1_000; changed++) {
          const id = `e${changed <= entities ? changed : random.between(1, entities)}`
          const value = random.between(1, 1_000)
          const row = encodeRow({ changed, created: 1, changes: 1, deleted: false }, [term(value)], "")
          index.change([{ collection: "c", id, version: changed, before: rows.get(id), row }])
          rows.set(id, row)
          values.set(id, value)
          if (changed === versions / 2 + 7) for (const [one, is] of values) middle.set(one, is)
        }
      })
    }
  })

  function readsOf(at: number, query: Partial<WalkQuery>): { readonly ids: readonly string[]; readonly count: number } {
    const reads = new Reads()
    const counting = reads.of(engine.tables)
    const counted = new TermIndex(counting.index, counting.index_history, versions)
    const { entries } = counted.walk("c", "rank", { at, reverse: false, limit: 50, ...query }, 10_000)
    return { ids: entries.map(({ id }) => id), count: reads.count }
  }

  test("shows a page as of any version with reads that follow the page, not the past", () => {
    const sorted = [...middle].sort(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([id]) => id)
    for (const reverse of [false, true]) {
      const { ids, count } = readsOf(versions / 2 + 7, { reverse })
      expect(ids).toEqual((reverse ? sorted.reverse() : sorted).slice(0, 50))
      expect(count).toBeLessThan(pageAsOfMax)
    }
    for (const at of [versions / 4, 1_000, 65_536, 77_777, versions - 1]) {
      const { ids, count } = readsOf(at, { from: { value: numberValue(500), inclusive: true } })
      expect(ids).toHaveLength(50)
      expect(count).toBeLessThan(pageAsOfMax)
    }
  })

  test("finds who had a value as of any version with a few reads", () => {
    for (const [id, value] of [...middle].slice(0, 20)) {
      const exact = { value: numberValue(value), inclusive: true }
      const { ids, count } = readsOf(versions / 2 + 7, { from: exact, to: exact })
      expect(ids).toContain(id)
      expect(count).toBeLessThan(80)
    }
  })

  test("shows a page as of the head with one range and its entries", () => {
    const { ids, count } = readsOf(versions, {})
    expect(ids).toHaveLength(50)
    expect(count).toBeLessThanOrEqual(53)
  })
})
