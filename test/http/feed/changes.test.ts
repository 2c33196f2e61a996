// Pages of the change feed: whole versions in order, each once, whatever the page's size and filter, and nothing in doubt.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { refuse } from "../../../src/refusal.ts"
import { type Answer, Harness, inside } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"

const goal = (op: string, id: string, more: object = {}) => ({ op: `document.${op}`, data: { collection: "goals", id, ...more } })
const user = (op: string, id: string, more: object = {}) => ({ op: `user.${op}`, data: { id, ...more } })

async function lived(): Promise<Harness> {
  const tandem = new Harness()
  await tandem.send("POST", "/do", { body: { ...user("create", "ada", { email: "ada@example.com" }), note: "sign-up" } })
  await tandem.commit({ op: "collection.define", data: { name: "goals" } }, goal("create", "g1", { value: { n: 1 } }))
  await tandem.commit({ op: "key.create", data: { name: "web", scopes: ["read"] } })
  await tandem.commit(goal("patch", "g1", { patch: { n: 2 } }), { op: "credential.setPassword", data: { userId: "ada", password: "right horse" } })
  await tandem.commit(goal("delete", "g1"), user("update", "ada", { name: "Ada" }))
  await tandem.commit({ op: "revert", data: { version: 5, force: true } })
  return tandem
}

interface Item {
  readonly version: number
  readonly changes: readonly object[]
}

/** Every item behind `since`, page by page. */
async function all(tandem: Harness, { since = 0, limit = 500, filter = "" } = {}): Promise<Item[]> {
  const items: Item[] = []
  for (let next = since; ; ) {
    const { json } = await tandem.get(`/changes?since=${next}&limit=${limit}${filter}`)
    items.push(...(inside(json, "items") as Item[]))
    const after = Number(inside(json, "next"))
    if (after === tandem.node.committed()) return items
    expect(after).toBeGreaterThan(next)
    next = after
  }
}

function expectCode(answer: Answer, status: number, code: string): void {
  expectAnswer(answer, status)
  expect(inside(answer.json, "code")).toBe(code)
}

test("a page shows whole versions in order: who, when, and what became of what", async () => {
  const tandem = await lived()
  const { json, headers } = await tandem.get("/changes")
  expect(headers.get("tandem-version")).toBe("6")
  const value = (n: number) => ({ collection: "goals", id: "g1", value: { n } })
  expect(json).toMatchObject({
    items: [
      { version: 1, principal: "root", note: "sign-up", changes: [{ collection: "users", id: "ada", change: "created", value: { email: "ada@example.com" } }] },
      { version: 2, note: null, changes: [{ collection: "collections", id: "goals", change: "created", value: { name: "goals" } }, { collection: "goals", id: "g1", change: "created", value: value(1) }] },
      { version: 4, changes: [{ collection: "goals", id: "g1", change: "updated", value: value(2) }] },
      { version: 5, changes: [{ collection: "goals", id: "g1", change: "deleted", value: null }, { collection: "users", id: "ada", change: "updated", value: { name: "Ada" } }] },
      { version: 6, changes: [{ collection: "users", id: "ada", change: "updated" }, { collection: "goals", id: "g1", change: "created", value: { ...value(2), createdVersion: 2 } }] },
    ],
    next: 6,
  })
  for (const item of inside(json, "items") as object[]) expect(String(inside(item, "time"))).toMatch(/^2026-03-01T\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test("a value is as a read as of that version answers it", async () => {
  const tandem = await lived()
  for (const { version, changes } of await all(tandem)) {
    for (const change of changes) {
      const read = await tandem.get(`/${inside(change, "collection")}/${inside(change, "id")}?at=${version}`)
      expect(inside(change, "value")).toEqual(read.status === 404 ? null : read.json)
    }
  }
})

test("pages of whatever size, from wherever, are the same items", async () => {
  const tandem = await lived()
  const whole = await all(tandem)
  expect(whole.map(({ version }) => version)).toEqual([1, 2, 4, 5, 6])
  for (const limit of [1, 2, 3]) {
    for (let since = 0; since <= 6; since++) expect(await all(tandem, { since, limit })).toEqual(whole.filter(({ version }) => version > since))
  }
})

test("a page that is not the last has a link to the next", async () => {
  const tandem = await lived()
  const first = await tandem.get("/changes?limit=1&collections=goals,users")
  expect(first.headers.get("link")).toBe('</changes?since=1&limit=1&collections=goals,users>; rel="next"')
  expect((await tandem.get("/changes?since=1&limit=1&collections=goals,users")).json).toMatchObject({ items: [{ version: 2 }], next: 2 })
  expect((await tandem.get("/changes?since=5")).headers.get("link")).toBeNull()
})

test("a filter shows changes in its collections only, and no version without one", async () => {
  const tandem = await lived()
  const shown = async (names: string) => (await all(tandem, { filter: `&collections=${names}` })).map(({ version, changes }) => [version, changes.map((change) => inside(change, "collection"))])
  expect(await shown("goals")).toEqual([[2, ["goals"]], [4, ["goals"]], [5, ["goals"]], [6, ["goals"]]])
  expect(await shown("users,collections,users")).toEqual([[1, ["users"]], [2, ["collections"]], [5, ["users"]], [6, ["users"]]])
  expect(await shown("elsewhere")).toEqual([])
})

test("a page that looked at much and shows nothing still goes on", async () => {
  const tandem = new Harness()
  for (let n = 0; n < bounds.feedRecordsMax; n += 100) await Promise.all(Array.from({ length: 100 }, (_, i) => tandem.commit(user("create", `u${n + i}`, { email: `u${n + i}@example.com` }))))
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await tandem.commit(goal("create", "g1", { value: {} }))
  const path = "/changes?collections=goals&since="
  expect((await tandem.get(`${path}0`)).json).toMatchObject({ items: [], next: bounds.feedRecordsMax })
  expect((await tandem.get(`${path}${bounds.feedRecordsMax}`)).json).toMatchObject({ items: [{ version: bounds.feedRecordsMax + 2 }], next: bounds.feedRecordsMax + 2 })
})

test("a page ends before it becomes too large", async () => {
  const tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  const text = "x".repeat(900_000)
  for (let n = 0; n < 8; n++) await tandem.commit(goal("put", `g${n}`, { value: { text } }))
  const page = await tandem.get("/changes?since=1")
  expect(page.text.length).toBeLessThan(bounds.feedBytesMax)
  expect((inside(page.json, "items") as unknown[]).length).toBeGreaterThan(0)
  expect((await all(tandem, { since: 1 })).map(({ version }) => version)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
})

describe("what is not committed", () => {
  test("is not shown, and what is shown once it is, is not skipped (P4)", async () => {
    const tandem = await lived()
    tandem.node.reader.committed = 4
    expect((await tandem.get("/changes?since=2")).json).toMatchObject({ items: [{ version: 4 }], version: 4, next: 4 })
    expect((await tandem.get("/changes?since=4")).json).toEqual({ items: [], version: 4, next: 4 })
    tandem.node.reader.committed = 6
    expect((await tandem.get("/changes?since=4")).json).toMatchObject({ items: [{ version: 5 }, { version: 6 }], next: 6 })
  })

  test("cannot be continued behind on the primary: 400", async () => {
    const tandem = await lived()
    expectCode(await tandem.get("/changes?since=7"), 400, "version-ahead")
  })

  test("is waited for by the replica, and 503 where it does not come", async () => {
    const tandem = await lived()
    tandem.node.roleNow = "replica"
    tandem.node.reader.committed = 4
    expectCode(await tandem.get("/changes?since=5"), 503, "version-unavailable")
    tandem.node.whileWaiting = () => (tandem.node.reader.committed = 6)
    expect((await tandem.get("/changes?since=5")).json).toMatchObject({ items: [{ version: 6 }], next: 6 })
  })

  test("is waited for where Tandem-Min-Version asks for it", async () => {
    const tandem = await lived()
    tandem.node.reader.committed = 4
    tandem.node.whileWaiting = () => (tandem.node.reader.committed = 6)
    expect((await tandem.get("/changes?since=4", { headers: { "tandem-min-version": "6" } })).json).toMatchObject({ next: 6 })
  })
})

test("a node that may not answer reads shows no change", async () => {
  const tandem = await lived()
  tandem.node.notReadable = refuse("unavailable", "Not in sync.")
  expectCode(await tandem.get("/changes"), 503, "unavailable")
})

test.each(["since=x", "since=-1", "since=1.5", "since=", "limit=0", "limit=501", "collections=", "collections=goals,", "collections=keys", "collections=Goals", "collections=a%20b", "collections=__proto__", `collections=${"a,".repeat(bounds.feedCollectionsMax)}a`, "at=1", "cursor=x"])("%s is refused", async (query) => {
  const answer = await (await lived()).get(`/changes?${query}`)
  expectCode(answer, 400, "malformed")
  expect(inside(answer.json, "pointer")).toBe(`/${query.split("=")[0]}`)
})
