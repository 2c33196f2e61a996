// Entities and histories as people read them.
import { describe, expect, test } from "bun:test"
import { paintFor } from "../../src/cli/colour.ts"
import { entityTable, historyText } from "../../src/cli/entity-view.ts"

const plain = paintFor({ colours: false })
const goal = (id: string, value: object) => ({ collection: "goals", id, value, createdAt: "then", updatedAt: "now", version: 3, createdVersion: 2 })

describe("a list of entities", () => {
  test("has a line for each, with what may be long at its end", () => {
    expect(entityTable([goal("1", { t: "a" }), goal("long-id", { t: "b" })], plain, 80)).toBe(
      'id       updatedAt  version  value\n1        now        3        {"t":"a"}\nlong-id  now        3        {"t":"b"}\n',
    )
  })

  test("is cut at the edge of the terminal", () => {
    const lines = entityTable([goal("1", { t: "愛".repeat(100) })], plain, 50).split("\n")
    expect(lines[1]).toMatch(/^1 {3}now {8}3 {8}\{"t":"愛+…$/)
  })

  test("leaves out what tells least where the terminal is narrow, and nothing where nobody looks", () => {
    const user = { id: "ada", email: "ada@example.com", name: "Ada", verified: true, disabled: false, data: { plan: "pro" }, createdAt: "then", updatedAt: "2026-01-31T12:00:00.000Z", version: 3, createdVersion: 2 }
    const columnsAt = (columns: number) => (entityTable([user], plain, columns).split("\n")[0] ?? "").split(/ +/)
    expect(columnsAt(Number.POSITIVE_INFINITY)).toEqual(["id", "email", "name", "verified", "disabled", "updatedAt", "version", "data"])
    expect(columnsAt(80)).toEqual(["id", "email", "name", "verified", "disabled", "version", "data"])
    expect(columnsAt(64)).toEqual(["id", "email", "name", "verified", "version", "data"])
    expect(columnsAt(30)).toEqual(["id", "email", "name", "data"])
    for (let columns = 44; columns < 140; columns += 1) {
      for (const line of entityTable([user], plain, columns).split("\n")) expect(line.length).toBeLessThanOrEqual(columns)
    }
  })

  test("of none is nothing", () => {
    expect(entityTable([], plain, 80)).toBe("")
  })

  test("shows stored text without doing what it says", () => {
    expect(entityTable([goal("1", { text: "\u001b[2Jgone\u202e" })], plain, 200)).not.toMatch(/[\u001b\u202e]/)
  })
})

describe("a history", () => {
  const created = { version: 2, time: "t2", principal: "root", op: "document.create", change: "created", note: null, diff: [{ op: "add", path: "", value: {} }] }
  const updated = {
    version: 3, time: "t3", principal: "root", op: "document.patch", change: "updated", note: "why",
    diff: [{ op: "add", path: "/value/done", value: true }, { op: "replace", path: "/value/t", value: "b" }, { op: "remove", path: "/value/old" }, { op: "replace", path: "/version", value: 3 }, { op: "replace", path: "/updatedAt", value: "t3" }],
  }

  test("has a block for each version, with what changed in it", () => {
    expect(historyText([updated, created], plain)).toBe(
      "version 3  t3  updated  root  document.patch  why\n" +
        "  +  /value/done  true\n" +
        "  ~  /value/t     b\n" +
        "  -  /value/old\n" +
        "\nversion 2  t2  created  root  document.create\n",
    )
  })

  test("shows stored text without doing what it says", () => {
    expect(historyText([{ ...updated, note: "\u001b[2J", diff: [{ op: "add", path: "/\u009b", value: "\u202e" }] }], plain)).not.toMatch(/[\u001b\u009b\u202e]/)
  })
})
