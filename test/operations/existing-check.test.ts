// A check that was made ahead counts only while all that it looked at, and all that came since, is known (P7).
import { expect, test } from "bun:test"
import { type Definition, definitionAt } from "../../src/operations/definition.ts"
import { ExistingCheck } from "../../src/operations/existing-check.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { Past } from "../../src/operations/past.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { Overlay } from "../../src/operations/overlay.ts"
import { TransactionView } from "../../src/operations/transaction-view.ts"
import { Harness, root } from "./harness.ts"

/** Goals that shall have an owner, checked at version 4; after that one is written that has none. */
async function checked(horizon: { readonly before: number; readonly collections?: Record<string, number> }): Promise<string | number> {
  const tandem = new Harness()
  await tandem.commit({ op: "collection.define", data: { name: "goals", fields: { owner: { type: "reference", to: "users" } } } })
  await tandem.commit({ op: "user.create", data: { id: "u", email: "u@example.com" } })
  for (const id of ["a", "b"]) await tandem.commit({ op: "document.create", data: { collection: "goals", id, value: { owner: "u" } } })
  const now = definitionAt(tandem.store, "goals", 4) as Definition
  const check = new ExistingCheck({ ...now, fields: { owner: { type: "reference", to: "users", required: true } } })
  await check.all(tandem.store, 4)
  await tandem.commit({ op: "document.put", data: { collection: "goals", id: "a", value: {} } })
  await tandem.commit({ op: "user.update", data: { id: "u", name: "Ada" } })
  await tandem.execute([internalTransaction(retentionTrim, { collections: {}, ...horizon })])
  const view = new TransactionView(tandem.store, new Overlay(), 8, "2026-03-01T12:00:00.000Z", () => "new", new Past(tandem.store, []), root)
  return check.since(view)?.code ?? check.offenders.length
}

/** What 600 later writes make of a check that follows them. */
async function followed(last: object, horizon?: { readonly before: number; readonly collections: Record<string, number> }): Promise<{ readonly version: number; readonly offenders: readonly string[] }> {
  const tandem = new Harness()
  const fields = { n: { type: "string" }, owner: { type: "reference", to: "users" } }
  await tandem.commit({ op: "collection.define", data: { name: "goals", fields } }, { op: "user.create", data: { id: "u", email: "u@example.com" } })
  const put = (id: string, n: string) => ({ op: "document.put", data: { collection: "goals", id, value: { n } } })
  await tandem.commit(put("a", "first"), put("b", "second"))
  const now = definitionAt(tandem.store, "goals", 2) as Definition
  const check = new ExistingCheck({ ...now, fields: { n: { type: "string", unique: true }, owner: { type: "reference", to: "users" } } })
  await check.all(tandem.store, 2)
  // Their values change places, and at last are left so.
  for (let n = 0; n < 200; n++) {
    await tandem.commit(put("a", "between"))
    await tandem.commit(put("b", "first"), put("a", "second"))
    await tandem.commit(put("b", "between"), put("a", "first"), put("b", "second"))
  }
  await tandem.commit(put("b", "first"), put("a", "second"))
  await tandem.commit(last as { readonly op: string })
  if (horizon !== undefined) await tandem.execute([internalTransaction(retentionTrim, horizon)])
  await check.follow(tandem.store, () => tandem.store.position().committed)
  return { version: check.version, offenders: check.offenders.map(({ id }) => id) }
}

test("what many write meanwhile is followed, so that little is left for the transaction", async () => {
  expect(await followed({ op: "user.create", data: { id: "v", email: "v@example.com" } })).toEqual({ version: 604, offenders: [] })
  expect(await followed({ op: "document.create", data: { collection: "goals", id: "c", value: { n: "first" } } })).toMatchObject({ version: 604, offenders: ["c"] })
})

test("where something went that may be referenced, or retention came between, it is not followed, and so refused", async () => {
  expect((await followed({ op: "user.delete", data: { id: "u" } })).version).toBe(2)
  const more = { op: "user.create", data: { id: "v", email: "v@example.com" } }
  expect((await followed(more, { before: 3, collections: {} })).version).toBe(2)
  expect((await followed(more, { before: 2, collections: { users: 3 } })).version).toBe(2)
})

test("what came since is found while it is kept", async () => {
  expect(await checked({ before: 0 })).toBe(1)
  expect(await checked({ before: 4 })).toBe(1)
})

test("once the horizon has passed what was looked at, the check is to be made again", async () => {
  expect(await checked({ before: 5 })).toBe("unavailable")
  expect(await checked({ before: 6 })).toBe("unavailable")
})

test("also where only the collection's own horizon has, or that of one that it references", async () => {
  expect(await checked({ before: 2, collections: { goals: 5 } })).toBe("unavailable")
  expect(await checked({ before: 2, collections: { users: 5 } })).toBe("unavailable")
  expect(await checked({ before: 2, collections: { goals: 4, users: 4, notes: 6 } })).toBe(1)
})
