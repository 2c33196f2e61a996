// Lists of collections with definitions: which filters and orders there are follows from the definition of the version that is read.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { listParameters } from "../../../src/http/lists/list-parameters.ts"
import { usersAbout } from "../../../src/http/users.ts"
import { listParameters as unfit, userParameters as unfitForUsers } from "../../../src/operations/definition-data.ts"
import { Harness, inside } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"

const fields = {
  title: { type: "string", maxLength: 100 },
  owner: { type: "reference", to: "users" },
  done: { type: "boolean", index: true },
  rank: { type: "number", index: true },
  due: { type: "time", index: true },
  slug: { type: "string", unique: true },
  notes: { type: "json" },
  createdAt: { type: "time", index: true },
}
const goal = (id: string, value: object) => ({ op: "document.create", data: { collection: "goals", id, value } })

async function withGoals(): Promise<Harness> {
  const tandem = new Harness()
  await tandem.commit(...["ada", "bob"].map((id) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })))
  await tandem.commit({ op: "collection.define", data: { name: "goals", fields } })
  await tandem.commit(goal("1", { title: "One", owner: "ada", done: false, rank: 2.5, due: "2026-05-01T10:00:00+02:00", slug: "one" }))
  await tandem.commit(goal("2", { title: "Two", owner: "bob", done: true, rank: -1, slug: "two" }))
  await tandem.commit(goal("3", { title: "Three", owner: "ada", done: true, rank: null, due: "2026-04-01T00:00:00Z" }))
  return tandem
}

async function idsAt(tandem: Harness, path: string): Promise<unknown[]> {
  const answer = await tandem.get(path)
  expect([path, answer.status, answer.status === 200 ? "" : answer.text]).toEqual([path, 200, ""])
  return (inside(answer.json, "items") as readonly unknown[]).map((item) => inside(item, "id"))
}

async function refusedAt(tandem: Harness, path: string, pointer: string, detail: string, hint?: string): Promise<void> {
  const answer = await tandem.get(path)
  expectAnswer(answer, 400)
  expect([path, answer.json]).toMatchObject([path, { code: "malformed", pointer, detail: expect.stringContaining(detail), ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }) }])
}

describe("a list of documents", () => {
  test("takes filters on every kind of field that has an index", async () => {
    const tandem = await withGoals()
    const expected: { readonly [query: string]: readonly string[] } = {
      "owner=ada": ["1", "3"],
      "owner=ada&done=true": ["3"],
      "done=false": ["1"],
      "rank.lt=3": ["2", "1"],
      "rank.gte=-1&rank.lt=2.5": ["2"],
      "due.gte=2026-05-01T08:00:00Z": ["1"],
      "due.lt=2026-05-01T08:00:00Z": ["3"],
      "slug=two": ["2"],
      "slug.gt=one": ["2"],
      "slug=": [],
      "rank.gt=5&rank.lt=3": [],
    }
    for (const [query, ids] of Object.entries(expected)) expect([query, await idsAt(tandem, `/goals?${query}`)]).toEqual([query, [...ids]])
  })

  test("is in the order of any of them, what has no value first", async () => {
    const tandem = await withGoals()
    const expected: { readonly [query: string]: readonly string[] } = {
      "sort=rank": ["3", "2", "1"],
      "sort=-rank": ["1", "2", "3"],
      "sort=-createdAt": ["3", "2", "1"],
      "sort=due&owner=ada": ["3", "1"],
      "sort=-slug": ["2", "1", "3"],
    }
    for (const [query, ids] of Object.entries(expected)) expect([query, await idsAt(tandem, `/goals?${query}`)]).toEqual([query, [...ids]])
    const { createdAt } = (await tandem.get("/goals/2")).json as { createdAt: string }
    expect(await idsAt(tandem, `/goals?createdAt.gt=${createdAt}`)).toEqual(["3"])
  })

  test("refuses filters and orders without an index, and says what would add it", async () => {
    const tandem = await withGoals()
    await refusedAt(tandem, "/goals?title=One", "/title", "`title` of `goals` had no index at version 5", "collection.define of `goals` adds it, with `\"index\": true` on the field `title`")
    await refusedAt(tandem, "/goals?sort=-title", "/sort", "`title` of `goals` had no index", "collection.define")
    await refusedAt(tandem, "/goals?notes=1", "/notes", "any JSON", "a field of its own")
    await refusedAt(tandem, "/goals?colour=red&done=true", "/colour", "`colour`", "Fields with an index: `owner`, `done`")
    await refusedAt(tandem, "/goals?rank=1.&sort=rank", "/rank", "a number as JSON writes it")
    await refusedAt(tandem, "/goals?done=yes", "/done", "`true` or `false`")
    await refusedAt(tandem, "/goals?due.gt=yesterday", "/due.gt", "RFC 3339")
    await refusedAt(tandem, `/goals?owner=${"x".repeat(bounds.idLengthMax + 1)}`, "/owner", "an id")
  })

  test("shows the fields that are asked for, and refuses those that are none", async () => {
    const tandem = await withGoals()
    const { json } = await tandem.get("/goals?fields=title,due&owner=ada&sort=due")
    expect((inside(json, "items") as readonly unknown[]).map((item) => [inside(item, "id"), inside(item, "version"), inside(item, "value")])).toEqual([
      ["3", 5, { title: "Three", due: "2026-04-01T00:00:00.000Z" }],
      ["1", 3, { title: "One", due: "2026-05-01T08:00:00.000Z" }],
    ])
    await refusedAt(tandem, "/goals?fields=title,colour", "/fields", "`colour`, which is no field of `goals`")
  })
})

describe("a list as of an old version", () => {
  test("goes by the definition of that version (P7)", async () => {
    const tandem = await withGoals()
    await tandem.commit({ op: "collection.define", data: { name: "goals", fields: { ...fields, title: { ...fields.title, index: true }, rank: { type: "number" } } } })
    expect(await idsAt(tandem, "/goals?title.gte=T")).toEqual(["3", "2"])
    await refusedAt(tandem, "/goals?title.gte=T&at=5", "/title.gte", "had no index at version 5")
    await refusedAt(tandem, "/goals?rank.gt=0", "/rank.gt", "had no index at version 6")
    expect(await idsAt(tandem, "/goals?rank.gt=0&at=5")).toEqual(["1"])
    expect(await idsAt(tandem, "/goals?sort=-rank&at=4")).toEqual(["1", "2"])
    // Back again, it is another index, and has every document.
    await tandem.commit(goal("4", { title: "Four", owner: "bob", rank: 9 }), { op: "collection.define", data: { name: "goals", fields } })
    expect(await idsAt(tandem, "/goals?sort=-rank")).toEqual(["4", "1", "2", "3"])
    await refusedAt(tandem, "/goals?sort=-rank&at=6", "/sort", "had no index at version 6")
  })

  test("goes on with its cursor when the index is gone (P7)", async () => {
    const tandem = await withGoals()
    const first = await tandem.get("/goals?sort=-rank&limit=2")
    const { rank: _, ...others } = fields
    await tandem.commit({ op: "collection.define", data: { name: "goals", fields: { ...others, rank: { type: "number" } } } })
    expect(await idsAt(tandem, /^<([^>]+)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "")).toEqual(["3"])
  })
})

test("an index that is still being built answers nothing yet, and the refusal says so", async () => {
  const tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit({ op: "collection.define", data: { name: "goals", fields: { rank: { type: "number" } } } })
  for (let n = 0; n < 2; n++) await tandem.commit(...Array.from({ length: 600 }, (_, k) => goal(`${n}-${k}`, { rank: k })))
  await tandem.commit({ op: "collection.define", data: { name: "goals", fields: { rank: { type: "number", index: true } } } })
  await refusedAt(tandem, "/goals?rank.gt=1", "/rank.gt", "was still being built at version 4", "Try again")
  await refusedAt(tandem, "/goals?sort=rank", "/sort", "was still being built at version 4", "Try again")
})

test("users are filtered and sorted by the fields that their data is defined to have", async () => {
  const tandem = new Harness()
  await tandem.commit({ op: "collection.define", data: { name: "users", fields: { plan: { type: "string", index: true }, seats: { type: "integer", index: true } } } })
  const user = (id: string, data: object) => ({ op: "user.create", data: { id, email: `${id}@x.org`, data } })
  await tandem.commit(user("a", { plan: "pro", seats: 3 }), user("b", { plan: "free" }), user("c", { plan: "pro", seats: 1 }))
  expect(await idsAt(tandem, "/users?plan=pro&sort=-email")).toEqual(["c", "a"])
  expect(await idsAt(tandem, "/users?sort=seats&email.gte=a")).toEqual(["b", "c", "a"])
  const { json } = await tandem.get("/users?plan=pro&seats.gt=1&fields=seats&count=true")
  expect(json).toMatchObject({ items: [{ id: "a", email: "a@x.org", data: { seats: 3 } }], count: 1 })
  await refusedAt(tandem, "/users?fields=colour", "/fields", "`colour`")
})

test("no field whose name is a parameter of lists can have an index", () => {
  expect([...unfit].sort()).toEqual(listParameters.map(({ name }) => name).sort())
  expect([...unfit, ...unfitForUsers].sort()).toEqual(usersAbout.query.map(({ name }) => name).sort())
})
