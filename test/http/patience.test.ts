// Which requests may rest for long without their connection being cut: those that take their time, and no other.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, rootToken } from "./harness.ts"

/** Whether the connection of this request may idle. */
async function mayRest(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<boolean> {
  const harness = new Harness()
  const patient: Request[] = []
  const request = new Request(`http://tandem.test${path}`, { method, headers: { authorization: `Bearer ${rootToken}`, ...headers }, ...(body === undefined ? {} : { body }) })
  const response = await harness.app.fetch(request, { unlimited: (one) => patient.push(one), whenGone: () => undefined, address: () => undefined })
  await response.text()
  expect(patient.every((one) => one === request)).toBe(true)
  return patient.length > 0
}

const lines = { "content-type": "application/x-ndjson" }

test("a stream of transactions, whose client may pause, and the full check of a store", async () => {
  expect(await mayRest("POST", "/do/stream", lines, "")).toBe(true)
  expect(await mayRest("GET", "/status/verify")).toBe(true)
})

test("a long poll, but not a stream of changes, whose heartbeats keep its connection", async () => {
  expect(await mayRest("GET", "/changes?wait=1ms")).toBe(true)
  expect(await mayRest("GET", "/changes")).toBe(false)
  expect(await mayRest("HEAD", "/changes", { accept: "text/event-stream" })).toBe(false)
  expect(bounds.feedHeartbeatMs).toBeLessThan((bounds.idleConnectionSeconds * 1_000) / 2)
})

test("no other request, and none that is refused", async () => {
  expect(await mayRest("GET", "/status")).toBe(false)
  expect(await mayRest("POST", "/do", { "content-type": "application/json" }, '{"op":"user.create","data":{"id":"u","email":"u@example.com"}}')).toBe(false)
  expect(await mayRest("POST", "/do/stream", { ...lines, authorization: "Bearer nobody" }, "")).toBe(false)
  expect(await mayRest("GET", "/status/verify", { authorization: "Bearer nobody" })).toBe(false)
})
