// A batch: transactions one after another on the state at head plus the batch so far, and the records that come of it.
import { describe, expect, test } from "bun:test"
import { BatchRun, resultsOfRecord } from "../../src/operations/batch-run.ts"
import { bounds } from "../../src/bounds.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { sameDigest } from "../../src/protocol/digest.ts"
import { isRefusal } from "../../src/refusal.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { Harness, keyWith, type Options, resultsOf } from "./harness.ts"

const user = (id: string, more: object = {}) => ({ op: "user.create", data: { id, email: `${id}@x.org` }, ...more })

async function submitted(harness: Harness, value: unknown, options: Options = {}): Promise<SubmittedTransaction> {
  const one = await harness.parse(value, options)
  if (isRefusal(one)) throw new Error(one.detail)
  return one
}

function runOf(harness: Harness): BatchRun {
  return new BatchRun({ reader: harness.store, epoch: 3, nowMs: harness.nowMs })
}

describe("records", () => {
  test("continue the log: versions, parents, epoch and time (I4)", async () => {
    const harness = new Harness()
    await harness.commit(user("a"))
    const run = runOf(harness)
    for (const id of ["b", "c"]) run.execute(await submitted(harness, { operations: [user(id)], note: `about ${id}` }, { key: `k-${id}` }))
    const [first, second] = run.records.map(({ bytes }) => openRecord(bytes))
    expect([first?.version, second?.version, first?.epoch]).toEqual([2, 3, 3])
    expect(sameDigest(first?.parent ?? new Uint8Array(), harness.store.position().headDigest)).toBe(true)
    expect(sameDigest(second?.parent ?? new Uint8Array(), run.records[0]?.digest ?? new Uint8Array())).toBe(true)
    expect(second?.meta).toEqual({ principal: "root", note: "about c", key: "k-c" })
    expect(run.bytes).toBe(run.records.reduce((sum, { bytes }) => sum + bytes.length, 0))
  })

  test("never go back in time, even where the clock did", async () => {
    const harness = new Harness()
    await harness.commit(user("a"))
    const before = harness.record().timeMs
    harness.nowMs -= 86_400_000
    const [later] = await harness.commit(user("b"))
    expect(harness.record().timeMs).toBe(before)
    expect(later?.["createdAt"]).toBe(new Date(before).toISOString())
  })

  test("keep operations as asked, and of results only what the rows do not hold", async () => {
    const harness = new Harness()
    const executed = await harness.run({ operations: [user("a"), { op: "user.update", data: { id: "a", name: "A" } }, { op: "user.delete", data: { id: "a" } }, user("b")] })
    const record = harness.record()
    expect(record.writes.map(({ id }) => id)).toEqual(["b"])
    expect(JSON.parse(record.results)).toMatchObject([{ value: { id: "a", name: null } }, { value: { name: "A" } }, { value: { id: "a" } }, { write: 0 }])
    expect(JSON.parse(resultsOfRecord(record).results)).toEqual(resultsOf(executed))
  })
})

describe("a transaction that is refused", () => {
  test("leaves nothing for the next one of the batch", async () => {
    const harness = new Harness()
    const run = runOf(harness)
    const refused = run.execute(await submitted(harness, { operations: [user("a"), user("b"), { op: "user.delete", data: { id: "nobody" } }] }, { key: "k" }))
    expect(refused).toMatchObject({ kind: "refused", refusal: { operation: 2 } })
    expect(run.execute(await submitted(harness, { operations: [user("a"), user("b")] }, { key: "k" }))).toMatchObject({ kind: "record", record: { version: 1 } })
    expect([run.records.length, run.bytes]).toEqual([1, run.records[0]?.bytes.length ?? 0])
  })

  test("so does a dry run, which is told the version that it would make", async () => {
    const harness = new Harness()
    const run = runOf(harness)
    expect(run.execute(await submitted(harness, { operations: [user("a")], dryRun: true }, { key: "k" }))).toMatchObject({ kind: "dry-run", version: 1 })
    expect(run.execute(await submitted(harness, { operations: [user("a")], dryRun: true }, { key: "k" }))).toMatchObject({ kind: "dry-run", version: 1 })
    expect(run.records).toEqual([])
  })

  test("where its record would be too large", async () => {
    const harness = new Harness()
    await harness.commit({ op: "collection.define", data: { name: "goals" } })
    const value = { text: "x".repeat(bounds.recordBytesMax / 2) }
    const create = (id: string) => ({ op: "document.create", data: { collection: "goals", id, value } })
    expect(await harness.refusal({ operations: [create("a"), create("b")] })).toMatchObject({ code: "too-large", operation: 1 })
  })
})

describe("`ifVersion`", () => {
  test("is the head, what came earlier in the batch included", async () => {
    const harness = new Harness()
    const run = runOf(harness)
    const at = async (ifVersion: number, id: string) => run.execute(await submitted(harness, { operations: [user(id)], ifVersion }))
    expect((await at(0, "a")).kind).toBe("record")
    expect(await at(0, "b")).toMatchObject({ kind: "refused", refusal: { code: "precondition-failed", version: 1, pointer: "/ifVersion" } })
    expect((await at(1, "b")).kind).toBe("record")
  })

  test("is not asked of a retry, whose transaction has moved it", async () => {
    const harness = new Harness()
    const value = { operations: [user("a")], ifVersion: 0 }
    await harness.run(value, { key: "k" })
    expect(await harness.run(value, { key: "k" })).toMatchObject({ kind: "replay", version: 1 })
  })
})

describe("an idempotency key", () => {
  test("takes effect once, in one batch or in two, with the first answer (I8)", async () => {
    const harness = new Harness()
    const value = { op: "user.create", data: { email: "a@x.org" } }
    const [first, second] = await harness.batch([value, value], { key: "k" })
    const third = await harness.run(value, { key: "k" })
    expect([first?.kind, second?.kind, third.kind]).toEqual(["record", "replay", "replay"])
    expect(resultsOf(second)).toEqual(resultsOf(first))
    expect(resultsOf(third)).toEqual(resultsOf(first))
    expect(harness.store.position().head).toBe(1)
  })

  test("belongs to its principal: two principals' keys never meet (I8)", async () => {
    const harness = new Harness()
    await harness.run(user("a"), { key: "k" })
    expect((await harness.run(user("b"), { key: "k", principal: keyWith("write") })).kind).toBe("record")
  })

  test.each([
    ["other data", { operations: [user("b")] }],
    ["another note", { operations: [user("a")], note: "x" }],
    ["another condition", { operations: [user("a", { if: { absent: true } })] }],
    ["another ifVersion", { operations: [user("a")], ifVersion: 1 }],
    ["another name for the result", { operations: [user("a", { as: "u" })] }],
    ["one operation more", { operations: [user("a"), user("b")] }],
  ])("with %s is refused", async (_name, value) => {
    const harness = new Harness()
    await harness.run({ operations: [user("a")] }, { key: "k" })
    expect(await harness.refusal(value, { key: "k" })).toMatchObject({ code: "key-reused", key: "k", version: 1 })
  })

  test("is the same whether the operation was sent bare or in a list", async () => {
    const harness = new Harness()
    await harness.run(user("a"), { key: "k" })
    expect((await harness.run({ operations: [user("a")] }, { key: "k" })).kind).toBe("replay")
  })

  test("answers with the state of then, whatever became of it (P7)", async () => {
    const harness = new Harness()
    const first = await harness.run(user("a"), { key: "k" })
    await harness.commit({ op: "user.update", data: { id: "a", name: "Later" } }, { op: "user.delete", data: { id: "a" } })
    expect(resultsOf(await harness.run(user("a"), { key: "k" }))).toEqual(resultsOf(first))
  })
})

describe("a time of its own", () => {
  const at = (time: string, id: string) => ({ operations: [user(id)], at: time })

  test("becomes the record's and the rows', and never goes back or into the future", async () => {
    const harness = new Harness()
    await harness.run(at("2020-01-01T00:00:00Z", "a"), { line: true })
    expect(harness.get("users", "a")).toMatchObject({ createdAt: "2020-01-01T00:00:00.000Z" })
    await harness.run(at("2020-01-01T00:00:00Z", "b"), { line: true })
    expect(await harness.refusal(at("2019-12-31T23:59:59.999Z", "c"), { line: true })).toMatchObject({ code: "invalid", pointer: "/at" })
    expect(await harness.refusal(at("2026-03-01T12:00:00.001Z", "c"), { line: true })).toMatchObject({ code: "invalid", pointer: "/at" })
    await harness.run(at("2026-03-01T12:00:00Z", "c"), { line: true })
    expect([1, 2, 3].map((version) => harness.store.versionAtTime(harness.record(version).timeMs, 3))).toEqual([2, 2, 3])
  })
})
