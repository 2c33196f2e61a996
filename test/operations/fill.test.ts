// Fills: terms that rows get without a version of their entity. Later transactions see them; nobody who shows changes does.
import { describe, expect, test } from "bun:test"
import { feedPage } from "../../src/operations/feed.ts"
import { feedView } from "../../src/operations/feed-view.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { Past } from "../../src/operations/past.ts"
import { Overlay } from "../../src/operations/overlay.ts"
import { TransactionView } from "../../src/operations/transaction-view.ts"
import { openRecord, type SealedRecord, sealRecord } from "../../src/protocol/record.ts"
import { rowFacts, rowFill, rowTerms, type Term, textTerm } from "../../src/store/row.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Harness, root } from "./harness.ts"

const red = textTerm("colour", "red", false)
const blue = textTerm("colour", "blue", false)
const named = textTerm("name", "x", true)

async function withGoals(...ids: string[]): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, ...ids.map((id) => ({ op: "document.create", data: { collection: "goals", id, value: { n: 1 } } })))
  return harness
}

/** Transactions of one batch, one after the other: committed, as records. */
async function batch(harness: Harness, ...transactions: readonly ((view: TransactionView) => void)[]): Promise<SealedRecord[]> {
  const overlay = new Overlay()
  const records: SealedRecord[] = []
  const { head, headDigest } = harness.store.position()
  for (const transaction of transactions) {
    const version = head + 1 + records.length
    const view = new TransactionView(harness.store, overlay, version, "2026-03-01T12:00:00.000Z", () => "new", new Past(harness.store, records), root)
    transaction(view)
    const parent = records.at(-1)?.digest ?? headDigest
    records.push(sealRecord({ version, epoch: 1, timeMs: harness.nowMs, parent, key: undefined, meta: { principal: "tandem" }, operations: "[]", results: "[]", writes: view.writes().map(({ write }) => write) }))
    overlay.merge(view.own)
  }
  expect(await harness.store.prepare({ records, committed: head })).toBeUndefined()
  harness.store.commit(head + records.length)
  expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
  return records
}

function termsOf(harness: Harness, id: string): readonly (readonly [string, number | undefined])[] {
  const row = harness.store.row("goals", id, harness.store.position().head)
  return row === undefined ? [] : rowTerms(row).map(({ field, value, since }) => [`${field} ${Buffer.from(value).toString("utf8", 1)}`, since])
}

describe("a fill", () => {
  test("adds what the entity has not, to a live one, once", async () => {
    const harness = await withGoals("a", "gone")
    await harness.commit({ op: "document.delete", data: { collection: "goals", id: "gone" } })
    const [record] = await batch(harness, (view) => {
      view.fill("goals", "a", [red])
      view.fill("goals", "a", [red, named])
      view.fill("goals", "gone", [red])
      view.fill("goals", "nobody", [red])
    })
    const { writes } = openRecord(record?.bytes ?? Buffer.alloc(0))
    expect(writes.map(({ id, row }) => [id, rowFill(row), rowFacts(row).changed, rowFacts(row).created])).toEqual([["a", true, 3, 1]])
    expect(termsOf(harness, "a")).toEqual([["colour red", 3], ["name x", 3]])
    expect((await batch(harness, (view) => view.fill("goals", "a", [named]))).map(({ bytes }) => openRecord(bytes).writes)).toEqual([[]])
  })

  test("is part of the row where the transaction writes the entity, before it or after it", async () => {
    const harness = await withGoals("a", "b")
    await batch(harness, (view) => {
      view.put("goals", "a", { value: 2 }, [blue])
      view.fill("goals", "a", [red, blue])
      view.fill("goals", "b", [red])
      view.put("goals", "b", { value: 2 }, [...view.terms("goals", "b"), blue])
    })
    expect([termsOf(harness, "a"), termsOf(harness, "b")]).toEqual([[["colour blue", undefined], ["colour red", undefined]], [["colour red", undefined], ["colour blue", undefined]]])
  })

  test("is seen by later transactions of the batch, which may write the entity, fill it again or delete it", async () => {
    const harness = await withGoals("a", "b", "c")
    const seen: unknown[] = []
    await batch(
      harness,
      (view) => {
        for (const id of ["a", "b", "c"]) view.fill("goals", id, [red])
        view.fill("goals", "c", [named])
      },
      (view) => {
        seen.push(view.holders("goals", red), view.holder("goals", named), view.versionOf("goals", "a"), view.find("goals", "a")?.["value"], view.text("goals", "a").length > 0)
        seen.push(view.terms("goals", "a").map((term: Term) => term.since))
        view.put("goals", "a", { value: 2 }, view.terms("goals", "a"))
        view.fill("goals", "b", [red, blue])
        view.delete("goals", "c")
      },
      (view) => {
        seen.push(view.holders("goals", red), view.holder("goals", named), view.versionOf("goals", "a"), view.versionOf("goals", "b"))
        view.fill("goals", "a", [named])
      },
    )
    expect(seen).toEqual([["a", "b", "c"], "c", 1, { n: 1 }, true, [undefined], ["a", "b"], undefined, 3, 1])
    expect([termsOf(harness, "a"), termsOf(harness, "b"), termsOf(harness, "c")]).toEqual([[["colour red", undefined], ["name x", 4]], [["colour red", 2], ["colour blue", 3]], []])
    expect(rowFacts(harness.store.row("goals", "b", 4) ?? Buffer.alloc(0))).toMatchObject({ changed: 1, changes: 1 })
  })

  test("is shown by no log, no feed, and no revert, on the disk or in a batch", async () => {
    const harness = await withGoals("a")
    let past: Past | undefined
    const records = await batch(harness, (view) => view.fill("goals", "a", [red]), (view) => {
      past = view.past
      view.fill("goals", "a", [blue])
    })
    const [first] = records
    if (first === undefined) throw new Error("there is no record")
    expect(JSON.parse(logItem(openRecord(first.bytes), first.digest))).toMatchObject({ writes: [] })
    expect(feedPage(harness.store, feedView(undefined), { after: 1, to: 3, itemsMax: 9, recordsMax: 9, bytesMax: 1_000_000 })).toEqual({ items: [], last: 3 })
    for (const one of [past, new Past(harness.store, [])]) {
      expect([2, 3].map((version) => one?.writes(version))).toEqual([[], []])
      expect([1, 2, 3].map((version) => rowFacts(one?.row("goals", "a", version) ?? Buffer.alloc(0)).changed)).toEqual([1, 1, 1])
    }
    expect(await harness.commit({ op: "revert", data: { version: 2 } })).toMatchObject([[]])
    expect(harness.store.history("goals", "a", { at: 4, limit: 9 })).toHaveLength(1)
  })
})
