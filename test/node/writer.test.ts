// The writer over a real store in memory and a log whose verdicts the test gives.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import type { Fate, ReplicatedLog } from "../../src/node/replicated-log.ts"
import type { Outcome } from "../../src/node/service.ts"
import { Writer } from "../../src/node/writer.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { type Refusal, refuse } from "../../src/refusal.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { until } from "../cluster/real-pair.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { submitted } from "./submitted.ts"

class Setup implements ReplicatedLog {
  readonly store = new TableStore(new MemoryEngine(), { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
  readonly appended: { readonly records: readonly SealedRecord[]; readonly fate: Fate }[] = []
  isReady = true
  nowMs = 0
  notWritable: Refusal | undefined
  #onReady: () => void = () => undefined
  readonly writer = new Writer({
    reader: this.store,
    log: this,
    wallMs: () => Date.parse("2026-03-01T12:00:00Z"),
    monotonicMs: () => this.nowMs,
    epoch: () => 1,
    whyNotWritable: () => this.notWritable,
  })

  ready = (): boolean => this.isReady
  onReady(callback: () => void): void {
    this.#onReady = callback
  }
  append(records: readonly SealedRecord[], fate: Fate): void {
    this.isReady = false
    this.appended.push({ records, fate })
  }

  /** Both votes are in for the newest batch. */
  decide(): void {
    const { records, fate } = this.newest()
    const refused = this.store.prepareNow({ records, committed: this.store.position().head })
    if (refused !== undefined) throw new Error(refused.detail)
    this.store.commit(records.at(-1)?.version ?? 0)
    this.isReady = true
    fate.decided()
  }
  reject(refusal: Refusal): void {
    this.isReady = true
    this.newest().fate.rejected(refusal)
    this.#onReady()
  }
  becomeReady(): void {
    this.isReady = true
    this.#onReady()
  }
  newest(): (typeof this.appended)[number] {
    const newest = this.appended.at(-1)
    if (newest === undefined) throw new Error("nothing was appended")
    return newest
  }

  submit(body: object, key?: string): Answer {
    const answer: Answer = { outcome: undefined }
    void this.writer.submit(submitted(body, key)).then((outcome) => (answer.outcome = outcome))
    return answer
  }
}

interface Answer {
  outcome: Outcome | undefined
}

const user = (id: string, email = `${id}@example.com`) => ({ op: "user.create", data: { id, email } })

async function turn(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve))
}

describe("the writer", () => {
  test("makes one batch of what waits, in order", async () => {
    const setup = new Setup()
    for (const id of ["u1", "u2", "u3"]) setup.submit(user(id))
    await turn()
    expect(setup.appended.map(({ records }) => records.map(({ version }) => version))).toEqual([[1, 2, 3]])
  })

  test("answers nobody before the batch is committed on every copy (I3)", async () => {
    const setup = new Setup()
    const committed = setup.submit(user("u1"))
    const refused = setup.submit(user("u1"))
    await turn()
    setup.decide()
    await turn()
    expect([committed.outcome, refused.outcome]).toEqual([undefined, undefined])
    setup.newest().fate.acknowledged()
    await turn()
    expect([committed.outcome?.kind, refused.outcome?.kind]).toEqual(["committed", "refused"])
  })

  test("prepares a full batch while the last one waits for its acknowledgement, never before it is decided (I5)", async () => {
    const setup = new Setup()
    setup.submit(user("first"))
    await turn()
    for (let n = 0; n < bounds.batchCountMax; n++) setup.submit(user(`u${n}`))
    await turn()
    expect(setup.appended).toHaveLength(1)
    setup.decide()
    await turn()
    expect(setup.appended.map(({ records }) => records.length)).toEqual([1, bounds.batchCountMax])
  })

  test("begins a smaller batch when the last one is answered, and takes along who comes back at once", async () => {
    const setup = new Setup()
    setup.submit(user("u1"))
    await turn()
    setup.submit(user("u2"))
    setup.nowMs = 4
    setup.decide()
    await turn()
    expect(setup.appended).toHaveLength(1)
    setup.newest().fate.acknowledged()
    await turn()
    expect(setup.appended).toHaveLength(1)
    setup.submit(user("u3"))
    await turn()
    expect(setup.appended.map(({ records }) => records.length)).toEqual([1, 2])
  })

  test("does not wait for clients that do not come back", async () => {
    const setup = new Setup()
    setup.submit(user("u1"))
    await turn()
    setup.submit(user("u2"))
    setup.nowMs = 4
    setup.decide()
    setup.newest().fate.acknowledged()
    await turn()
    setup.nowMs = 5
    await until("the batch has begun", () => setup.appended.length === 2)
  })

  test("a refusal waits for the batch that it rests on (I10)", async () => {
    const setup = new Setup()
    setup.submit(user("u1"))
    await turn()
    setup.decide()
    const refused = setup.submit(user("u1"))
    await turn()
    expect(refused.outcome).toBeUndefined()
    setup.newest().fate.acknowledged()
    await turn()
    expect(refused.outcome?.kind).toBe("refused")
  })

  test("a rejected batch refuses everything in it, and replays of what was committed before stand (I10)", async () => {
    const setup = new Setup()
    setup.submit(user("u1"), "k1")
    await turn()
    setup.decide()
    setup.newest().fate.acknowledged()
    await turn()
    const fresh = setup.submit(user("u2"), "k2")
    const replay = setup.submit(user("u1"), "k1")
    await turn()
    setup.reject(refuse("disk-full", "full"))
    await turn()
    expect(fresh.outcome).toMatchObject({ kind: "refused", refusal: { code: "disk-full" } })
    expect(replay.outcome).toMatchObject({ kind: "committed", version: 1, replayed: true })
  })

  test("what reached a record is unknown where the log lost its way; what did not is refused", async () => {
    const setup = new Setup()
    const recorded = setup.submit(user("u1"), "k1")
    const refused = setup.submit(user("u1"))
    await turn()
    setup.newest().fate.unknown()
    await turn()
    expect(recorded.outcome).toEqual({ kind: "unknown", key: "k1" })
    expect(refused.outcome).toMatchObject({ kind: "refused", refusal: { code: "unavailable" } })
  })

  test("a retry waits for the attempt that is under way, and gets its answer (I8)", async () => {
    const setup = new Setup()
    const first = setup.submit(user("u1"), "k1")
    const retry = setup.submit(user("u1"), "k1")
    await turn()
    expect(setup.newest().records).toHaveLength(1)
    setup.decide()
    await turn()
    expect(retry.outcome).toBeUndefined()
    setup.newest().fate.acknowledged()
    await turn()
    expect(first.outcome).toMatchObject({ kind: "committed", version: 1, replayed: false })
    expect(retry.outcome).toMatchObject({ kind: "committed", version: 1, replayed: true })
    expect(setup.writer.pending).toBe(0)
  })

  test("a retry that waits for an attempt whose outcome is unknown is unknown too, never said to be not committed (I10)", async () => {
    const setup = new Setup()
    const answers = [1, 2, 3].map(() => setup.submit(user("u1"), "k1"))
    await turn()
    setup.newest().fate.unknown()
    await turn()
    expect(answers.map(({ outcome }) => outcome)).toEqual([1, 2, 3].map(() => ({ kind: "unknown", key: "k1" })))
    expect(setup.writer.pending).toBe(0)
  })

  test("a retry runs by itself where the first attempt was refused: never one refused while the other commits (I10)", async () => {
    const setup = new Setup()
    setup.submit(user("u1"))
    await turn()
    const first = setup.submit(user("u9", "u1@example.com"), "k1")
    const retry = setup.submit(user("u9", "u1@example.com"), "k1")
    setup.decide()
    await turn()
    setup.newest().fate.acknowledged()
    await turn()
    expect([first.outcome?.kind, retry.outcome?.kind]).toEqual(["refused", "refused"])
    expect(setup.store.position().head).toBe(1)
  })

  test("refuses what waits when nothing can be written any more", async () => {
    const setup = new Setup()
    setup.isReady = false
    const waiting = setup.submit(user("u1"))
    await turn()
    setup.writer.refuseQueued(refuse("unavailable", "stuck"))
    await turn()
    expect(waiting.outcome).toMatchObject({ kind: "refused", refusal: { code: "unavailable", detail: "stuck" } })
    setup.notWritable = refuse("unavailable", "stopping")
    expect(await setup.writer.submit(submitted(user("u2")))).toMatchObject({ kind: "refused", refusal: { detail: "stopping" } })
  })

  test("what waits for an attempt under the same key is refused with it when nothing can be written any more", async () => {
    const setup = new Setup()
    setup.isReady = false
    const first = setup.submit(user("u1"), "k1")
    const retries = [setup.submit(user("u1"), "k1"), setup.submit(user("u1"), "k1")]
    await turn()
    setup.writer.refuseQueued(refuse("unavailable", "stuck"))
    await turn()
    for (const answer of [first, ...retries]) expect(answer.outcome).toMatchObject({ kind: "refused", refusal: { detail: "stuck" } })
    expect(setup.writer.pending).toBe(0)
  })

  test("bounds its queue: more is refused, unrun, and to be tried again", async () => {
    const setup = new Setup()
    setup.isReady = false
    for (let n = 0; n < bounds.queueCountMax; n++) setup.submit(user(`u${n}`))
    const refused = await setup.writer.submit(submitted(user("one-too-many")))
    expect(refused).toMatchObject({ kind: "refused", refusal: { code: "unavailable", retryAfter: 1 } })
  })

  test("bounds its queue by bytes, and has room again once a batch took them out", async () => {
    const setup = new Setup()
    setup.isReady = false
    const large = { ...submitted(user("u1")), bytes: bounds.queueBytesMax }
    const first = setup.writer.submit(large)
    expect(await setup.writer.submit(submitted(user("u2")))).toMatchObject({ kind: "refused", refusal: { code: "unavailable", retryAfter: 1 } })
    setup.becomeReady()
    await turn()
    expect(setup.newest().records).toHaveLength(1)
    setup.decide()
    setup.newest().fate.acknowledged()
    expect((await first).kind).toBe("committed")
    setup.submit(user("u2"))
    await turn()
    expect(setup.newest().records[0]?.version).toBe(2)
  })

  test("bounds a batch by bytes, and a single larger transaction is a batch of its own", async () => {
    const setup = new Setup()
    const heavy = (id: string) => ({ ...user(id), data: { ...user(id).data, data: { text: "x".repeat(900_000) } } })
    for (let n = 0; n < 10; n++) setup.submit(heavy(`u${n}`))
    await turn()
    const first = setup.newest().records
    expect(first.length).toBeGreaterThan(1)
    expect(first.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(bounds.batchBytesMax)
    setup.decide()
    const huge = setup.writer.submit({ ...submitted(user("huge")), bytes: bounds.batchBytesMax + 1 })
    for (;;) {
      setup.newest().fate.acknowledged()
      await turn()
      if (setup.newest().records.length === 1 && setup.newest().records[0]?.version === 11) break
      setup.decide()
    }
    setup.decide()
    setup.newest().fate.acknowledged()
    expect((await huge).kind).toBe("committed")
  })

  test("a replay waits for the batch that holds its record (I3)", async () => {
    const setup = new Setup()
    setup.submit(user("u1"), "k1")
    const stream = { stopped: false }
    const replay: Answer = { outcome: undefined }
    // The lines of a stream are not held back by their keys.
    void setup.writer.submit({ ...submitted(user("u1"), "k1"), chain: stream }).then((outcome) => (replay.outcome = outcome))
    await turn()
    setup.decide()
    await turn()
    expect(replay.outcome).toBeUndefined()
    setup.newest().fate.acknowledged()
    await turn()
    expect(replay.outcome).toMatchObject({ kind: "committed", version: 1, replayed: true })
  })

  test("a dry run that rests on a batch waits for it, and is refused where the batch is lost", async () => {
    const setup = new Setup()
    setup.submit(user("u1"))
    const dry = setup.submit({ op: "user.update", data: { id: "u1", name: "Ada" }, dryRun: true })
    await turn()
    expect(dry.outcome).toBeUndefined()
    setup.newest().fate.unknown()
    await turn()
    expect(dry.outcome).toMatchObject({ kind: "refused", refusal: { code: "unavailable", retryAfter: 1 } })
  })

  test("a replay of what the lost batch did not hold is not refused: it may be committed already (I10)", async () => {
    const setup = new Setup()
    setup.submit(user("u1"), "k1")
    await turn()
    setup.decide()
    setup.newest().fate.acknowledged()
    await turn()
    setup.submit(user("u2"))
    const replay = setup.submit(user("u1"), "k1")
    await turn()
    setup.newest().fate.unknown()
    await turn()
    expect(replay.outcome).toEqual({ kind: "unknown", key: "k1" })
  })

  test("asks whether it may write before each batch: a full disk refuses what waits, and nothing is appended", async () => {
    const setup = new Setup()
    const waiting = setup.submit(user("u1"), "k1")
    const retry = setup.submit(user("u1"), "k1")
    setup.notWritable = refuse("disk-full", "full")
    await turn()
    expect([waiting.outcome, retry.outcome]).toMatchObject([{ refusal: { code: "disk-full" } }, { refusal: { code: "disk-full" } }])
    expect(setup.appended).toEqual([])
    expect(setup.writer.pending).toBe(0)
  })

  test("bounds a batch by count", async () => {
    const setup = new Setup()
    for (let n = 0; n < bounds.batchCountMax + 1; n++) setup.submit(user(`u${n}`))
    await turn()
    expect(setup.newest().records).toHaveLength(bounds.batchCountMax)
    setup.decide()
    setup.newest().fate.acknowledged()
    await turn()
    expect(setup.newest().records).toHaveLength(1)
  })

  test("a dry run leaves no record, and a line after a refused one of its stream is not run", async () => {
    const setup = new Setup()
    const dry = setup.submit({ ...user("u1"), dryRun: true })
    await turn()
    expect(dry.outcome).toMatchObject({ kind: "dry-run", version: 1 })
    const chain = { stopped: false }
    const first = setup.writer.submit({ ...submitted({ op: "user.delete", data: { id: "nobody" } }), chain })
    const second = setup.writer.submit({ ...submitted(user("u2")), chain })
    expect([(await first).kind, (await second).kind]).toEqual(["refused", "refused"])
    expect(setup.appended).toEqual([])
  })
})
