// How much is read: one get for a current entity however long its history is, and a page in proportion to its size.
import { describe, expect, test } from "bun:test"
import { RowsAndHistory } from "../../src/store/rows-and-history.ts"
import { encodeRow, rowText } from "../../src/store/row.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { StateSum } from "../../src/store/state-sum.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Chain } from "./chain.ts"
import { Reads } from "./counting-tables.ts"
import { first } from "./disks.ts"

/** 100 entities of `versions` versions each. */
function filled(versions: number, pageBytesMax = 1_000_000): { readonly rows: RowsAndHistory; readonly reads: Reads } {
  const engine = new MemoryEngine()
  const store = new TableStore(engine, first)
  const chain = new Chain()
  for (let n = 0; n < versions; n++) {
    store.prepareNow({ records: [chain.next(Array.from({ length: 100 }, (_, id) => ({ id: `e${100 + id}`, body: `${n + 1}` })))], committed: n })
    store.commit(n + 1)
  }
  const reads = new Reads()
  const { rows, history } = reads.of(engine.tables)
  return { rows: new RowsAndHistory(rows, history, 40, pageBytesMax, new StateSum()), reads }
}

describe("with a history of 1 or of 50 versions", () => {
  test("a read of a current entity costs one get", () => {
    for (const versions of [1, 50]) {
      const { rows, reads } = filled(versions)
      expect(rowText(rows.at("things", "e105", versions) ?? Buffer.alloc(0))).toBe(`${versions}`)
      expect(reads.count).toBe(1)
    }
  })

  test("a read as of an old version costs a get and a seek", () => {
    const { rows, reads } = filled(50)
    expect(rowText(rows.at("things", "e105", 17) ?? Buffer.alloc(0))).toBe("17")
    expect(reads.count).toBeLessThanOrEqual(3)
  })

  test("a page costs in proportion to its size, as of an old version too", () => {
    for (const [versions, at] of [[1, 1], [50, 50], [50, 3]] as const) {
      const { rows, reads } = filled(versions)
      const page = rows.page("things", { at, after: "e120", limit: 10 })
      expect(page.rows.map(({ id, row }) => `${id} ${rowText(row)}`)).toEqual(Array.from({ length: 10 }, (_, n) => `e${121 + n} ${at}`))
      expect(page.next).toBe("e130")
      expect(reads.count).toBeLessThanOrEqual(at === versions ? 12 : 36)
    }
  })

  test("a page as of before most entities were made passes by them without looking for their past", () => {
    const { rows, reads } = filled(1)
    expect(rows.page("things", { at: 0, after: undefined, limit: 10 }).rows).toEqual([])
    expect(reads.count).toBeLessThanOrEqual(41)
  })

  test("the newest versions of a history cost in proportion to how many are asked for", () => {
    const { rows, reads } = filled(50)
    expect(rows.versions("things", "e105", 50, 3).map(rowText)).toEqual(["50", "49", "48"])
    expect(reads.count).toBeLessThanOrEqual(5)
  })

  test("a page looks at a bounded number of rows and says where to go on", () => {
    const { rows } = filled(1)
    expect(rows.page("things", { at: 0, after: undefined, limit: 10 })).toEqual({ rows: [], next: "e139" })
    expect(rows.page("things", { at: 0, after: "e139", limit: 10 })).toEqual({ rows: [], next: "e179" })
    expect(rows.page("things", { at: 0, after: "e179", limit: 10 })).toEqual({ rows: [], next: undefined })
  })

  test("a page and a history give a bounded number of bytes, and one row at least", () => {
    const rowBytes = filled(1).rows.at("things", "e100", 1)?.length ?? 0
    for (const [bytesMax, count] of [[1, 1], [3 * rowBytes, 3], [3 * rowBytes + 1, 3], [4 * rowBytes - 1, 3]] as const) {
      const { rows } = filled(9, bytesMax)
      for (const at of [4, 9]) {
        const page = rows.page("things", { at, after: "e102", limit: 10 })
        expect(page.rows.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, n) => `e${103 + n}`))
        expect(page.next).toBe(`e${102 + count}`)
        expect(rows.versions("things", "e100", at, 10).map(rowText)).toEqual(Array.from({ length: count }, (_, n) => `${at - n}`))
      }
    }
  })
})

test("a row never replaces one that is not older, so that the past stays what it was (I7)", () => {
  const chain = new Chain()
  const engine = new MemoryEngine()
  new TableStore(engine, first).prepareNow({ records: [chain.next([{ id: "e", body: "1" }])], committed: 0 })
  const rows = new RowsAndHistory(engine.tables.rows, engine.tables.history, 40, 1_000_000, new StateSum())
  const put = (changed: number) => engine.transact(() => void rows.put({ collection: "things", id: "e", row: encodeRow({ changed, created: 1, changes: 2, deleted: false }, [], "2") }))
  expect(() => put(1)).toThrow("invariant I7")
  put(2)
  expect(rowText(rows.at("things", "e", 1) ?? Buffer.alloc(0))).toBe("1")
})
