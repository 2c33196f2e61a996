// retention.trim: where the horizon goes, and that it never goes back.
import { expect, test } from "bun:test"
import { BatchRun } from "../../src/operations/batch-run.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { Harness } from "./harness.ts"

async function lived(): Promise<Harness> {
  const tandem = new Harness()
  for (let n = 1; n <= 10; n++) await tandem.batch([{ op: "user.create", data: { id: `u${n}`, email: `u${n}@example.com` } }])
  return tandem
}

/** Where the horizon is then, or the code of the refusal. */
function trim({ store }: Harness, before: number, collections: Record<string, number> = {}): unknown {
  const batch = new BatchRun({ reader: store, epoch: 1, nowMs: Date.parse("2026-03-01T12:00:00.000Z") })
  const executed = batch.execute(internalTransaction(retentionTrim, { before, collections }))
  if (executed.kind === "refused") return executed.refusal.code
  store.prepareNow({ records: batch.records, committed: store.position().head })
  store.commit(store.position().head)
  const { oldest, collections: named, log } = store.horizon()
  return { oldest, named: Object.fromEntries(named), log }
}

test("moves the horizon, never back", async () => {
  const tandem = await lived()
  expect(trim(tandem, 5)).toEqual({ oldest: 5, named: {}, log: 5 })
  expect(trim(tandem, 3)).toEqual({ oldest: 5, named: {}, log: 5 })
  expect(trim(tandem, 7)).toEqual({ oldest: 7, named: {}, log: 7 })
})

test("keeps a horizon of its own for a collection that had one, and definitions as long as the log", async () => {
  const tandem = await lived()
  expect(trim(tandem, 4, { goals: 8 })).toEqual({ oldest: 4, named: { goals: 8, collections: 4 }, log: 4 })
  expect(trim(tandem, 6, { notes: 2 })).toEqual({ oldest: 6, named: { goals: 8, notes: 4, collections: 4 }, log: 4 })
  expect(trim(tandem, 9)).toEqual({ oldest: 9, named: { goals: 9, notes: 9, collections: 9 }, log: 9 })
  expect(trim(tandem, 9, { constructor: 10, collections: 2 })).toEqual({ oldest: 9, named: { goals: 9, notes: 9, constructor: 10, collections: 9 }, log: 9 })
})

test("is below the version that moves it", async () => {
  const tandem = await lived()
  expect(trim(tandem, 11)).toBe("conflict")
  expect(trim(tandem, 5, { goals: 11 })).toBe("conflict")
  expect(trim(tandem, 10)).toEqual({ oldest: 10, named: {}, log: 10 })
})

test("is done in the name of Tandem", async () => {
  const tandem = await lived()
  trim(tandem, 5)
  const { meta, operations, key } = openRecord(tandem.store.record(11)?.bytes ?? new Uint8Array())
  expect([meta, JSON.parse(operations), key]).toEqual([{ principal: "tandem" }, [{ op: "retention.trim", data: { before: 5, collections: {} } }], undefined])
})
