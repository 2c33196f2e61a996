// What operations see and change: the state at head, the batch so far, their own transaction, each over the one before.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Past } from "../../src/operations/past.ts"
import { Overlay } from "../../src/operations/overlay.ts"
import { TransactionView } from "../../src/operations/transaction-view.ts"
import { rowFacts, textTerm } from "../../src/store/row.ts"
import { Harness, root } from "./harness.ts"

const time = "2026-03-01T12:00:00.000Z"

async function withGoals(...ids: string[]): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, ...ids.map((id) => ({ op: "document.create", data: { collection: "goals", id, value: { from: "disk" } } })))
  return harness
}

function viewOf(harness: Harness, batch = new Overlay(), version = 2): TransactionView {
  return new TransactionView(harness.store, batch, version, time, () => "new", new Past(harness.store, []), root)
}

describe("an entity", () => {
  test("is the newest of the transaction, the batch and the disk", async () => {
    const harness = await withGoals("a", "b", "c")
    const batch = new Overlay()
    const first = viewOf(harness, batch)
    first.put("goals", "b", { value: "batch" })
    first.put("goals", "c", { value: "batch" })
    batch.merge(first.own)
    const view = viewOf(harness, batch, 3)
    view.put("goals", "c", { value: "own" })
    expect(["a", "b", "c", "d"].map((id) => view.find("goals", id)?.["value"])).toEqual([{ from: "disk" }, "batch", "own", undefined])
    expect(["a", "b", "c", "d"].map((id) => view.versionOf("goals", id))).toEqual([1, 2, 3, undefined])
  })

  test("keeps when it was made, and a later life begins anew", async () => {
    const harness = await withGoals("a")
    const view = viewOf(harness)
    view.put("goals", "a", { value: 1 })
    expect(view.find("goals", "a")).toMatchObject({ createdVersion: 1, version: 2 })
    view.delete("goals", "a")
    expect([view.find("goals", "a"), view.versionOf("goals", "a")]).toEqual([undefined, undefined])
    view.put("goals", "a", { value: 2 })
    expect(view.find("goals", "a")).toMatchObject({ createdVersion: 2, version: 2 })
    const [{ write } = { write: undefined }] = view.writes()
    expect(write === undefined ? undefined : rowFacts(write.row)).toEqual({ changed: 2, created: 2, changes: 2, deleted: false })
  })

  test("cannot lose the fields that every entity has to its own", async () => {
    const view = viewOf(await withGoals())
    view.put("goals", "a", { createdAt: "x", version: "x", createdVersion: "x", updatedAt: "x" })
    expect(view.find("goals", "a")).toEqual({ id: "a", createdAt: time, updatedAt: time, version: 2, createdVersion: 2 })
  })
})

describe("what is read of the disk", () => {
  /** Whether the second read of a text is one of the disk, for an entity of each size. */
  async function readsOf(...sizes: readonly number[]): Promise<number[]> {
    const harness = new Harness()
    const define = { op: "collection.define", data: { name: "goals" } }
    await harness.commit(define, ...sizes.map((size, n) => ({ op: "document.create", data: { collection: "goals", id: `${n}`, value: { text: "x".repeat(size) } } })))
    let reads = 0
    const reader = new Proxy(harness.store, {
      get: (store, name) => {
        if (name === "row") reads++
        const value: unknown = Reflect.get(store, name)
        return typeof value === "function" ? (value.bind(store) as unknown) : value
      },
    })
    const view = new TransactionView(reader, new Overlay(), 2, time, () => "new", new Past(harness.store, []), root)
    expect(view.idsWhereFew("goals", { count: 100, bytes: Number.POSITIVE_INFINITY, deleted: "any" })).toHaveLength(sizes.length)
    return sizes.map((size, n) => {
      const before = reads
      expect(view.factsOf("goals", `${n}`)).toEqual({ changed: 1, created: 1, changes: 1, deleted: false })
      expect(reads).toBe(before)
      expect(view.text("goals", `${n}`)).toContain("x".repeat(size))
      return reads - before
    })
  }

  test("is read once, unless it is too much to keep", async () => {
    expect(await readsOf(10, 1_000, 100)).toEqual([0, 0, 0])
    const half = bounds.rowBytesKeptMax / 2 - 1_000
    expect(await readsOf(half, half, half, 10)).toEqual([0, 0, 1, 0])
  })
})

describe("the write set", () => {
  test("has each entity once, as it was left, and not what came and went", async () => {
    const view = viewOf(await withGoals("a", "b"))
    view.put("goals", "a", { value: 1 })
    view.put("goals", "a", { value: 2 })
    view.delete("goals", "b")
    view.put("goals", "c", { value: 1 })
    view.delete("goals", "c")
    view.delete("goals", "nothing")
    expect(view.writes().map(({ write, body }) => [write.id, rowFacts(write.row).deleted, body === ""])).toEqual([["a", false, false], ["b", true, true]])
  })

  test("has nothing where a transaction did nothing", async () => {
    expect(viewOf(await withGoals("a")).writes()).toEqual([])
  })
})

describe("a unique value", () => {
  const term = (email: string) => textTerm("email", email, true)

  test("belongs to whom it was given last, and to nobody once it is given up", async () => {
    const harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "a@x.org" } })
    const view = viewOf(harness)
    expect(view.holder("users", term("a@x.org"))).toBe("ada")
    view.put("users", "ada", {}, [term("b@x.org")])
    expect([view.holder("users", term("a@x.org")), view.holder("users", term("b@x.org"))]).toEqual([undefined, "ada"])
    view.put("users", "bob", {}, [term("a@x.org")])
    view.delete("users", "ada")
    expect([view.holder("users", term("a@x.org")), view.holder("users", term("b@x.org"))]).toEqual(["bob", undefined])
  })

  test("may be swapped between two users, in one transaction and on the disk", async () => {
    const harness = new Harness()
    const update = (id: string, email: string) => ({ op: "user.update", data: { id, email } })
    await harness.commit({ op: "user.create", data: { id: "ada", email: "a@x.org" } }, { op: "user.create", data: { id: "bob", email: "b@x.org" } })
    await harness.commit(update("ada", "c@x.org"), update("bob", "a@x.org"), update("ada", "b@x.org"))
    expect(["a@x.org", "b@x.org", "c@x.org"].map((email) => harness.store.lookup("users", "email", term(email).value, 2))).toEqual(["bob", "ada", undefined])
    expect(["a@x.org", "b@x.org"].map((email) => harness.store.lookup("users", "email", term(email).value, 1))).toEqual(["ada", "bob"])
  })
})

describe("the ids of a collection", () => {
  test("are those that live now, wherever they were written, where there are so few", async () => {
    const harness = await withGoals("a", "b", "c", "d")
    const batch = new Overlay()
    const first = viewOf(harness, batch)
    first.delete("goals", "b")
    first.put("goals", "e", { value: 1 })
    batch.merge(first.own)
    const view = viewOf(harness, batch, 3)
    view.delete("goals", "c")
    view.delete("goals", "e")
    view.put("goals", "b", { value: 1 })
    view.put("goals", "f", { value: 1 })
    view.put("other", "g", { value: 1 })
    const few = { count: 4, bytes: 10_000, deleted: "few" } as const
    expect(view.idsWhereFew("goals", few)?.sort()).toEqual(["a", "b", "d", "f"])
    expect(view.idsWhereFew("goals", { ...few, count: 3 })).toBeUndefined()
    expect(view.idsWhereFew("goals", { ...few, bytes: 500 })).toBeUndefined()
    expect([view.isEmpty("goals"), view.isEmpty("other"), view.isEmpty("none")]).toEqual([false, false, true])
  })

  test("are not looked for through thousands that are deleted, unless they must be", async () => {
    const harness = await withGoals("z")
    const ids = Array.from({ length: bounds.pageScanMax + 1 }, (_, n) => `g${n}`)
    for (const op of ["document.create", "document.delete"]) {
      for (let n = 0; n < ids.length; n += bounds.operationsMax) {
        await harness.commit(...ids.slice(n, n + bounds.operationsMax).map((id) => ({ op, data: { collection: "goals", id, ...(op === "document.create" ? { value: {} } : {}) } })))
      }
    }
    const view = viewOf(harness, new Overlay(), harness.store.position().head + 1)
    expect(view.idsWhereFew("goals", { count: 10, bytes: 10_000, deleted: "few" })).toBeUndefined()
    expect(view.idsWhereFew("goals", { count: 10, bytes: 10_000, deleted: "any" })).toEqual(["z"])
  })
})

test("bytes count every body that was staged, as each ends up in the record", async () => {
  const view = viewOf(await withGoals())
  view.put("goals", "a", { value: "é" })
  const one = view.bytes
  expect(one).toBe(Buffer.byteLength(view.text("goals", "a")))
  view.put("goals", "a", { value: "é" })
  expect(view.bytes).toBe(2 * one)
})

describe("the holders of a value that is not unique", () => {
  const red = textTerm("colour", "red", false)

  test("are those of the transaction, the batch and the disk, without those that lost it", async () => {
    const harness = await withGoals()
    for (const purpose of ["a", "b"]) await harness.commit({ op: "user.create", data: { id: purpose, email: `${purpose}@x.org` } }, { op: "token.create", data: { purpose, userId: purpose } })
    const ofA = textTerm("userId", "a", false)
    const [onDisk = ""] = viewOf(harness).holders("tokens", ofA)
    expect(harness.get("tokens", onDisk)).toMatchObject({ purpose: "a" })
    const batch = new Overlay()
    const first = viewOf(harness, batch)
    first.put("tokens", "x", {}, [ofA])
    first.put("tokens", "y", {}, [ofA])
    batch.merge(first.own)
    const view = viewOf(harness, batch, 3)
    view.put("tokens", "z", {}, [ofA])
    expect(view.holders("tokens", ofA)).toEqual([onDisk, "x", "y", "z"].sort())
    for (const id of [onDisk, "x"]) view.delete("tokens", id)
    view.put("tokens", "y", {}, [red])
    expect(view.holders("tokens", ofA)).toEqual(["z"])
    expect(view.holders("tokens", red)).toEqual(["y"])
    expect(view.holders("goals", ofA)).toEqual([])
  })
})
