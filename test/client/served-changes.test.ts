// The client's change feed as a node serves it: a reader that is too slow, and one that may read no more.
import { afterEach, expect, test } from "bun:test"
import type { Cut } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { feedTiming } from "../../src/http/feed/feed-tail.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { Harness } from "../http/harness.ts"
import { refusalOf } from "./scripted-server.ts"
import { servedService } from "./served-service.ts"

const open: Harness[] = []
afterEach(() => open.splice(0).forEach(({ app }) => app.endFeed()))

function harness(): Harness {
  const tandem = new Harness({ feedTiming: { ...feedTiming, stallMs: 20, tickMs: 1 } })
  open.push(tandem)
  return tandem
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 1))

test("a reader who takes nothing for too long is cut by the node, told so, and misses nothing", async () => {
  const tandem = harness()
  const service = servedService(tandem)
  const { version } = await service.createUser({ email: "ada@example.com" })
  const cuts: Cut[] = []
  const feed = service.changes({ since: 0, onCut: (cut) => cuts.push(cut) })
  expect((await feed.next()).value?.version).toBe(version)
  for (let n = 0; n < 20; n++) await service.createUser({ email: `${n}@example.com`, data: { text: "x".repeat(10_000) } })
  while (tandem.node.listeners > 0) await moment()
  const seen: (number | undefined)[] = []
  while (seen.length < 20) seen.push((await feed.next()).value?.version)
  await feed.return()
  expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => version + 1 + n))
  expect(cuts.map(({ reason }) => reason)).toEqual(["overflow"])
})

test("a reader whose key is revoked is shown nothing more, and hears why", async () => {
  const tandem = harness()
  const service = servedService(tandem)
  await service.createUser({ email: "eva@example.com" })
  const { id, key } = await service.createKey({ name: "web", scopes: ["read"] })
  const feed = service.withToken(key).changes({ since: 0 })
  await feed.next()
  const next = feed.next()
  await service.revokeKey(id)
  await service.createUser({ email: "ada@example.com" })
  expect(await refusalOf(next, TandemError)).toMatchObject({ code: "unauthenticated", status: 401 })
})

test("who asks for a past that is not kept any more hears how far back it goes, and may begin there (P7)", async () => {
  const tandem = harness()
  const service = servedService(tandem)
  for (let n = 1; n <= 4; n++) await service.createUser({ email: `${n}@example.com` }, { note: `number ${n}` })
  expect(await tandem.node.submit(internalTransaction(retentionTrim, { before: 3, collections: {} }))).toMatchObject({ kind: "committed" })
  const asked = [service.changes({ since: 0 }).next(), service.log().next(), service.at(2).listUsers().next()]
  for (const call of asked) expect(await refusalOf(call, TandemError)).toMatchObject({ code: "trimmed", status: 410, oldestVersion: 3 })
  const feed = service.changes({ since: 3 })
  expect((await feed.next()).value?.note).toBe("number 4")
  await feed.return()
})
