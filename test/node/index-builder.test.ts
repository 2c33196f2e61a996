// Definitions of collections that are too large to be brought in line at once: what is there is looked at ahead, and indexes are
// built in chunks while others write.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { IndexBuilder } from "../../src/node/index-builder.ts"
import type { Outcome } from "../../src/node/service.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { isRefusal, refuse } from "../../src/refusal.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Harness, type Json } from "../operations/harness.ts"
import { until } from "../cluster/real-pair.ts"
import { Random } from "../sim/random.ts"

const count = bounds.inlineDocumentsMax + 500

const create = (id: string, value: object) => ({ op: "document.create", data: { collection: "goals", id, value } })
const define = (fields: object) => ({ op: "collection.define", data: { name: "goals", fields } })
const idOf = (n: number) => `g${String(n).padStart(4, "0")}`
const plain = { n: { type: "integer" }, title: { type: "string", maxLength: 100 } }

/** A large collection whose fields have no index. */
async function filled(valueOf: (n: number) => object = (n) => ({ n, title: `t${(n * 7919) % count}` })): Promise<Harness> {
  const harness = new Harness()
  await harness.commit(define(plain))
  for (let from = 0; from < count; from += 500) await harness.commit(...Array.from({ length: 500 }, (_, n) => create(idOf(from + n), valueOf(from + n))))
  return harness
}

interface Building {
  readonly builder: IndexBuilder
  /** Operations of Tandem itself, with the number of writes of each. */
  readonly submitted: { readonly op: string; readonly writes: number }[]
}

/** `between` runs before every transaction of the builder, and says whether that one is taken. */
function building(harness: Harness, between: () => Promise<boolean> = async () => true): Building {
  const submitted: { op: string; writes: number }[] = []
  const submit = async (transaction: SubmittedTransaction): Promise<Outcome> => {
    if (!(await between())) return { kind: "refused", refusal: refuse("unavailable", "not now") }
    const [executed] = await harness.execute([transaction])
    if (executed?.kind !== "record") throw new Error(`not committed: ${JSON.stringify(executed)}`)
    submitted.push({ op: transaction.operations[0]?.operation.name ?? "", writes: harness.record().writes.length })
    const { version, timeMs } = executed.record
    return { kind: "committed", version, timeMs, results: executed.results, replayed: false, secretsOmitted: false }
  }
  return { builder: new IndexBuilder({ reader: harness.store, submit }), submitted }
}

function stateOf(harness: Harness, field: string): unknown {
  return (harness.get("collections", "goals")?.["indexes"] as { readonly [name: string]: Json } | undefined)?.[field]?.["state"]
}

async function built(harness: Harness, { builder }: Building, field: string): Promise<void> {
  await until("the index is ready", () => {
    builder.tick()
    return stateOf(harness, field) === "ready"
  })
}

/** Every document by its value of a field, as the index has them and as a look at all of them has them. */
function bothOrders(harness: Harness, field: string): { readonly walked: string[]; readonly looked: string[] } {
  const at = harness.store.position().head
  const index = (harness.get("collections", "goals")?.["indexes"] as { readonly [name: string]: Json })[field]
  const walked: string[] = []
  let after: Parameters<typeof harness.store.walk>[2]["after"]
  do {
    const page = harness.store.walk("goals", String(index?.["term"]), { at, reverse: false, limit: 500, after })
    walked.push(...page.entries.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  const ids: string[] = []
  for (let next: string | undefined = ""; next !== undefined; ) {
    const page = harness.store.page("goals", { at, after: next === "" ? undefined : next, limit: 500 })
    ids.push(...page.rows.map(({ id }) => id))
    next = page.next
  }
  const valueOf = (id: string) => (harness.get("goals", id)?.["value"] as { readonly [name: string]: number | string | undefined })[field]
  const rank = (id: string) => valueOf(id) ?? (field === "n" ? Number.NEGATIVE_INFINITY : "")
  const looked = ids.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : a < b ? -1 : 1))
  return { walked, looked }
}

describe("an index of a large collection", () => {
  test("is built in chunks, none of which is larger than its bound, and makes no version of a document", async () => {
    const harness = await filled()
    await harness.commit(define({ ...plain, n: { type: "integer", index: true } }))
    expect(stateOf(harness, "n")).toBe("building")
    expect(harness.record().writes).toHaveLength(1)
    const work = building(harness)
    await built(harness, work, "n")
    expect(work.submitted.map(({ op }) => op)).toEqual([...Array.from({ length: Math.ceil(count / bounds.fillDocumentsMax) }, () => "index.fill"), "index.ready"])
    for (const { writes } of work.submitted) expect(writes).toBeLessThanOrEqual(bounds.fillDocumentsMax)
    const { walked, looked } = bothOrders(harness, "n")
    expect(walked).toEqual(looked)
    expect(harness.get("goals", idOf(3))).toMatchObject({ version: 2 })
    expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
    const { head } = harness.store.position()
    for (let n = 0; n < 3; n++) work.builder.tick()
    expect(harness.store.position().head).toBe(head)
  })

  test("is right whatever is written meanwhile, and however often its building begins anew", async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed)
      const harness = await filled()
      await harness.commit(define({ ...plain, title: { type: "string", maxLength: 100, index: true } }))
      let made = 0
      const between = async () => {
        const id = idOf(random.between(0, count - 1))
        await harness.run(create(`m${made++}`, { title: `t${made}` }))
        await harness.run({ op: "document.patch", data: { collection: "goals", id, patch: { title: random.chance(0.5) ? `p${made}` : null } } })
        await harness.run({ op: "document.delete", data: { collection: "goals", id: idOf(random.between(0, count - 1)) } })
        if (random.chance(0.3)) await harness.run({ op: "revert", data: { collection: "goals", id, to: 2, force: true } })
        return random.chance(0.7)
      }
      // A builder that was refused has kept nothing; another one is no different.
      await until("the index is ready", () => {
        building(harness, between).builder.tick()
        return stateOf(harness, "title") === "ready"
      })
      const { walked, looked } = bothOrders(harness, "title")
      expect({ seed, walked }).toEqual({ seed, walked: looked })
      expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
    }
  })

  test("is asked for by no client", async () => {
    const harness = new Harness()
    for (const op of ["index.fill", "index.ready"]) expect((await harness.refusalOf(op, {})).code).toBe("unknown-operation")
  })
})

describe("a unique index of a large collection", () => {
  const unique = { ...plain, title: { type: "string", maxLength: 100, unique: true } }

  test("takes no new values until it is built, and then keeps them to one", async () => {
    const harness = await filled()
    await harness.commit(define(unique))
    expect(await harness.refusalOf("document.create", { collection: "goals", value: { title: "t3" } })).toMatchObject({ code: "unavailable", retryAfter: 5, pointer: "/value/title" })
    await harness.commit(create("other", { n: 1 }), { op: "document.patch", data: { collection: "goals", id: idOf(1), patch: { n: 9 } } })
    await built(harness, building(harness), "title")
    expect(await harness.refusalOf("document.create", { collection: "goals", value: { title: "t3" } })).toMatchObject({ code: "unique" })
    await harness.commit(create("new", { title: "new" }))
    expect((await verifyStore(harness.store, () => undefined)).problems).toEqual([])
  })

  test("is refused where two documents have one value, and both are named", async () => {
    const harness = await filled((n) => ({ title: `t${n % (count - 2)}` }))
    expect((await harness.refusal(define(unique))).detail).toContain(`\`${idOf(count - 2)}\`: \`title\` has the value that \`${idOf(0)}\` has; \`${idOf(count - 1)}\``)
  })

  test("is refused where the second one came after the documents were looked at", async () => {
    const late = async (...operations: { readonly op: string; readonly data: object }[]) => {
      const harness = await filled()
      const transaction = await harness.parse(define(unique))
      if (isRefusal(transaction)) throw new Error(transaction.detail)
      await harness.commit(...operations)
      const [executed] = await harness.execute([transaction])
      return executed?.kind === "refused" ? executed.refusal.detail : executed?.kind
    }
    expect(await late(create("late", { title: "t7" }))).toContain("has the value that")
    const patch = (id: string, change: object) => ({ op: "document.patch", data: { collection: "goals", id, patch: change } })
    expect(await late(create("late", { title: "late" }), patch(idOf(3), { n: 0 }))).toBe("record")
    // Handed on: t0 is the title of the first.
    expect(await late(patch(idOf(0), { title: "other" }), create("late", { title: "t0" }))).toBe("record")
    expect(await late(patch(idOf(0), { title: "other" }), patch(idOf(1), { title: "other" }))).toContain("has the value that")
  })
})

describe("references of a large collection", () => {
  test("keep what they may name until their index is built", async () => {
    const harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "user.create", data: { id: "eve", email: "eve@example.com" } })
    await harness.commit(define({ owner: { type: "string" } }))
    for (let from = 0; from < count; from += 500) await harness.commit(...Array.from({ length: 500 }, (_, n) => create(idOf(from + n), { owner: "ada" })))
    await harness.commit(define({ owner: { type: "reference", to: "users" } }))
    expect(await harness.refusalOf("user.delete", { id: "eve" })).toMatchObject({ code: "unavailable" })
    await built(harness, building(harness), "owner")
    await harness.commit({ op: "user.delete", data: { id: "eve" } })
    expect(await harness.refusalOf("user.delete", { id: "ada" })).toMatchObject({ code: "conflict" })
  })

  test("are refused where what they name went while they were looked at", async () => {
    const harness = new Harness()
    await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, define({ owner: { type: "string" } }))
    for (let from = 0; from < count; from += 500) await harness.commit(...Array.from({ length: 500 }, (_, n) => create(idOf(from + n), { owner: "ada" })))
    const transaction = await harness.parse(define({ owner: { type: "reference", to: "users" } }))
    if (isRefusal(transaction)) throw new Error(transaction.detail)
    await harness.commit({ op: "user.delete", data: { id: "ada" } })
    expect(await harness.execute([transaction])).toMatchObject([{ kind: "refused", refusal: { code: "unavailable" } }])
    expect((await harness.refusal(define({ owner: { type: "reference", to: "users" } }))).detail).toContain("`owner` names nothing")
  })
})

describe("a large collection whose definition is narrowed", () => {
  test("is looked at ahead, and what was written since is looked at again", async () => {
    const harness = await filled()
    const required = { ...plain, title: { type: "string", maxLength: 100, required: true } }
    const transaction = await harness.parse(define(required))
    if (isRefusal(transaction)) throw new Error(transaction.detail)
    await harness.commit(create("late", { n: 1 }))
    expect(await harness.execute([transaction])).toMatchObject([{ kind: "refused", refusal: { code: "conflict", detail: expect.stringContaining("`late`: `title` is missing") } }])
    await harness.commit({ op: "document.delete", data: { collection: "goals", id: "late" } }, define(required))
  })

  test("also by what the same transaction writes before", async () => {
    const harness = await filled()
    const operations = [create("late", { n: 1 }), define({ ...plain, title: { type: "string", maxLength: 100, required: true } })]
    expect(await harness.refusal({ operations })).toMatchObject({ code: "conflict", operation: 1 })
  })

  test("is not narrowed by a revert, which nobody looked ahead for", async () => {
    const harness = await filled()
    const { head } = harness.store.position()
    await harness.commit(define({ ...plain, more: { type: "json" } }))
    expect(await harness.refusal({ op: "revert", data: { version: head + 1 } })).toMatchObject({ code: "conflict" })
  })
})
