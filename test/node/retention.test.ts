// What a pair forgets by itself: the past below its retention, on both nodes at one version, and what expired long ago.
import { describe, expect, test } from "bun:test"
import type { NodeSettings } from "../../src/node/settings.ts"
import { until } from "../cluster/real-pair.ts"
import type { MemoryEngine } from "../sim/memory-engine.ts"
import { NodePair, wallMs } from "./node-pair.ts"
import { sealed, submitted } from "./submitted.ts"

const keep = (versions: number): Partial<NodeSettings> => ({ retention: { keep: { versions, ageMs: undefined }, collections: new Map() } })

async function write(pair: NodePair, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const { committed } = pair.aStore.position()
    const operation = committed === 0 ? { op: "collection.define", data: { name: "things" } } : { op: "document.put", data: { collection: "things", id: "one", value: { n } } }
    expect(await pair.a.submit(await sealed(operation, `k${committed}`))).toMatchObject({ kind: "committed" })
  }
}

function trimmed(pair: NodePair, oldest: number): Promise<void> {
  return until(`both logs begin at ${oldest} or later`, () => {
    pair.nowMs += 200
    return pair.aStore.logStart() >= oldest && pair.bStore.logStart() >= oldest && !pair.aStore.trimmable() && !pair.bStore.trimmable()
  })
}

const dump = (store: NodePair["aStore"]): string => (store.engine as MemoryEngine).dump()

describe("retention", () => {
  test("moves the horizon by a logged operation, and both nodes take away what is below it (P7)", async () => {
    await using pair = await new NodePair(keep(10)).start()
    await write(pair, 30)
    await trimmed(pair, 21)
    const horizon = pair.aStore.horizon()
    expect(pair.bStore.horizon()).toEqual(horizon)
    expect([pair.a.status().oldestVersion, pair.b.status().oldestVersion]).toEqual([horizon.oldest, horizon.oldest])
    expect([pair.aStore.logStart(), pair.bStore.logStart()]).toEqual([horizon.oldest, horizon.oldest])
    await pair.aStore.flush()
    await pair.bStore.flush()
    const tables = (store: NodePair["aStore"]) => dump(store).split("\n--\n").slice(0, -1)
    expect(tables(pair.bStore)).toEqual(tables(pair.aStore))
  })

  test("comes to rest where nothing is written", async () => {
    await using pair = await new NodePair(keep(5)).start()
    await write(pair, 30)
    await trimmed(pair, 20)
    const { head } = pair.aStore.position()
    for (let n = 0; n < 20; n++) {
      const lastHeardMs = (): number => Date.parse(pair.a.status().peer.lastHeardAt ?? "") + pair.nowMs
      const before = lastHeardMs()
      pair.nowMs += 1_001
      await until("the replica was heard again", () => lastHeardMs() > before)
    }
    await write(pair, 1)
    expect(pair.aStore.position().head).toBeLessThanOrEqual(head + 2)
  })

  test("takes nothing away while a disk is below its floor, since that writes, and goes on where there is room again", async () => {
    await using pair = await new NodePair(keep(10)).start()
    const stores = [pair.aStore, pair.bStore]
    const release = stores.map((store) => store.pauseTrimming())
    await write(pair, 30)
    await until("the horizon has moved on both", () => {
      pair.nowMs += 200
      return stores.every((store) => store.horizon().oldest > 20)
    })
    pair.freeBytes = 99
    pair.nowMs += 1
    for (const go of release) go()
    let looks = 0
    await until("there was time for it", () => ++looks > 6)
    expect(stores.map((store) => store.logStart())).toEqual([1, 1])
    pair.freeBytes = 1_000
    await trimmed(pair, 21)
  })

  test("moves nothing while the replica is away, since it may lack what would go", async () => {
    await using pair = await new NodePair(keep(5)).start()
    await write(pair, 1)
    pair.down = true
    pair.nowMs += 10_001
    await until("it has noticed", () => pair.a.status().stuck !== null)
    expect(pair.aStore.trimmable()).toBe(false)
    expect(pair.aStore.horizon().oldest).toBe(0)
  })
})

describe("what expired", () => {
  test("is deleted a day after its end, whoever it belongs to, and nothing else is (P7)", async () => {
    await using pair = await new NodePair().start()
    const user = { op: "user.create", data: { id: "u", email: "u@example.com" } }
    expect(await pair.a.submit(submitted(user))).toMatchObject({ kind: "committed" })
    const ids: Record<string, string> = {}
    for (const [name, ttl] of [["short", "1h"], ["long", "30d"]] as const) {
      for (const op of ["session.create", "token.create"]) {
        ids[`${op} ${name}`] = await idOf(pair, { op, data: op === "token.create" ? { purpose: "reset", ttl } : { userId: "u", ttl } })
      }
    }
    pair.wallMs = wallMs + 25 * 3_600_000 + 1
    await until("the short ones are gone", () => {
      pair.nowMs += 4_000
      return present(pair, "sessions").length === 1 && present(pair, "tokens").length === 1
    })
    expect([present(pair, "sessions"), present(pair, "tokens")]).toEqual([[ids["session.create long"]], [ids["token.create long"]]] as string[][])
  })
})

function present(pair: NodePair, collection: string): string[] {
  return pair.bStore.page(collection, { at: pair.bStore.position().committed, after: undefined, limit: 10 }).rows.map(({ id }) => id)
}

async function idOf(pair: NodePair, operation: object): Promise<string> {
  const outcome = await pair.a.submit(await sealed(operation))
  if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome))
  return (JSON.parse(outcome.results) as [{ readonly id: string }])[0].id
}
