// What became of an entity, told by its row and, where that is not enough, the one before.
import { expect, test } from "bun:test"
import { changeKind } from "../../src/operations/change.ts"
import { encodeRow } from "../../src/store/row.ts"

const row = (created: number, changed: number, deleted = false): Uint8Array => encodeRow({ created, changed, changes: 1, deleted }, [], deleted ? "" : "{}")
const notAsked = (): never => {
  throw new Error("the row tells by itself")
}

test("a tombstone is a deletion, and what its own version created is a creation", () => {
  expect(changeKind(row(1, 3, true), notAsked)).toBe("deleted")
  expect(changeKind(row(3, 3), notAsked)).toBe("created")
})

test("anything else is an update, unless it was deleted before", () => {
  expect(changeKind(row(1, 3), () => row(1, 2))).toBe("updated")
  expect(changeKind(row(1, 3), () => row(1, 2, true))).toBe("created")
  expect(changeKind(row(1, 3), () => undefined)).toBe("updated")
})
