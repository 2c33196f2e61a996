// How much of the store a page of a list and a count look at: a bounded number of entries, however many documents there are.
import { beforeAll, describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { countOf } from "../../../src/http/lists/list-count.ts"
import type { ListField } from "../../../src/http/lists/list-field.ts"
import { listLimits } from "../../../src/http/lists/list-limits.ts"
import { type ListOrder, orderOf, planCount, planList } from "../../../src/http/lists/list-plan.ts"
import { listPage, type Listed, Looks } from "../../../src/http/lists/list-rows.ts"
import { type Operator, type Span, spanOf } from "../../../src/http/lists/list-span.ts"
import { genesisDigest } from "../../../src/protocol/digest.ts"
import { sealRecord } from "../../../src/protocol/record.ts"
import { encodeRow, rowText, type Term } from "../../../src/store/row.ts"
import type { WalkPlace } from "../../../src/store/store.ts"
import { booleanValue, numberValue, textValue } from "../../../src/store/term-value.ts"
import { TableStore } from "../../../src/store/table-store.ts"
import { MemoryEngine } from "../../sim/memory-engine.ts"
import { Reads } from "../../store/counting-tables.ts"
import { Harness, inside } from "../harness.ts"
import { MemoryStore } from "../memory-store.ts"
import { quickPasswords } from "../quick-passwords.ts"

const perOwner = 200
const limit = 50

interface Things {
  readonly listed: Listed
  readonly reads: Reads
}

/** Documents of which each owner has equally many, one in a thousand is rare, and half are done. */
async function things(count: number): Promise<Things> {
  const memory = new MemoryEngine()
  const reads = new Reads()
  const engine = { tables: reads.of(memory.tables), transact: (write: () => void) => memory.transact(write), close: () => memory.close() }
  const store = new TableStore(engine, { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
  const term = (field: string, value: Uint8Array): Term => ({ field, value, unique: false })
  const writes = Array.from({ length: count }, (_, n) => {
    const terms = [term("owner", textValue(`user-${n % (count / perOwner)}`)), term("done", booleanValue(n % 2 === 0)), term("rare", booleanValue(n % 1_000 === 999)), term("rank", numberValue((n * 7_919) % count))]
    return { collection: "things", id: String(n).padStart(6, "0"), row: encodeRow({ changed: 1, created: 1, changes: 1, deleted: false }, terms, `{"n":${n}}`) }
  })
  const record = sealRecord({ version: 1, epoch: 1, timeMs: 1, parent: genesisDigest, key: undefined, meta: { principal: "root" }, operations: "[]", results: "[]", writes })
  await store.prepare({ records: [record], committed: 0 })
  store.commit(1)
  return { listed: { reader: store, collection: "things", at: 1 }, reads }
}

const span = (field: string, operator: Operator, value: Uint8Array): Span => spanOf(field, field, operator, value)
const down: ListOrder = { field: "rank", term: "rank", reverse: true }
const ofOne = span("owner", "is", textValue("user-1"))
const done = span("done", "is", booleanValue(true))
const rare = span("rare", "is", booleanValue(true))
const common = span("rank", "gte", numberValue(0))

function pageOf({ listed }: Things, spans: readonly Span[], sort: ListOrder | undefined) {
  const looks = new Looks(listed, listLimits)
  const order = orderOf(spans, sort, looks.sizeOf)
  return listPage(listed, planList(spans, order, looks.sizeOf, listLimits), { order, after: undefined, limit, looks }, listLimits)
}

function lookedAt<Answer>({ reads }: Things, ask: () => Answer): { readonly answer: Answer; readonly looked: number } {
  const before = reads.count
  const answer = ask()
  return { answer, looked: reads.count - before }
}

let small: Things
let large: Things

beforeAll(async () => {
  small = await things(4_000)
  large = await things(40_000)
})

describe("a full page", () => {
  const cases: readonly (readonly [what: string, spans: readonly Span[], sort: ListOrder | undefined, most: number])[] = [
    ["of all", [], undefined, limit + 2],
    ["in the order of a field", [], down, 3 * limit],
    ["of one owner", [ofOne], undefined, 3 * limit],
    ["of one owner, in the order of a field", [ofOne], down, 3 * perOwner],
    ["of half of all, in the order of a field", [done], down, bounds.sortInMemoryMax + 10 * limit],
    ["of a range, in its order", [common], undefined, 3 * limit],
    ["of two filters", [done, common], undefined, bounds.sortInMemoryMax + 5 * limit],
  ]
  test.each(cases)("%s looks at as little in a large collection as in a small one", (_, spans, sort, most) => {
    for (const one of [small, large]) {
      const { answer, looked } = lookedAt(one, () => pageOf(one, spans, sort))
      expect(answer.rows.length).toBe(limit)
      expect(looked).toBeLessThanOrEqual(most)
    }
  })
})

describe("a page that finds little", () => {
  test("ends short within the bound, and goes on where it ended", () => {
    // Of the whole order only few fulfil the filter, and too many do to be put in order in memory.
    const plan = planList([rare, common], down, () => bounds.sortInMemoryMax + 1, listLimits)
    const seen: string[] = []
    let pages = 0
    let next: WalkPlace | undefined
    do {
      const after = next
      const { answer, looked } = lookedAt(large, () => listPage(large.listed, plan, { order: down, after, limit, looks: new Looks(large.listed, listLimits) }, listLimits))
      expect(looked).toBeLessThanOrEqual(3 * bounds.pageScanMax)
      seen.push(...answer.rows.map(rowText))
      next = answer.next
      pages++
    } while (next !== undefined)
    // One more than 40,000 entries in chunks of 10,000, since the entry behind each step is looked at as well.
    expect([new Set(seen).size, seen.length, pages]).toEqual([40, 40, 5])
  })

  test("as of before there was anything looks at no more entries than it may", () => {
    const before = { ...large.listed, at: 0 }
    const limits = { ...listLimits, scanMax: 100 }
    const plan = planList([], down, () => 0, limits)
    const { answer, looked } = lookedAt(large, () => listPage(before, plan, { order: down, after: undefined, limit, looks: new Looks(before, limits) }, limits))
    expect([answer.rows, answer.next === undefined, looked <= 103]).toEqual([[], false, true])
  })

  test("is not preceded by a long look for what is small", () => {
    const looks = new Looks({ ...large.listed, at: 0 }, { ...listLimits, lookMax: 100 })
    const { answer, looked } = lookedAt(large, () => looks.sizeOf(done))
    expect([answer, looked <= 103]).toEqual([bounds.sortInMemoryMax + 1, true])
  })
})

test("a page of what was newest then passes by nothing that was made since (P7)", async () => {
  const memory = new MemoryEngine()
  const reads = new Reads()
  const tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax }, quickPasswords, new MemoryStore({ tables: reads.of(memory.tables), transact: (write) => memory.transact(write), close: () => memory.close() }))
  const made = (n: number, count: number) => tandem.commit(...Array.from({ length: count }, (_, k) => ({ op: "document.create", data: { collection: "things", id: `${n}-${k}`, value: {} } })))
  const stamp = { type: "time", index: true }
  await tandem.commit({ op: "collection.define", data: { name: "things", fields: { createdAt: stamp, updatedAt: stamp } } })
  await made(0, 3)
  for (let n = 1; n <= 6; n++) await made(n, 500)
  for (const query of ["sort=-createdAt", "sort=-updatedAt", "createdAt.gte=2000-01-01T00:00:00Z&sort=-createdAt", "updatedAt.gt=2000-01-01T00:00:00Z"]) {
    const before = reads.count
    const { json } = await tandem.get(`/things?${query}&at=2`)
    expect([query, inside(json, "items"), inside(json, "next")]).toEqual([query, [expect.anything(), expect.anything(), expect.anything()], null])
    expect(reads.count - before).toBeLessThan(60)
  }
})

describe("a count", () => {
  const rank: ListField = { name: "rank", term: "rank", type: "integer" }
  const counted = (one: Things, spans: readonly Span[], field: ListField | undefined) =>
    lookedAt(one, () => countOf(one.listed, planCount(spans, new Looks(one.listed, listLimits).sizeOf), field, listLimits))

  test("is exact up to the bound, and says at least how many there are beyond it", () => {
    for (const field of [rank, undefined]) {
      expect(counted(small, [], field).answer).toEqual({ count: 4_000, atLeast: 4_000 })
      expect(counted(large, [], field).answer).toEqual({ count: undefined, atLeast: bounds.countScanMax })
    }
    expect(counted(large, [ofOne], rank).answer).toEqual({ count: perOwner, atLeast: perOwner })
    // Documents of one owner are all done, or none is.
    expect(counted(large, [ofOne, done], rank).answer.count).toBe(0)
    expect(counted(large, [ofOne, span("done", "is", booleanValue(false))], rank).answer.count).toBe(perOwner)
    const half = counted(large, [done, common], rank).answer
    expect([half.count, half.atLeast > 1_000 && half.atLeast <= bounds.countScanMax]).toEqual([undefined, true])
  })

  test("looks at a bounded number of entries", () => {
    for (const spans of [[], [ofOne], [done], [done, common], [rare, common]]) {
      for (const field of [rank, undefined]) expect(counted(large, spans, field).looked).toBeLessThanOrEqual(2 * bounds.countScanMax + 3 * bounds.sortInMemoryMax)
    }
  })
})
