// Long polls of the change feed: answered with the first change there is to show, or empty when their time is over, or early
// where nothing can come any more.
import { afterEach, describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { feedTiming } from "../../../src/http/feed/feed-tail.ts"
import { refuse } from "../../../src/refusal.ts"
import { Harness, inside } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"

const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })
const open: Harness[] = []
afterEach(() => open.splice(0).forEach((tandem) => tandem.app.endFeed()))

async function started(): Promise<Harness> {
  const tandem = new Harness({ feedTiming: { ...feedTiming, tickMs: 1, pauseMs: 5 } })
  open.push(tandem)
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await tandem.commit(user("ada"))
  return tandem
}

const isWaiting = (tandem: Harness): boolean => tandem.node.listeners > 0

test("answers at once where there is something already", async () => {
  const tandem = await started()
  expect((await tandem.get("/changes?since=1&wait=60s")).json).toMatchObject({ items: [{ version: 2 }], next: 2 })
})

test("answers with the first change, and the next poll goes on behind it", async () => {
  const tandem = await started()
  const first = tandem.get("/changes?since=2&wait=60s")
  await tandem.commit(user("b"))
  expect((await first).json).toMatchObject({ items: [{ version: 3 }], version: 3, next: 3 })
  const second = tandem.get("/changes?since=3&wait=60s")
  await tandem.commit(user("c"))
  expect((await second).json).toMatchObject({ items: [{ version: 4 }], next: 4 })
  expect(isWaiting(tandem)).toBe(false)
})

test("waits on for what its filter shows, and leaves the rest behind", async () => {
  const tandem = await started()
  const answer = tandem.get("/changes?since=2&wait=60s&collections=goals")
  for (const id of ["b", "c", "d"]) await tandem.commit(user(id))
  await tandem.commit({ op: "document.put", data: { collection: "goals", id: "g", value: {} } }, user("e"))
  expect((await answer).json).toMatchObject({ items: [{ version: 6, changes: [{ id: "g" }] }], next: 6 })
})

test("gives no more than `limit`, and skips nothing", async () => {
  const tandem = await started()
  const { committed } = tandem.node
  const answer = tandem.get("/changes?since=2&wait=60s&limit=2")
  tandem.node.committed = () => 2
  for (const id of ["b", "c", "d"]) await tandem.commit(user(id))
  tandem.node.committed = committed
  tandem.node.advanced()
  const { json, headers } = await answer
  expect(json).toMatchObject({ items: [{ version: 3 }, { version: 4 }], version: 5, next: 4 })
  expect(headers.get("link")).toBe('</changes?since=4&limit=2>; rel="next"')
})

test("is empty when its time is over, and has gone past what its filter hides", async () => {
  const tandem = await started()
  expect((await tandem.get("/changes?since=2&wait=1ms")).json).toEqual({ items: [], version: 2, next: 2 })
  const hidden = tandem.get("/changes?since=2&wait=200ms&collections=goals")
  await tandem.commit(user("b"))
  expect((await hidden).json).toEqual({ items: [], version: 3, next: 3 })
  expect(isWaiting(tandem)).toBe(false)
})

test.each(["61s", "1h", "x", "", "5", "-1s"])("may not wait for %s", async (wait) => {
  const answer = await (await started()).get(`/changes?since=2&wait=${wait}`)
  expectAnswer(answer, 400)
  expect(inside(answer.json, "pointer")).toBe("/wait")
})

describe("ends early", () => {
  test("and empty, when the node stops", async () => {
    const tandem = await started()
    const answer = tandem.get("/changes?since=2&wait=60s")
    await new Promise(setImmediate)
    tandem.app.endFeed()
    expect((await answer).json).toEqual({ items: [], version: 2, next: 2 })
    expectAnswer(await tandem.get("/changes?since=2&wait=60s"), 503)
    expect((await tandem.get("/changes?since=1&wait=60s")).json).toMatchObject({ next: 2 })
  })

  test("with 503, when the node may not answer reads for a while", async () => {
    const tandem = await started()
    const answer = tandem.get("/changes?since=2&wait=60s")
    tandem.node.notReadable = refuse("unavailable", "Not in sync.")
    expectAnswer(await answer, 503)
  })

  test("with 401, when the key that asked is revoked", async () => {
    const tandem = await started()
    const { json } = await tandem.commit({ op: "key.create", data: { name: "web", scopes: ["read"] } })
    const answer = tandem.get("/changes?since=3&wait=60s", { token: String(inside(json, "results", 0, "key")) })
    await tandem.commit({ op: "key.revoke", data: { id: inside(json, "results", 0, "id") } })
    expectAnswer(await answer, 401)
  })

  test("when its client is gone", async () => {
    const tandem = await started()
    const controller = new AbortController()
    const answer = tandem.app.fetch(new Request("http://tandem.test/changes?since=2&wait=60s", { headers: { authorization: "Bearer tr_root" }, signal: controller.signal }))
    await new Promise(setImmediate)
    expect(isWaiting(tandem)).toBe(true)
    controller.abort()
    await answer
    expect(isWaiting(tandem)).toBe(false)
  })
})

test("HEAD does not wait", async () => {
  const head = await (await started()).send("HEAD", "/changes?since=2&wait=60s")
  expect([head.status, head.text]).toEqual([200, ""])
})

test("those that wait take no room from other requests", async () => {
  const tandem = await started()
  const waiting = Array.from({ length: bounds.requestsInFlightMax + 1 }, () => tandem.get("/changes?since=2&wait=60s"))
  await new Promise(setImmediate)
  await tandem.commit(user("b"))
  for (const answer of waiting) expect((await answer).json).toMatchObject({ next: 3 })
  await tandem.commit(user("c"))
})
