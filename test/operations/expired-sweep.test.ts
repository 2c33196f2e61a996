// expired.sweep: takes away what ended more than a day before the record, and nothing that has come to life again.
import { expect, test } from "bun:test"
import { BatchRun } from "../../src/operations/batch-run.ts"
import { expiredSweep } from "../../src/operations/expired-sweep.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { Harness } from "./harness.ts"

const dayMs = 86_400_000

async function withSession(idle?: string): Promise<{ readonly tandem: Harness; readonly id: string }> {
  const tandem = new Harness()
  await tandem.batch([{ op: "user.create", data: { id: "u", email: "u@example.com" } }])
  await tandem.batch([{ op: "session.create", data: { userId: "u", ttl: "10d", ...(idle === undefined ? {} : { idle }) } }])
  return { tandem, id: sessions(tandem)[0] ?? "" }
}

function sessions({ store }: Harness): string[] {
  return store.page("sessions", { at: store.position().committed, after: undefined, limit: 10 }).rows.map(({ id }) => id)
}

function sweep({ store, nowMs }: Harness, ids: readonly string[]): string | undefined {
  const batch = new BatchRun({ reader: store, epoch: 1, nowMs })
  const executed = batch.execute(internalTransaction(expiredSweep, { collection: "sessions", ids: [...ids] }))
  store.prepareNow({ records: batch.records, committed: store.position().head })
  store.commit(store.position().head)
  return executed.kind === "record" ? executed.results : undefined
}

test("takes what ended a day ago, and ids that are gone are no matter", async () => {
  const { tandem, id } = await withSession()
  tandem.nowMs += 11 * dayMs - 1
  expect(sweep(tandem, [id])).toBe('[{"swept":0}]')
  tandem.nowMs += 1
  expect(sweep(tandem, [id, "nobody"])).toBe('[{"swept":1}]')
  expect(sessions(tandem)).toEqual([])
})

test("leaves a session that was touched since it was looked at", async () => {
  const { tandem, id } = await withSession("1h")
  tandem.nowMs += 59 * 60_000
  await tandem.batch([{ op: "session.touch", data: { id } }])
  tandem.nowMs += dayMs + 60_000
  expect(sweep(tandem, [id])).toBe('[{"swept":0}]')
  expect(sessions(tandem)).toEqual([id])
})
