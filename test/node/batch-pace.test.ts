// How long a batch waits for clients that were just answered.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { BatchPace } from "../../src/node/batch-pace.ts"

function paceAfter(batchMs: number, clients: number, waiting: number): BatchPace {
  const pace = new BatchPace()
  pace.began(100)
  pace.answered(clients, waiting, 100 + batchMs)
  return pace
}

test("the first batch waits for nobody", () => {
  expect(new BatchPace().holdMs(1, 100)).toBe(0)
})

test("a batch waits until those who were answered are back, beside those who waited", () => {
  const pace = paceAfter(10, 3, 2)
  expect(pace.holdMs(4, 110)).toBe(bounds.gatherMsMax)
  expect(pace.holdMs(5, 110)).toBe(0)
})

test("a batch waits half as long as the last one took at most, and never beyond its bound", () => {
  expect(paceAfter(1, 3, 2).holdMs(2, 101)).toBe(0.5)
  expect(paceAfter(60_000, 3, 2).holdMs(2, 60_100)).toBe(bounds.gatherMsMax)
  expect(paceAfter(10, 3, 2).holdMs(2, 110 + bounds.gatherMsMax)).toBe(0)
})

test("a batch that is full waits for nobody, however many were answered", () => {
  expect(paceAfter(10, bounds.batchCountMax, bounds.batchCountMax).holdMs(bounds.batchCountMax, 110)).toBe(0)
})
