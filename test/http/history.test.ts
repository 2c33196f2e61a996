// Histories: newest first, who and when, and differences that lead exactly from one version to the next.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, inside } from "./harness.ts"
import { applyPatch } from "./apply-patch.ts"

async function lived(): Promise<Harness> {
  const tandem = new Harness()
  const data = { id: "ada", email: "ada@example.com", name: "Ada" }
  await tandem.send("POST", "/do", { body: { operations: [{ op: "user.create", data }], note: "sign-up" } })
  await tandem.commit({ op: "user.create", data: { id: "bob", email: "bob@example.com" } })
  await tandem.commit(
    { op: "user.update", data: { id: "bob", name: "Bob" } },
    { op: "user.update", data: { id: "ada", name: "Countess", data: { "a/b": [1, 2, 3] } } },
  )
  await tandem.commit({ op: "user.delete", data: { id: "ada" } })
  await tandem.commit({ op: "user.create", data })
  return tandem
}

test("a history is newest first and says who, when, which operation and what changed", async () => {
  const answer = await (await lived()).get("/users/ada/history")
  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({
    items: [
      { version: 5, principal: "root", note: null, op: "user.create", change: "created", value: { name: "Ada" } },
      { version: 4, op: "user.delete", change: "deleted", value: null },
      { version: 3, op: "user.update", change: "updated", value: { name: "Countess" } },
      { version: 1, note: "sign-up", op: "user.create", change: "created", value: { name: "Ada" } },
    ],
    version: 5,
    next: null,
  })
  expect(String(inside(answer.json, "items", 0, "time"))).toMatch(/^2026-03-01T/)
})

test("what a revert brought back is created again, though it is as old as it was", async () => {
  const tandem = await lived()
  await tandem.commit({ op: "revert", data: { version: 4, force: true } })
  await tandem.commit({ op: "user.delete", data: { id: "ada" } })
  await tandem.commit({ op: "revert", data: { collection: "users", id: "ada", to: 6 } }, { op: "user.update", data: { id: "bob" } })
  await tandem.commit({ op: "user.update", data: { id: "ada" } })
  const items = inside((await tandem.get("/users/ada/history?limit=4")).json, "items")
  expect(items).toMatchObject([
    { version: 9, op: "user.update", change: "updated" },
    { version: 8, op: "revert", change: "created", value: { name: "Countess", createdVersion: 1 } },
    { version: 7, op: "user.delete", change: "deleted" },
    { version: 6, op: "revert", change: "updated", value: { name: "Countess", createdVersion: 1 } },
  ])
})

test("each difference leads exactly from the value before to its own", async () => {
  const items = inside((await (await lived()).get("/users/ada/history")).json, "items") as unknown[]
  let value: unknown = null
  for (const item of items.toReversed()) {
    value = applyPatch(value, inside(item, "diff"))
    expect(value).toEqual(inside(item, "value"))
  }
})

test("a history's pages keep their version and repeat nothing (P7)", async () => {
  const tandem = await lived()
  const whole = inside((await tandem.get("/users/ada/history")).json, "items")
  const items: unknown[] = []
  for (let path = "/users/ada/history?limit=1"; path !== ""; ) {
    const page = await tandem.get(path)
    expect(inside(page.json, "version")).toBe(5)
    items.push(...(inside(page.json, "items") as unknown[]))
    await tandem.send("POST", "/do", { body: { op: "user.update", data: { id: "ada", name: `n${items.length}` } } })
    const next = inside(page.json, "next")
    path = next === null ? "" : `/users/ada/history?limit=1&cursor=${next}`
  }
  expect(items).toEqual(whole as unknown[])
})

test("a history ends its page where records are large, and goes on where it ended", async () => {
  const tandem = new Harness({ bodyBytesMax: 64 * 1024 * 1024 })
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  const text = "x".repeat(bounds.historyRecordBytesMax / 6)
  for (let n = 0; n < 5; n++) {
    const operations = ["small", "large"].map((id) => ({ op: "document.put", data: { collection: "goals", id, value: { n, ...(id === "large" ? { text } : {}) } } }))
    await tandem.commit(...operations)
  }
  for (const id of ["small", "large"]) {
    const pages: unknown[][] = []
    for (let path = `/goals/${id}/history?limit=500`; path !== ""; ) {
      const page = await tandem.get(path)
      pages.push(inside(page.json, "items") as unknown[])
      path = /^<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1] ?? ""
    }
    // A record holds what was asked and what was written: two of these fit, three do not.
    expect(pages.map((items) => items.length)).toEqual([2, 2, 1])
    let value: unknown = null
    for (const item of pages.flat().toReversed()) {
      value = applyPatch(value, inside(item, "diff"))
      expect(value).toEqual(inside(item, "value"))
    }
    expect(inside(value, "value", "n")).toBe(4)
  }
})

test("a history as of a version ends there", async () => {
  const tandem = await lived()
  expect(inside((await tandem.get("/users/ada/history?at=3")).json, "items")).toHaveLength(2)
  expect((await tandem.get("/users/ada/history?at=0")).status).toBe(404)
  expect((await tandem.get("/users/nobody/history")).status).toBe(404)
  expect((await tandem.get("/users/ada/history?limit=501")).status).toBe(400)
  expect((await tandem.get("/users/ada/history?cursor=AAAA")).status).toBe(400)
})
