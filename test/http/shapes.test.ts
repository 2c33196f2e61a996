// The shapes that clients depend on, field by field: what is there, and that nothing else is.
import { beforeAll, describe, expect, test } from "bun:test"
import { type Answer, Harness, inside } from "./harness.ts"

const entityFields = ["createdAt", "createdVersion", "id", "updatedAt", "version"]
const userFields = [...entityFields, "data", "disabled", "email", "name", "verified"].sort()
const documentFields = [...entityFields, "collection", "value"].sort()
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

let tandem: Harness

function fieldsOf(json: unknown): string[] {
  return Object.keys(json as object).sort()
}

async function result(op: string, data: object): Promise<unknown> {
  return inside((await tandem.commit({ op, data })).json, "results", 0)
}

beforeAll(async () => {
  tandem = new Harness()
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await tandem.send("POST", "/do", { body: { op: "user.create", data: { id: "ada", email: "Ada@Example.com" }, note: "sign-up" }, headers: { "idempotency-key": "k1" } })
  await tandem.commit({ op: "document.create", data: { collection: "goals", id: "g1", value: { title: "Fly" } } })
  await tandem.commit({ op: "document.patch", data: { collection: "goals", id: "g1", patch: { done: true } } })
  await tandem.commit({ op: "document.delete", data: { collection: "goals", id: "g1" } })
  await tandem.commit({ op: "document.put", data: { collection: "goals", id: "g1", value: {} } })
})

describe("what an operation answers", () => {
  test("of users is the user, exactly as a read answers it", async () => {
    const created = await result("user.create", { id: "bob", email: "bob@example.com" })
    expect(fieldsOf(created)).toEqual(userFields)
    expect((await tandem.get("/users/bob")).json).toEqual(created as object)
    const updated = await result("user.update", { id: "bob", data: { plan: "free" } })
    expect(fieldsOf(updated)).toEqual(userFields)
    expect((await tandem.get("/users?email=bob@example.com")).json).toEqual(updated as object)
    expect(await result("user.delete", { id: "bob" })).toEqual({ id: "bob" })
  })

  test("of documents is the document, which names its collection and keeps its own fields under `value`", async () => {
    const data = { collection: "goals", id: "g2" }
    const value = { id: "mine", collection: "mine", version: "mine", createdAt: "mine", value: "mine" }
    for (const [op, more] of [["document.create", { value }], ["document.put", { value }], ["document.patch", { patch: {} }], ["document.increment", { field: "n", by: 0 }]] as const) {
      const document = await result(op, { ...data, ...more })
      expect(fieldsOf(document)).toEqual(documentFields)
      expect(document).toMatchObject({ ...data, value })
      expect((await tandem.get("/goals/g2")).json).toEqual(document as object)
    }
    expect(await result("document.delete", data)).toEqual(data)
  })

  test("of a revert is the entities that it changed, each with what became of it, as the change feed says it", async () => {
    await result("document.put", { collection: "goals", id: "g3", value: {} })
    const { json } = await tandem.commit({ op: "document.put", data: { collection: "goals", id: "g3", value: { n: 1 } } })
    const changes = await result("revert", { version: inside(json, "version") })
    expect(fieldsOf(inside(changes, 0))).toEqual(["change", "collection", "id", "value"])
    expect(changes).toEqual([{ collection: "goals", id: "g3", change: "updated", value: (await tandem.get("/goals/g3")).json }])
    await result("document.delete", { collection: "goals", id: "g3" })
  })

  test("of collections is the definition", async () => {
    const definition = await result("collection.define", { name: "notes" })
    expect(fieldsOf(definition)).toEqual([...entityFields, "access", "fields", "indexes", "name"].sort())
    expect((await tandem.get("/collections/notes")).json).toEqual(definition as object)
    expect(await result("collection.drop", { name: "notes" })).toEqual(definition)
    expect((await tandem.get("/collections/notes")).status).toBe(404)
  })

  test("of credentials and keys shows no secret but the new key", async () => {
    expect(await result("credential.setPassword", { userId: "ada", password: "right horse" })).toEqual({ userId: "ada" })
    expect(await result("credential.remove", { userId: "ada" })).toEqual({ userId: "ada" })
    const key = await result("key.create", { name: "web", scopes: ["read"] })
    expect(fieldsOf(key)).toEqual(["expiresAt", "id", "key", "name", "scopes"])
    expect(await result("key.revoke", { id: inside(key, "id") })).toEqual({ id: inside(key, "id") })
  })
})

test("the answer of a transaction has its version, time and results, and times are in UTC with milliseconds", async () => {
  const { json } = await tandem.commit({ op: "user.update", data: { id: "ada", name: "Ada" } })
  expect(fieldsOf(json)).toEqual(["results", "time", "version"])
  for (const at of [inside(json, "time"), inside(json, "results", 0, "createdAt"), inside(json, "results", 0, "updatedAt")]) expect(String(at)).toMatch(time)
  expect(inside(json, "results", 0, "updatedAt")).toBe(inside(json, "time"))
  expect(inside(json, "results", 0, "email")).toBe("Ada@Example.com")
})

test("a page has its items, version and next", async () => {
  const first = await tandem.get("/goals?limit=500")
  expect(fieldsOf(first.json)).toEqual(["items", "next", "version"])
  expect(inside(first.json, "next")).toBeNull()
  expect(fieldsOf(inside(first.json, "items", 0))).toEqual(documentFields)
  for (const path of ["/users", "/collections", "/goals"]) expect(inside((await tandem.get(path)).json, "items")).toHaveLength(1)
})

test("a history's item says who, when, which operation and what changed, newest first", async () => {
  const { json } = await tandem.get("/goals/g1/history")
  expect(fieldsOf(json)).toEqual(["items", "next", "version"])
  const items = inside(json, "items") as unknown[]
  for (const item of items) expect(fieldsOf(item)).toEqual(["change", "diff", "note", "op", "principal", "time", "value", "version"])
  expect(items.map((item) => [inside(item, "version"), inside(item, "op"), inside(item, "change")])).toEqual([
    [6, "document.put", "created"],
    [5, "document.delete", "deleted"],
    [4, "document.patch", "updated"],
    [3, "document.create", "created"],
  ])
  expect(items.map((item) => inside(item, "value", "value"))).toEqual([{}, undefined, { title: "Fly", done: true }, { title: "Fly" }])
  expect(inside(items[2], "diff")).toContainEqual({ op: "add", path: "/value/done", value: true })
})

test("a change feed's item is a whole version, and `next` is what to pass as `since`", async () => {
  const { json } = await tandem.get("/changes?since=4&limit=1")
  expect(fieldsOf(json)).toEqual(["items", "next", "version"])
  expect(inside(json, "next")).toBe(5)
  const item = inside(json, "items", 0)
  expect(fieldsOf(item)).toEqual(["changes", "note", "principal", "time", "version"])
  expect(String(inside(item, "time"))).toMatch(time)
  expect(inside(item, "changes")).toEqual([{ collection: "goals", id: "g1", change: "deleted", value: null }])
  expect(inside((await tandem.get("/changes?since=5&limit=1")).json, "items", 0, "changes")).toMatchObject([{ collection: "goals", id: "g1", change: "created", value: { version: 6 } }])
})

describe("the log", () => {
  test("shows each record whole, chained by digests", async () => {
    const { json } = await tandem.get("/log?limit=500")
    const items = inside(json, "items") as unknown[]
    expect(items).toHaveLength(tandem.node.committed())
    let parent = "0".repeat(64)
    for (const [n, item] of items.entries()) {
      expect(fieldsOf(item)).toEqual(["digest", "epoch", "key", "note", "operations", "parent", "principal", "time", "version", "writes"])
      expect([inside(item, "version"), inside(item, "parent")]).toEqual([n + 1, parent])
      expect(String(inside(item, "time"))).toMatch(time)
      parent = String(inside(item, "digest"))
      expect(parent).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(items[1]).toMatchObject({ principal: "root", note: "sign-up", key: "k1", operations: [{ op: "user.create", data: { id: "ada", email: "Ada@Example.com" } }], writes: [{ collection: "users", id: "ada", value: { id: "ada" } }] })
    expect(items[4]).toMatchObject({ note: null, key: null, writes: [{ collection: "goals", id: "g1", value: null }] })
  })

  test("of one version is the same item", async () => {
    expect((await tandem.get("/log/2")).json).toEqual(inside((await tandem.get("/log?from=2&limit=1")).json, "items", 0) as object)
  })
})

test("status has every field, and says nothing of the data", async () => {
  const { json } = await tandem.get("/status")
  expect(fieldsOf(json)).toEqual(["backup", "clusterId", "committed", "decision", "digest", "disk", "epoch", "fetching", "head", "inDoubt", "lease", "mode", "node", "oldestVersion", "oldestVersions", "peer", "promotion", "release", "role", "scrub", "shipping", "startedAt", "stuck"])
  expect(fieldsOf(inside(json, "peer"))).toEqual(["committed", "head", "inSync", "lastHeardAt", "node", "reachable"])
})

test("verify answers whom it matched, or nothing more than that it did not", async () => {
  await tandem.commit({ op: "credential.setPassword", data: { userId: "ada", password: "right horse" } })
  const verify = (email: string, password: string): Promise<Answer> => tandem.send("POST", "/verify", { body: { email, password } })
  expect((await verify(" ADA@example.com ", "right horse")).json).toEqual({ match: true, userId: "ada" })
  const wrong = [await verify("ada@example.com", "wrong horse"), await verify("nobody@example.com", "right horse"), await verify("no address", "")]
  for (const { status, json } of wrong) expect([status, json]).toEqual([200, { match: false }])
  await tandem.commit({ op: "user.update", data: { id: "ada", disabled: true } })
  expect((await verify("ada@example.com", "right horse")).json).toEqual({ match: false })
})

test("an entity's tag is its version whenever it is read as of, and a page has none", async () => {
  for (const [path, tag] of [["/goals/g1?at=3", '"3"'], ["/goals/g1?at=4", '"4"'], ["/goals/g1", '"6"'], ["/goals", null]] as const) {
    expect([path, (await tandem.get(path)).headers.get("etag")]).toEqual([path, tag])
  }
  const same = await tandem.get("/goals/g1?at=3", { headers: { "if-none-match": '"3"' } })
  expect([same.status, same.headers.get("tandem-version")]).toEqual([304, "3"])
  expect((await tandem.get("/goals/g1?at=4", { headers: { "if-none-match": '"3"' } })).status).toBe(200)
  expect((await tandem.get("/goals/g1?at=5", { headers: { "if-none-match": "*" } })).status).toBe(404)
})
