// A rejoin, on stores in memory and against a peer that answers as a node does: what is asked, kept, taken back and stored.
import { afterAll, afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { questioned } from "../../src/node/questioned.ts"
import { PeerRefused } from "../../src/node/peer-questions.ts"
import { rejoin, type Rejoined } from "../../src/node/rejoin.ts"
import { answerQuestion } from "../../src/protocol/question.ts"
import { genesisDigest, sameDigest } from "../../src/protocol/digest.ts"
import { openRecord } from "../../src/protocol/record.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { horizonRow } from "../../src/store/horizon.ts"
import { undecided } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { Random } from "../sim/random.ts"
import { Chain, type Change } from "../store/chain.ts"
import { dump } from "../store/disks.ts"
import { RandomHistory } from "../store/random-history.ts"

const directory = mkdtempSync(join(tmpdir(), "tandem-rejoin-"))
afterEach(() => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name))
})
afterAll(() => rmSync(directory, { recursive: true }))

const first: Epoch = { number: 1, id: "first" }
const second: Epoch = { number: 2, id: "second" }

/** A store whose log has these bodies of one entity; all of it is committed unless said otherwise. */
async function storeOf(nodeId: string, epoch: Epoch, bodies: readonly string[], committed = bodies.length): Promise<TableStore> {
  const store = new TableStore(new MemoryEngine(), { clusterId: "cluster", nodeId, role: "primary", epoch })
  const chain = new Chain()
  for (const body of bodies) await put(store, chain, { id: "x", body: JSON.stringify(body) }, committed)
  await store.flush()
  return store
}

async function put(store: TableStore, chain: Chain, change: Change, committed: number): Promise<void> {
  const before = chain.version
  store.commit(Math.min(before, committed))
  if (store.position().committed < before) return
  await store.prepare({ records: [chain.next([change])], committed: before })
  store.commit(Math.min(chain.version, committed))
}

async function run(own: TableStore, peer: TableStore, discard = false): Promise<{ readonly rejoined: Rejoined; readonly asked: string[] }> {
  const asked: string[] = []
  const rejoined = await rejoin({
    store: own,
    dataDirectory: directory,
    session: "session of a",
    ask: async (envelope, question) => {
      asked.push(question.kind === "digest" ? `digest ${question.version}` : question.kind)
      const { envelope: from, answer } = answerQuestion(questioned(peer, "session of b"), envelope, question)
      return { envelope: from, message: answer }
    },
    monotonicMs: () => 0,
    discard,
    onProgress: () => undefined,
  })
  return { rejoined, asked }
}

describe("a rejoin", () => {
  test("makes the old primary a replica of the new epoch that may lack what was acknowledged", async () => {
    const own = await storeOf("a", first, ["1", "2", "3"])
    const { rejoined, asked } = await run(own, await storeOf("b", second, ["1", "2", "3", "4"]))
    expect(rejoined).toMatchObject({ step: "rejoined", common: 3, takenBack: 0, file: undefined })
    expect(asked).toEqual(["position", "digest 3"])
    expect(own.identity()).toEqual({ ...undecided, clusterId: "cluster", nodeId: "a", role: "replica", epoch: second, mode: "paired", lacking: true })
    expect(readdirSync(directory)).toEqual([])
  })

  test("takes back what is in doubt here only, and keeps it", async () => {
    const own = await storeOf("a", first, ["1", "2", "3"], 2)
    expect(own.position()).toMatchObject({ head: 3, committed: 2 })
    const { rejoined } = await run(own, await storeOf("b", second, ["1", "2", "other"]))
    expect(rejoined).toMatchObject({ step: "rejoined", common: 2, takenBack: 1 })
    expect(own.position()).toMatchObject({ head: 2, committed: 2 })
    expect(linesIn(readdirSync(directory)[0] ?? "").map(({ version }) => version)).toEqual([3])
  })

  test("leaves everything as it is where committed versions would go, until they may", async () => {
    const own = await storeOf("a", first, ["1", "alone", "alone too"])
    const peer = await storeOf("b", second, ["1", "2"])
    const before = (own.engine as MemoryEngine).dump()
    expect((await run(own, peer)).rejoined).toMatchObject({ step: "refuse", why: "would-discard" })
    expect([(own.engine as MemoryEngine).dump(), readdirSync(directory)]).toEqual([before, []])

    const { rejoined } = await run(own, peer, true)
    const file = rejoined.step === "rejoined" ? (rejoined.file ?? "") : ""
    expect(file).toMatch(/\/discarded-2-3-[0-9a-f]{8}\.jsonl$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(own.position()).toMatchObject({ head: 1, committed: 1 })
    expect((await run(own, peer)).rejoined.step).toBe("done")
  })

  test("of a node that led alone ends that before anything goes: killed in between, it neither reads nor writes without the other one (P2)", async () => {
    const own = await storeOf("a", first, ["1", "alone", "in doubt"], 2)
    await own.saveIdentity({ mode: "solo" })
    const undoTo = own.undoTo.bind(own)
    const before: unknown[] = []
    own.undoTo = (version) => {
      before.push(own.identity().mode, new TableStore(own.engine, own.identity()).position().committed)
      return undoTo(version)
    }
    expect((await run(own, await storeOf("b", second, ["1"]), true)).rejoined.step).toBe("rejoined")
    expect(before).toEqual(["paired", 3])
  })

  test("keeps each version as the log shows it, with the whole record, and never in the place of another file", async () => {
    const own = await storeOf("a", first, ["1", "2", "3"])
    const records = own.records(2, 3, 9, 1_000_000)
    const peer = await storeOf("b", second, ["1"])
    const unfinished = join(directory, "discarded-2-3-00000000.jsonl")
    writeFileSync(unfinished, "of another history\n")
    await run(own, peer, true)
    expect(readFileSync(unfinished, "utf8")).toBe("of another history\n")
    const name = readdirSync(directory).find((each) => join(directory, each) !== unfinished) ?? ""
    const lines = linesIn(name)
    expect(lines.map(({ version, writes }) => [version, writes[0]?.value])).toEqual([[2, "2"], [3, "3"]])
    expect(lines.map(({ record }) => Buffer.from(record, "base64"))).toEqual(records.map(({ bytes }) => Buffer.from(bytes)))
    expect(openRecord(Buffer.from(lines[0]?.record ?? "", "base64")).version).toBe(2)

    // Killed after the file was made, it finds it whole the next time.
    const again = await storeOf("a", first, ["1", "2", "3"])
    await run(again, peer, true)
    expect(readdirSync(directory).length).toBe(2)
  })

  test("is for one of two that were both promoted to one number (P5)", async () => {
    const own = await storeOf("a", { number: 2, id: "other" }, ["1", "alone"])
    const peer = await storeOf("b", second, ["1", "2"])
    expect((await run(own, peer)).rejoined).toMatchObject({ step: "refuse", why: "would-discard" })
    expect((await run(own, peer, true)).rejoined).toMatchObject({ step: "rejoined", common: 1 })
    expect(own.identity()).toMatchObject({ role: "replica", epoch: second })
  })

  test("is refused, and changes nothing, where retention took away what it needs (P7)", async () => {
    const own = new TableStore(new MemoryEngine(), { clusterId: "cluster", nodeId: "a", role: "primary", epoch: first })
    const chain = new Chain()
    for (const body of ["1", "2", "3"]) await put(own, chain, { id: "x", body: JSON.stringify(body) }, 9)
    await put(own, chain, { ...horizonRow, body: JSON.stringify({ oldest: 2, collections: {} }) }, 9)
    while (own.trimNow()) continue
    // It led alone, too.
    await own.saveIdentity({ mode: "solo" })
    const before = (own.engine as MemoryEngine).dump()
    const { rejoined } = await run(own, await storeOf("b", second, ["1", "2", "3"]), true)
    expect(rejoined).toMatchObject({ step: "refuse", why: "foreign", detail: expect.stringContaining("goes back to version 4 only") as unknown, hint: expect.stringContaining("--join") as unknown })
    expect((own.engine as MemoryEngine).dump()).toBe(before)
    expect(readdirSync(directory)).toEqual([])
  })

  test("rejects, and changes nothing, where the peer refuses (I6)", async () => {
    const own = await storeOf("a", first, ["1"])
    const before = (own.engine as MemoryEngine).dump()
    const foreign = new TableStore(new MemoryEngine(), { clusterId: "other", nodeId: "b", role: "primary", epoch: second })
    await expect(run(own, foreign, true)).rejects.toBeInstanceOf(PeerRefused)
    await expect(run(own, await storeOf("a", second, ["1"]), true)).rejects.toThrow("both nodes are named a")
    expect((own.engine as MemoryEngine).dump()).toBe(before)
  })
})

describe("after a rejoin", () => {
  const rowsOf = ({ engine }: TableStore): string[] => dump(engine.tables).filter((line) => !line.startsWith("hard_state "))

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))("what the new primary has goes on where both logs part, and makes both the same, seed %d (I4)", async (seed) => {
    const random = new Random(seed)
    const history = new RandomHistory(seed)
    const of = (nodeId: string, epoch: Epoch): TableStore => new TableStore(new MemoryEngine(), { clusterId: "cluster", nodeId, role: "primary", epoch })
    const [own, peer] = [of("a", first), of("b", second)]
    const grow = async (stores: readonly TableStore[], least: number): Promise<void> => {
      for (let n = random.between(least, 10); n > 0; n--) await history.step(stores)
    }
    await grow([own, peer], 1)
    if (random.chance(0.5)) {
      await history.moveHorizon([own, peer], random.between(0, history.chain.version), { things: random.between(0, history.chain.version) })
      while (random.chance(0.9) && own.trimNow(5)) continue
    }
    await grow([own, peer], 0)
    let common = history.chain.version
    const back = history.mark()
    await grow([own], 0)
    await own.flush()
    back()
    await grow([peer], 0)

    // By chance both may have made the same record next.
    while (own.record(common + 1) !== undefined && sameDigest(own.record(common + 1)?.digest ?? genesisDigest, peer.record(common + 1)?.digest ?? genesisDigest)) common++
    const { rejoined } = await run(own, peer, true)
    expect(rejoined).toMatchObject({ step: "rejoined", common })
    for (let { head } = own.position(); head < peer.position().head; { head } = own.position()) {
      own.commit(head)
      expect(await own.prepare({ records: peer.records(head + 1, head + random.between(1, 4), 9, 1_000_000_000), committed: head })).toBeUndefined()
    }
    for (const store of [own, peer]) {
      store.commit(store.position().head)
      while (store.trimNow()) continue
      expect((await verifyStore(store, () => undefined)).problems).toEqual([])
    }
    expect(rowsOf(own)).toEqual(rowsOf(peer))
  })
})

interface Line {
  readonly version: number
  readonly writes: readonly { readonly value: unknown }[]
  readonly record: string
}

function linesIn(name: string): Line[] {
  return readFileSync(join(directory, name), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as Line)
}
