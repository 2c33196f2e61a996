// What users see of what is partly theirs: in lists, as of old versions, in histories and in the feed.
import { beforeEach, describe, expect, test } from "bun:test"
import { type Answer, Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const owned = { create: "owner:owner", read: "owner:owner", update: "owner:owner", delete: "owner:owner" }

const fields = { owner: { type: "reference", to: "users" }, n: { type: "number" }, secret: { type: "string" } }
const closed = { create: "server", read: "server", update: "server", delete: "server" }

let tandem: Harness
let ada: string
let bob: string

beforeEach(async () => {
  tandem = new Harness()
  await tandem.commit(...["ada", "bob"].map((id) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })), { op: "collection.define", data: { name: "goals", fields, access: owned } })
  const made = await tandem.commit(...["ada", "bob"].map((userId) => ({ op: "session.create", data: { userId } })))
  ada = String(inside(made.json, "results", 0, "token"))
  bob = String(inside(made.json, "results", 1, "token"))
})

const put = (id: string, owner: string, more: object = {}) => ({ op: "document.put", data: { collection: "goals", id, value: { owner, ...more } } })
const get = (path: string, token: string | null): Promise<Answer> => tandem.get(path, { token })

function idsOf(answer: Answer): unknown[] {
  expectAnswer(answer, 200)
  return (inside(answer.json, "items") as { readonly id: string }[]).map(({ id }) => id)
}

async function allPages(path: string, token: string): Promise<unknown[]> {
  const ids: unknown[] = []
  for (let link: string | undefined = path; link !== undefined; ) {
    const answer: Answer = await get(link, token)
    ids.push(...idsOf(answer))
    link = /^<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1]
  }
  return ids
}

describe("a list", () => {
  test("has what is one's own, on all of its pages and as of any version, and counts no more", async () => {
    for (let n = 0; n < 12; n++) await tandem.commit(put(`g${n}`, n % 3 === 0 ? "ada" : "bob"))
    const before = tandem.node.committed()
    await tandem.commit(put("g0", "bob"), put("g1", "ada"))
    for (const limit of [1, 2, 5, 50]) {
      expect(await allPages(`/goals?limit=${limit}`, ada)).toEqual(["g1", "g3", "g6", "g9"])
      expect(await allPages(`/goals?limit=${limit}&at=${before}`, ada)).toEqual(["g0", "g3", "g6", "g9"])
    }
    expect(inside((await get("/goals?count=true", ada)).json, "count")).toBe(4)
    expect(inside((await get("/goals?count=true", bob)).json, "count")).toBe(8)
    expect(inside((await tandem.get("/goals?count=true")).json, "count")).toBe(12)
  })

  test("has cursors that tell nothing of what lies between, and that nobody else can make or read", async () => {
    const without = { op: "collection.define", data: { name: "notes", access: { read: "public" } } }
    await tandem.commit(without, ...["first", "second"].map((id) => ({ op: "document.create", data: { collection: "notes", id, value: {} } })))
    const nextOf = async (token: string | undefined) => String(inside((await tandem.get("/notes?limit=1", token === undefined ? {} : { token })).json, "next"))
    const [plain, sealed] = [await nextOf(undefined), await nextOf(ada)]
    expect(Buffer.from(plain, "base64url").toString("latin1")).toContain("first")
    expect(Buffer.from(sealed, "base64url").toString("latin1")).not.toContain("first")
    expect(idsOf(await get(`/notes?limit=1&cursor=${sealed}`, ada))).toEqual(["second"])
    const last = sealed.at(-6) === "A" ? "B" : "A"
    for (const forged of [plain, `${sealed.slice(0, -6)}${last}${sealed.slice(-5)}`, sealed.slice(0, 20), "A"]) expectAnswer(await get(`/notes?limit=1&cursor=${forged}`, ada), 400)
    expectAnswer(await tandem.get(`/notes?limit=1&cursor=${sealed}`), 400)
  })

  test("of users has oneself", async () => {
    for (const query of ["", "?limit=1", "?sort=-email", "?email.gte=a", "?count=true"]) expect(await allPages(`/users${query}`, ada)).toEqual(["ada"])
    expect(inside((await get("/users?count=true", ada)).json, "count")).toBe(1)
    expect(await allPages("/users?email.gt=ada@example.com", ada)).toEqual([])
  })
})

describe("as of an old version", () => {
  test("a document is seen where it was one's own then, under the rules of now", async () => {
    await tandem.commit(put("g", "ada", { n: 1 }))
    const then = tandem.node.committed()
    await tandem.commit(put("g", "bob", { n: 2 }))
    expect([(await get(`/goals/g?at=${then}`, ada)).status, (await get("/goals/g", ada)).status]).toEqual([200, 404])
    expect([(await get(`/goals/g?at=${then}`, bob)).status, (await get("/goals/g", bob)).status]).toEqual([404, 200])
    await tandem.commit({ op: "collection.define", data: { name: "goals", access: closed } })
    expect((await get(`/goals/g?at=${then}`, ada)).status).toBe(404)
    await tandem.commit({ op: "collection.define", data: { name: "goals", access: { read: "public" } } })
    expect([(await get(`/goals/g?at=${then}`, bob)).status, (await get(`/goals/g?at=${then}`, null)).status]).toEqual([200, 200])
  })

  test("nothing comes back by its tag that may not be seen", async () => {
    await tandem.commit(put("g", "bob"))
    const etag = (await get("/goals/g", bob)).headers.get("etag") ?? ""
    for (const [token, status] of [[ada, 404], [bob, 304]] as const) {
      for (const tag of [etag, "*"]) expect((await tandem.get("/goals/g", { token, headers: { "if-none-match": tag } })).status).toBe(status)
    }
  })
})

describe("a history", () => {
  const versions = (answer: Answer): unknown[] => {
    expectAnswer(answer, 200)
    return (inside(answer.json, "items") as { readonly version: number }[]).map(({ version }) => version)
  }

  test("has the versions that were one's own, each compared with none that was not", async () => {
    const start = tandem.node.committed()
    await tandem.commit(put("g", "ada", { n: 1 }))
    await tandem.commit(put("g", "bob", { secret: "bobs" }))
    await tandem.commit(put("g", "bob", { secret: "more of bobs" }))
    await tandem.commit(put("g", "ada", { n: 2 }))
    await tandem.commit(put("g", "ada", { n: 3 }))
    const answer = await get("/goals/g/history", ada)
    expect(versions(answer)).toEqual([start + 5, start + 4, start + 1])
    expect(answer.text).not.toContain("bobs")
    expect(inside(answer.json, "items", 1, "diff", 0)).toMatchObject({ op: "replace", path: "" })
    expect(inside(answer.json, "items", 0, "diff")).toContainEqual({ op: "replace", path: "/value/n", value: 3 })
    expect(versions(await get("/goals/g/history", bob))).toEqual([start + 3, start + 2])
    expect(versions(await get("/goals/g/history?limit=1", bob))).toEqual([start + 3])
  })

  test("shows the deletion of what was one's own, and none of what was not", async () => {
    await tandem.commit(put("g", "bob"))
    await tandem.commit(put("g", "ada"))
    await tandem.commit({ op: "document.delete", data: { collection: "goals", id: "g" } })
    expect(inside((await get("/goals/g/history", ada)).json, "items")).toMatchObject([{ change: "deleted", value: null }, { change: "updated" }])
    expect(inside((await get("/goals/g/history", bob)).json, "items")).toMatchObject([{ change: "created" }])
  })

  test("of what never was one's own is that of what is not there, however long it is", async () => {
    for (let n = 0; n < 7; n++) await tandem.commit(put("g", "bob", { n }))
    for (const query of ["", "?limit=2", `?at=${tandem.node.committed() - 2}`]) {
      const [theirs, none] = [await get(`/goals/g/history${query}`, ada), await get(`/goals/h/history${query}`, ada)]
      expectAnswer(theirs, 404)
      expect(theirs.text).toBe(none.text)
    }
  })
})

describe("the feed", () => {
  interface Item {
    readonly version: number
    readonly changes: readonly object[]
  }
  const feed = async (token: string | null, query = ""): Promise<Item[]> => {
    const answer = await get(`/changes?limit=500${query}`, token)
    expectAnswer(answer, 200)
    return inside(answer.json, "items") as Item[]
  }

  test("shows what is one's own, what comes into sight and what goes out of it", async () => {
    const start = tandem.node.committed()
    await tandem.commit(put("g", "ada", { n: 1 }), put("h", "bob"))
    await tandem.commit(put("g", "bob", { secret: "bobs" }))
    await tandem.commit(put("g", "bob", { secret: "more of bobs" }))
    await tandem.commit(put("g", "ada"))
    await tandem.commit({ op: "document.delete", data: { collection: "goals", id: "g" } })
    await tandem.commit({ op: "document.delete", data: { collection: "goals", id: "h" } })
    const seen = (await feed(ada, `&since=${start}`)).map(({ version, changes }) => [version - start, changes])
    expect(seen).toMatchObject([
      [1, [{ id: "g", change: "created", value: { value: { n: 1 } } }]],
      [2, [{ id: "g", change: "deleted", value: null }]],
      [4, [{ id: "g", value: { value: { owner: "ada" } } }]],
      [5, [{ id: "g", change: "deleted", value: null }]],
    ])
    expect(JSON.stringify(seen)).not.toContain("bobs")
    expect((await feed(ada)).flatMap(({ changes }) => changes)).toHaveLength(5)
  })

  test("follows the rules as they change, also where somebody has read the same before", async () => {
    await tandem.commit(put("g", "bob"))
    const about = async (token: string | null) => (await feed(token, "&collections=goals")).length
    expect([await about(ada), await about(bob)]).toEqual([0, 1])
    await tandem.commit({ op: "collection.define", data: { name: "goals", access: { read: "public" } } })
    expect([await about(ada), await about(bob), await about(null)]).toEqual([1, 1, 1])
    await tandem.commit({ op: "collection.define", data: { name: "goals", access: closed } })
    expect([await about(ada), await about(bob)]).toEqual([0, 0])
    expectAnswer(await get("/changes?collections=goals", null), 401)
  })

  test("never tells a user of definitions, sessions or others", async () => {
    await tandem.commit({ op: "user.update", data: { id: "bob", name: "Bob" } }, { op: "user.update", data: { id: "ada", name: "Ada" } })
    const changes = (await feed(ada)).flatMap((item) => item.changes)
    expect(changes.map((change) => [inside(change, "collection"), inside(change, "id")])).toEqual([["users", "ada"], ["users", "ada"]])
  })
})
