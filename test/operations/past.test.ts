// What earlier versions wrote and left behind, on the disk and in a batch that is being made.
import { expect, test } from "bun:test"
import { BatchRun } from "../../src/operations/batch-run.ts"
import { Past } from "../../src/operations/past.ts"
import { isRefusal } from "../../src/refusal.ts"
import { rowDeleted, rowText } from "../../src/store/row.ts"
import { Harness } from "./harness.ts"

const put = (id: string, n: number) => ({ op: "document.put", data: { collection: "goals", id, value: { n } } })
const remove = (id: string) => ({ op: "document.delete", data: { collection: "goals", id } })

function told(past: Past, id: string, version: number): unknown {
  const row = past.row("goals", id, version)
  if (row === undefined) return "nothing"
  return rowDeleted(row) ? "deleted" : (JSON.parse(rowText(row)) as { value: { n: number } }).value.n
}

test("is told the same of the disk and of the batch that follows it", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, put("a", 1))
  await harness.commit(put("b", 2))
  const run = new BatchRun({ reader: harness.store, epoch: 1, nowMs: harness.nowMs })
  const past = new Past(harness.store, run.records)
  expect([2, 3].map((version) => past.reaches(version))).toEqual([true, false])
  for (const one of [put("a", 3), remove("a"), put("c", 5)]) {
    const submitted = await harness.parse({ operations: [one] })
    if (isRefusal(submitted)) throw new Error(submitted.detail)
    run.execute(submitted)
  }
  expect([0, 1, 2, 3, 4, 5].map((version) => told(past, "a", version))).toEqual(["nothing", 1, 1, 3, "deleted", "deleted"])
  expect([0, 1, 2, 3, 4, 5].map((version) => told(past, "b", version))).toEqual(["nothing", "nothing", 2, 2, 2, 2])
  expect([3, 4, 5].map((version) => told(past, "c", version))).toEqual(["nothing", "nothing", 5])
  expect([1, 2, 3, 4, 5].map((version) => past.writes(version)?.map(({ id }) => id))).toEqual([["goals", "a"], ["b"], ["a"], ["a"], ["c"]])
  expect([0, 5, 6].map((version) => past.reaches(version))).toEqual([true, true, false])
  expect(past.writes(6)).toBeUndefined()
})
