// The replica's driver: every effect is carried out, in order, and every request is answered, never before the disk has it.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Replica, type ReplicaParts } from "../../src/node/replica.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { until } from "../cluster/real-pair.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { DrivenStore, logOf } from "./driven-pair.ts"
import { recordAfter } from "./peer-messages.ts"

const epoch = { number: 1, id: "first" }
const [first, second, third] = logOf(3)
if (first === undefined || second === undefined || third === undefined) throw new Error("no records")

/** A replica, and a primary that says whatever the test likes. */
class Setup {
  nowMs = 1_000
  full: string | undefined
  link = 0
  #round = 0
  readonly notices: string[] = []
  readonly stops: string[] = []
  readonly fatals: unknown[] = []
  readonly advanced: number[] = []
  readonly roles: string[] = []
  readonly store: DrivenStore
  readonly replica: Replica

  constructor({ fresh = false, joining = false, log = [] }: { fresh?: boolean; joining?: boolean; log?: readonly SealedRecord[] } = {}) {
    const identity = { clusterId: fresh ? undefined : "cluster", nodeId: "b", role: "replica" as const, epoch: fresh ? { number: 0, id: "" } : epoch }
    this.store = new DrivenStore(new MemoryEngine(), identity)
    for (const record of log) {
      this.store.prepareNow({ records: [record], committed: record.version - 1 })
      this.store.commit(record.version)
    }
    const parts: ReplicaParts = {
      store: this.store,
      session: "session-of-b",
      publicUrl: "http://b.test",
      monotonicMs: () => this.nowMs,
      wallMs: () => 0,
      notice: (line) => this.notices.push(line),
      stop: (reason, detail) => this.stops.push(`${reason}: ${detail}`),
      fatal: (error) => this.fatals.push(error),
      advanced: (committed) => this.advanced.push(committed),
      joining,
      ownLeaseMs: 10_000,
      fetchSnapshot: () => undefined,
      roleChanged: () => this.roles.push(this.store.identity().role),
      whyNoSpace: () => this.full,
    }
    this.replica = new Replica(parts)
  }

  [Symbol.dispose](): void {
    this.replica.stop()
  }

  send(message: Request, change: Partial<Envelope> = {}): Promise<{ envelope: Envelope; answer: Answer }> {
    const envelope: Envelope = { protocol: protocolVersion, cluster: "cluster", node: "a", epoch, session: "session-of-a", peerSession: "session-of-b", link: this.link, sentAtMs: 42, ...change }
    return this.replica.receive({ envelope, message })
  }

  async ask(message: Request, change: Partial<Envelope> = {}): Promise<Answer> {
    return (await this.send(message, change)).answer
  }

  /** Opens a link, as the next messages need. */
  async greet(change: Partial<Envelope> = {}): Promise<Answer> {
    const answer = await this.ask(hello, change)
    if (answer.kind === "hello") this.link = answer.link
    return answer
  }

  prepare(...records: SealedRecord[]): Promise<Answer> {
    return this.ask({ kind: "prepare", round: ++this.#round, committed: (records[0]?.version ?? 1) - 1, records })
  }

  rollback(record: SealedRecord): Promise<Answer> {
    return this.ask({ kind: "rollback", round: this.#round, first: record.version, digest: record.digest, parent: record.parent })
  }
}

const hello: Request = { kind: "hello", open: true, head: 0, headDigest: genesisDigest, committed: 0, logStart: 1, publicUrl: "http://a.test" }
const commitOf = ({ version, digest }: SealedRecord): Request => ({ kind: "commit", version, digest, inSync: true })

/** Whether it has an answer after everything that needs no disk has happened. */
async function isAnswered(asked: Promise<unknown>): Promise<boolean> {
  let answered = false
  void asked.then(() => (answered = true))
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
  return answered
}

describe("the replica", () => {
  test("repeats in an answer whom and what it answers, and when that was asked", async () => {
    using setup = new Setup()
    await setup.greet()
    const { envelope } = await setup.send({ kind: "heartbeat" })
    expect(envelope).toEqual({ protocol: protocolVersion, cluster: "cluster", node: "b", epoch, session: "session-of-b", peerSession: "session-of-a", link: setup.link, sentAtMs: 42 })
  })

  test("votes when its disk has the batch, not before (I2)", async () => {
    using setup = new Setup()
    await setup.greet()
    setup.store.hold()
    const asked = setup.prepare(first, second)
    expect(await isAnswered(asked)).toBe(false)
    expect(setup.store.position().head).toBe(0)
    setup.store.release()
    expect(await asked).toMatchObject({ kind: "vote", vote: { prepared: true } })
    expect(setup.store.position()).toMatchObject({ head: 2, committed: 0 })
  })

  test("commits when it is told to, by a commit or a later prepare, and says how far", async () => {
    using setup = new Setup()
    await setup.greet()
    await setup.prepare(first)
    expect(await setup.ask(commitOf(first))).toMatchObject({ kind: "committed", committed: 1 })
    await setup.prepare(second)
    expect(await setup.prepare(third)).toMatchObject({ kind: "vote", committed: 2 })
    expect(setup.advanced).toEqual([1, 2])
    expect(setup.store.position()).toMatchObject({ head: 3, committed: 2 })
    expect(setup.notices).toHaveLength(1)
    expect(setup.replica.state.synced).toBe(true)
  })

  test("votes no where its disk has no room, and keeps nothing (I10)", async () => {
    using setup = new Setup()
    await setup.greet()
    setup.full = "the disk has 5 bytes free"
    expect(await setup.prepare(first)).toMatchObject({ kind: "vote", vote: { prepared: false, code: "disk-full", detail: "the disk has 5 bytes free" } })
    expect([setup.store.position().head, setup.store.done]).toEqual([0, []])
    setup.full = undefined
    expect(await setup.prepare(first)).toMatchObject({ kind: "vote", vote: { prepared: true } })
  })

  test("votes no where a name is taken, and keeps nothing of the batch (I10)", async () => {
    using setup = new Setup()
    await setup.greet()
    const named = recordAfter(undefined, 10, "ada")
    const again = recordAfter(named, 10, "ada")
    expect(await setup.prepare(named, again)).toMatchObject({ kind: "vote", vote: { prepared: false, code: "unique" } })
    expect(setup.store.position().head).toBe(0)
  })

  test("takes back what it prepared, durably, and only then says so (I10)", async () => {
    using setup = new Setup()
    await setup.greet()
    await setup.prepare(first)
    setup.store.hold()
    const asked = setup.rollback(first)
    expect(await isAnswered(asked)).toBe(false)
    setup.store.release()
    expect(await asked).toMatchObject({ kind: "rolled-back" })
    expect(setup.store.position()).toMatchObject({ head: 0, headDigest: genesisDigest })
    // The same prepare, late: it must not come back.
    expect(await setup.ask({ kind: "prepare", round: 1, committed: 0, records: [first] })).toMatchObject({ kind: "refused", code: "stale-round" })
  })

  test("answers every request that came while the disk was at work, in order, and refuses what is too much", async () => {
    using setup = new Setup()
    await setup.greet()
    setup.store.hold()
    const answers: string[] = []
    const kept = (asked: Promise<Answer>) => asked.then((answer) => void answers.push(answer.kind === "refused" ? answer.code : answer.kind))
    const all = [kept(setup.prepare(first)), kept(setup.ask(commitOf(first)))]
    for (let n = 0; n < 80; n++) all.push(kept(setup.ask({ kind: "heartbeat" })))
    await new Promise((resolve) => setImmediate(resolve))
    expect(new Set(answers)).toEqual(new Set(["busy"]))
    setup.store.release()
    await Promise.all(all)
    expect(answers.slice(answers.indexOf("vote"))).toEqual(["vote", "committed", ...new Array<string>(63).fill("heartbeat")])
    expect(answers).toHaveLength(all.length)
  })

  test("gives its log: records from a version on, none beyond its head, and digests", async () => {
    using setup = new Setup({ log: logOf(3) })
    await setup.greet()
    const from = async (version: number) => {
      const answer = await setup.ask({ kind: "records", from: version })
      return answer.kind === "records" ? answer.records.map((record) => record.version) : answer
    }
    expect([await from(1), await from(3), await from(4), await from(Number.MAX_SAFE_INTEGER)]).toEqual([[1, 2, 3], [3], [], []])
    const digestAt = async (version: number) => {
      const answer = await setup.ask({ kind: "digest", version })
      return answer.kind === "digest" ? answer.digest : answer
    }
    expect(await digestAt(0)).toEqual(genesisDigest)
    expect(await digestAt(2)).toEqual(second.digest)
    expect(await digestAt(4)).toBeNull()
  })

  test("gives no more records at once than fit a batch", async () => {
    using setup = new Setup({ log: logOf(bounds.batchCountMax + 5) })
    await setup.greet()
    const answer = await setup.ask({ kind: "records", from: 1 })
    expect(answer.kind === "records" && answer.records.length).toBe(bounds.batchCountMax)
  })

  test("on a new disk becomes part of the pair, durably, before it opens a link", async () => {
    using setup = new Setup({ fresh: true })
    setup.store.hold()
    const asked = setup.greet()
    expect(await isAnswered(asked)).toBe(false)
    setup.store.release()
    expect(await asked).toMatchObject({ kind: "hello", opened: true })
    expect(setup.store.done).toEqual(["identify"])
    expect(setup.store.identity()).toMatchObject({ clusterId: "cluster", epoch })
    expect(await setup.prepare(first)).toMatchObject({ kind: "vote", vote: { prepared: true } })
  })

  test("on a new disk refuses a primary with data and stops, after the answer has left, unless it is to join", async () => {
    const withData: Request = { ...hello, head: 5 }
    using setup = new Setup({ fresh: true })
    expect(await setup.ask(withData)).toMatchObject({ kind: "refused", code: "wiped" })
    expect(setup.stops).toEqual([])
    await until("it stops", () => setup.stops.length > 0)
    expect(setup.stops[0]).toStartWith("foreign: ")
    using joining = new Setup({ fresh: true, joining: true })
    expect(await joining.ask(withData)).toMatchObject({ kind: "hello", opened: true })
  })

  const strangers: readonly (readonly [code: string, change: Partial<Envelope>])[] = [
    ["protocol", { protocol: protocolVersion + 1 }],
    ["foreign-cluster", { cluster: "another" }],
    ["foreign-cluster", { cluster: null }],
    ["fenced", { epoch: { number: 0, id: "old" } }],
    ["session", { peerSession: "an older session" }],
    ["session", { link: 99 }],
  ]
  test.each(strangers)("refuses as %s what is not of its link, and changes nothing: %p (I6)", async (code, change) => {
    using setup = new Setup()
    await setup.greet()
    for (const message of [{ kind: "prepare", round: 1, committed: 0, records: [first] }, { kind: "heartbeat" }, commitOf(first)] as const) {
      expect(await setup.ask(message, change)).toMatchObject({ kind: "refused", code })
    }
    expect([setup.store.position().head, setup.store.done, setup.advanced]).toEqual([0, [], []])
  })

  test("refusals do not count as having heard of the primary", async () => {
    using setup = new Setup()
    await setup.ask({ kind: "heartbeat" }, { cluster: "another" })
    expect(setup.replica.heardAtMs).toBeNull()
    await setup.greet()
    expect(setup.replica.heardAtMs).toBe(1_000)
  })

  test.each(["prepare", "undo", "identify", "flush"] as const)("a disk that fails in %s ends the process, and nothing is answered (I2)", async (what) => {
    using setup = new Setup({ fresh: what === "identify" })
    const failure = new Error("EIO")
    if (what !== "identify") await setup.greet()
    if (what === "undo") await setup.prepare(first)
    setup.store.failure = failure
    const asked = what === "prepare" ? setup.prepare(first) : what === "undo" ? setup.rollback(first) : what === "identify" ? setup.greet() : undefined
    if (what === "flush") setup.replica.start()
    await until("it ends", () => setup.fatals.length > 0)
    expect(setup.fatals[0]).toBe(failure)
    if (asked !== undefined) expect(await isAnswered(asked)).toBe(false)
  })

  test("makes the committed number durable once it is quiet, not while its disk is at work", async () => {
    using setup = new Setup()
    await setup.greet()
    await setup.prepare(first)
    await setup.ask(commitOf(first))
    setup.replica.start()
    setup.nowMs += 201
    await until("it is written", () => setup.store.done.at(-1) === "flush")
    setup.store.hold()
    const flushes = setup.store.done.length
    const asked = setup.prepare(second)
    setup.nowMs += 1_000
    await new Promise((resolve) => setTimeout(resolve, 3 * bounds.tickMs))
    setup.store.release()
    await asked
    expect(setup.store.done.slice(flushes)).toEqual(["prepare"])
  })
})
