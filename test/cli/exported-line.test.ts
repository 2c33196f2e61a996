// What `export` wrote, as the transactions that make it again.
import { expect, test } from "bun:test"
import { exportedTransaction } from "../../src/cli/exported-line.ts"

const times = { createdAt: "t", updatedAt: "t", version: 3, createdVersion: 2 }

test("a document, a user and a definition become what makes them", () => {
  expect(exportedTransaction({ collection: "goals", id: "1", value: { t: 1 }, ...times })).toEqual({
    operations: [{ op: "document.put", data: { collection: "goals", id: "1", value: { t: 1 } } }],
  })
  expect(exportedTransaction({ collection: "users", id: "ada", email: "a@b.c", name: null, verified: true, disabled: false, data: { a: 1 }, ...times })).toEqual({
    operations: [{ op: "user.create", data: { id: "ada", email: "a@b.c", name: null, verified: true, data: { a: 1 } } }],
  })
  expect(exportedTransaction({ collection: "collections", id: "goals", name: "goals", ...times })).toEqual({
    operations: [{ op: "collection.define", data: { name: "goals" } }],
  })
  const shape = { fields: { t: { type: "string", index: true } }, access: { read: "user" } }
  expect(exportedTransaction({ collection: "collections", id: "goals", name: "goals", ...shape, indexes: { t: { term: "t@3" } }, ...times })).toEqual({
    operations: [{ op: "collection.define", data: { name: "goals", ...shape } }],
  })
})

test("a user who was disabled is so again, in the same transaction", () => {
  expect(exportedTransaction({ collection: "users", id: "ada", email: "a@b.c", name: "Ada", verified: false, disabled: true, data: {} })?.["operations"]).toEqual([
    { op: "user.create", data: { id: "ada", email: "a@b.c", name: "Ada", verified: false, data: {} } },
    { op: "user.update", data: { id: "ada", disabled: true } },
  ])
})

test("a transaction is none of these", () => {
  expect(exportedTransaction({ operations: [], collection: "goals" })).toBeUndefined()
  expect(exportedTransaction({ op: "document.put", data: {} })).toBeUndefined()
  expect(exportedTransaction({ id: "1" })).toBeUndefined()
})
