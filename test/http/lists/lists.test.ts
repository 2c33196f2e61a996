// Lists over HTTP: filters, order, fields and counts together, and what each way of asking wrongly is told.
import { describe, expect, test } from "bun:test"
import { Harness, inside } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"

const user = (id: string, email: string, data: object = {}) => ({ op: "user.create", data: { id, email, data } })

async function withUsers(): Promise<Harness> {
  const tandem = new Harness()
  await tandem.commit(user("1", "Dora@x.org", { plan: "pro", seats: 3 }), user("2", "ada@x.org", { plan: "free" }), user("3", "cyd@x.org", { seats: 1 }), user("4", "bob@x.org"))
  return tandem
}

async function idsAt(tandem: Harness, path: string): Promise<unknown[]> {
  const answer = await tandem.get(path)
  expect([path, answer.status]).toEqual([path, 200])
  return (inside(answer.json, "items") as readonly unknown[]).map((item) => inside(item, "id"))
}

describe("users", () => {
  test("are listed in the order of their addresses, whatever the case, in both directions", async () => {
    const tandem = await withUsers()
    expect(await idsAt(tandem, "/users?sort=email")).toEqual(["2", "4", "3", "1"])
    expect(await idsAt(tandem, "/users?sort=-email")).toEqual(["1", "3", "4", "2"])
    expect(await idsAt(tandem, "/users")).toEqual(["1", "2", "3", "4"])
  })

  test("are filtered by a range of addresses", async () => {
    const tandem = await withUsers()
    expect(await idsAt(tandem, "/users?email.gte=B&email.lt=D")).toEqual(["4", "3"])
    expect(await idsAt(tandem, "/users?email.gt=bob@x.org&sort=-email")).toEqual(["1", "3"])
    expect(await idsAt(tandem, "/users?email.gte=bob@x.org&email.lte=BOB@x.org")).toEqual(["4"])
    expect(await idsAt(tandem, "/users?email.gt=d&email.lt=b")).toEqual([])
  })

  test("are shown with some fields of their data only", async () => {
    const tandem = await withUsers()
    const items = inside((await tandem.get("/users?fields=plan,toString")).json, "items")
    expect(inside(items, 0)).toEqual({ ...(inside((await tandem.get("/users/1")).json) as object), data: { plan: "pro" } })
    expect([inside(items, 2, "data"), inside(items, 2, "email")]).toEqual([{}, "cyd@x.org"])
  })

  test("are counted", async () => {
    const tandem = await withUsers()
    const counted = async (path: string) => inside((await tandem.get(path)).json, "count")
    expect(await counted("/users?count=true&limit=1")).toBe(4)
    expect(await counted("/users?count=true&email.gt=b")).toBe(3)
    expect(await counted("/users?count=true&email.gt=b&email.lt=a")).toBe(0)
    expect(await counted("/users?count=false")).toBeUndefined()
    expect(await counted("/users?count=true&at=0")).toBe(0)
  })
})

describe("pages in the order of a field", () => {
  test("go on where they ended, with the same filters, as of the same version (P7)", async () => {
    const tandem = await withUsers()
    const seen: unknown[] = []
    for (let path = "/users?sort=-email&limit=2&email.gte=b&count=true&fields=plan"; path !== ""; ) {
      const page = await tandem.get(path)
      expect([page.status, inside(page.json, "version"), inside(page.json, "count")]).toEqual([200, 1, 3])
      for (const item of inside(page.json, "items") as unknown[]) seen.push([inside(item, "id"), inside(item, "data")])
      path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1] ?? ""
      await tandem.commit(user(`new-${seen.length}`, `bz-${seen.length}@x.org`))
    }
    expect(seen).toEqual([["1", { plan: "pro" }], ["3", {}], ["4", {}]])
  })

  test("go on with a cursor of that order and those filters only", async () => {
    const tandem = await withUsers()
    const next = async (path: string) => String(inside((await tandem.get(path)).json, "next"))
    const [plain, sorted, filtered] = [await next("/users?limit=1"), await next("/users?limit=1&sort=email"), await next("/users?limit=1&email.gte=a")]
    const good = [`/users?cursor=${plain}`, `/users?sort=email&cursor=${sorted}`, `/users?email.gte=A&cursor=${filtered}&limit=3&count=true`]
    for (const path of good) expect([path, (await tandem.get(path)).status]).toEqual([path, 200])
    const wrong = [`/users?sort=email&cursor=${plain}`, `/users?cursor=${sorted}`, `/users?sort=-email&cursor=${sorted}`, `/users?email.gt=a&cursor=${filtered}`, `/users?email.gte=b&cursor=${filtered}`, `/users?cursor=${filtered}`, `/collections?cursor=${plain}`]
    for (const path of wrong) {
      const answer = await tandem.get(path)
      expectAnswer(answer, 400)
      expect([path, inside(answer.json, "pointer")]).toEqual([path, "/cursor"])
    }
  })
})

describe("a list that cannot be", () => {
  test("says which parameter is wrong, and what to do", async () => {
    const tandem = await withUsers()
    await tandem.commit({ op: "collection.define", data: { name: "goals" } })
    const wrong: readonly (readonly [path: string, pointer: string, detail: string, hint?: string])[] = [
      ["/users?plan=pro", "/plan", "`plan`", "collection.define of `users`"],
      ["/users?plan=pro&seats.gt=1", "/plan", "`plan`, `seats.gt`", '"index": true'],
      ["/users?sort=plan", "/sort", "`plan`", "collection.define of `users`"],
      ["/users?sort=id", "/sort", "`id`"],
      ["/users?email.ne=x", "/email.ne", "`email.ne`"],
      ["/users?email.gt=%00", "/email.gt", "must be an address"],
      ["/users?email=ada@x.org&sort=email", "/sort", "`sort`"],
      ["/users?email.gt=a&email.gt=b", "/email.gt", "more than once"],
      ["/goals?title=x", "/title", "`title`", "collection.define of `goals`"],
      ["/goals?sort=title", "/sort", "`title`", "collection.define of `goals`"],
      ["/goals?email.gt=a", "/email.gt", "`email.gt`", "collection.define of `goals`"],
      ["/collections?name=x", "/name", "`name`"],
      ["/collections?sort=name", "/sort", "`name`"],
      ["/collections?fields=name", "/fields", "shown whole"],
      ["/goals?fields=", "/fields", "names of fields"],
      ["/goals?count=yes", "/count", "`true` or `false`"],
    ]
    for (const [path, pointer, detail, hint] of wrong) {
      const answer = await tandem.get(path)
      expectAnswer(answer, 400)
      expect([path, inside(answer.json, "pointer")]).toEqual([path, pointer])
      expect([path, inside(answer.json, "detail")]).toEqual([path, expect.stringContaining(detail)])
      if (hint !== undefined) expect([path, inside(answer.json, "hint")]).toEqual([path, expect.stringContaining(hint)])
    }
  })

  test("names what is unknown, however much of it there is, in a short answer", async () => {
    const tandem = await withUsers()
    const many = Array.from({ length: 500 }, (_, n) => `${"x".repeat(60)}${n}=1`).join("&")
    const answer = await tandem.get(`/users?${many}`)
    expectAnswer(answer, 400)
    expect(answer.text.length).toBeLessThan(2_000)
  })
})
