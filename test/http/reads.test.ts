// Entities, pages, and reads as of a version: what is answered, what is refused, and that pages keep their version.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { refuse } from "../../src/refusal.ts"
import { Harness, inside } from "./harness.ts"

function user(id: string, name = id) {
  return { op: "user.create", data: { id, email: `${id}@example.com`, name } }
}

async function withUsers(...ids: string[]): Promise<Harness> {
  const tandem = new Harness()
  for (const id of ids) await tandem.commit(user(id))
  return tandem
}

describe("GET /users/{id}", () => {
  test("answers the user, its tag and the version the answer reflects", async () => {
    const tandem = await withUsers("ada", "bob")
    const answer = await tandem.get("/users/ada")
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ id: "ada", name: "ada", version: 1 })
    expect(answer.headers.get("etag")).toBe('"1"')
    expect(answer.headers.get("tandem-version")).toBe("2")
    expect(answer.headers.get("cache-control")).toBe("private, no-cache")
    expect(answer.headers.get("content-type")).toBe("application/json")
  })

  test("answers at once, without a promise", async () => {
    const tandem = await withUsers("ada")
    const request = new Request("http://tandem.test/users/ada", { headers: { authorization: "Bearer tr_root" } })
    expect(tandem.app.fetch(request)).toBeInstanceOf(Response)
  })

  test("two answers do not share their headers", async () => {
    const tandem = await withUsers("ada", "bob")
    const ask = (id: string) =>
      tandem.app.fetch(
        new Request(`http://tandem.test/users/${id}`, { headers: { authorization: "Bearer tr_root", "tandem-request-id": `ask-${id}` } }),
      ) as Response
    const first = ask("ada")
    const second = ask("bob")
    expect([first, second].map(({ headers }) => headers.get("tandem-request-id"))).toEqual(["ask-ada", "ask-bob"])
    expect([first, second].map(({ headers }) => headers.get("etag"))).toEqual(['"1"', '"2"'])
  })

  test("answers 304 to who has it already", async () => {
    const tandem = await withUsers("ada")
    for (const tag of ['"1"', 'W/"1"', '"0", "1"', "*"]) {
      const answer = await tandem.get("/users/ada", { headers: { "if-none-match": tag } })
      expect(answer.status).toBe(304)
      expect(answer.text).toBe("")
      expect(answer.headers.get("etag")).toBe('"1"')
    }
    expect((await tandem.get("/users/ada", { headers: { "if-none-match": '"2"' } })).status).toBe(200)
  })

  test("answers HEAD with the headers and no body", async () => {
    const tandem = await withUsers("ada")
    const answer = await tandem.send("HEAD", "/users/ada")
    expect(answer.status).toBe(200)
    expect(answer.headers.get("etag")).toBe('"1"')
    expect(answer.text).toBe("")
  })

  test("reads as of a version and as of a time answer what was (P7)", async () => {
    const tandem = await withUsers("ada")
    const then = new Date(tandem.node.nowMs).toISOString()
    await tandem.commit({ op: "user.update", data: { id: "ada", name: "Countess" } })
    await tandem.commit({ op: "user.delete", data: { id: "ada" } })
    expect((await tandem.get("/users/ada")).status).toBe(404)
    expect(inside((await tandem.get("/users/ada?at=2")).json, "name")).toBe("Countess")
    const old = await tandem.get("/users/ada?at=1")
    expect(inside(old.json, "name")).toBe("ada")
    expect(old.headers.get("tandem-version")).toBe("1")
    expect(inside((await tandem.get(`/users/ada?atTime=${then}`)).json, "name")).toBe("ada")
    expect((await tandem.get("/users/ada?atTime=2001-01-01T00:00:00Z")).status).toBe(404)
    expect((await tandem.get("/users/ada?at=0")).status).toBe(404)
  })

  test("never shows a version that is not committed (I9)", async () => {
    const tandem = await withUsers("ada", "bob")
    tandem.node.reader.committed = 1
    expect((await tandem.get("/users/bob")).status).toBe(404)
    const ahead = await tandem.get("/users/bob?at=2")
    expect(ahead.status).toBe(400)
    expect(ahead.json).toMatchObject({ code: "version-ahead", version: 1 })
  })

  test("waits for Tandem-Min-Version, and says 503 where it does not come", async () => {
    const tandem = await withUsers("ada", "bob")
    tandem.node.reader.committed = 1
    const headers = { "tandem-min-version": "2" }
    const early = await tandem.get("/users/bob", { headers })
    expect(early.status).toBe(503)
    expect(inside(early.json, "code")).toBe("version-unavailable")
    tandem.node.whileWaiting = () => {
      tandem.node.reader.committed = 2
    }
    expect((await tandem.get("/users/bob", { headers })).status).toBe(200)
    expect((await tandem.get("/users/bob", { headers: { "tandem-min-version": "x" } })).status).toBe(400)
  })

  test("a replica waits for `at` where a primary refuses it", async () => {
    const tandem = await withUsers("ada", "bob")
    tandem.node.reader.committed = 1
    tandem.node.roleNow = "replica"
    expect((await tandem.get("/users/bob?at=2")).status).toBe(503)
    tandem.node.whileWaiting = () => {
      tandem.node.reader.committed = 2
    }
    expect((await tandem.get("/users/bob?at=2")).status).toBe(200)
  })

  test("asks after the wait whether reads may still be answered (P4)", async () => {
    const tandem = await withUsers("ada", "bob")
    tandem.node.reader.committed = 1
    tandem.node.whileWaiting = () => {
      tandem.node.reader.committed = 2
      tandem.node.notReadable = refuse("unavailable", "The lease is over.")
    }
    expect((await tandem.get("/users/bob", { headers: { "tandem-min-version": "2" } })).status).toBe(503)
  })

  test("asks right before the answer whether reads may still be answered (P4)", async () => {
    const tandem = await withUsers("ada")
    const { reader } = tandem.node
    const row = reader.row.bind(reader)
    reader.row = (...asked) => {
      tandem.node.notReadable = refuse("unavailable", "The lease is over.")
      return row(...asked)
    }
    expect((await tandem.get("/users/ada")).status).toBe(503)
  })

  test("asks again right before it says that something is not there (P4)", async () => {
    const tandem = await withUsers("ada")
    for (const path of ["/users/bob", "/goals/g1", "/goals", "/users?email=bob@example.com", "/users/bob/history", "/log/7"]) {
      let asked = 0
      tandem.node.whyNotReadable = () => ((asked += 1) === 1 ? undefined : refuse("unavailable", "The lease is over."))
      expect([path, (await tandem.get(path)).status]).toEqual([path, 503])
    }
  })

  test("says that it may be stale", async () => {
    const tandem = await withUsers("ada")
    expect((await tandem.get("/users/ada")).headers.get("tandem-stale")).toBeNull()
    tandem.node.stale = true
    expect((await tandem.get("/users/ada")).headers.get("tandem-stale")).toBe("possible")
  })

  test("decodes the id, and refuses what cannot be one", async () => {
    const tandem = new Harness()
    await tandem.commit({ op: "user.create", data: { id: "a/ö 100%", email: "x@example.com" } })
    expect((await tandem.get(`/users/${encodeURIComponent("a/ö 100%")}`)).status).toBe(200)
    for (const id of ["%00", "a%0ab", "%ff", "%e2%28", "x".repeat(300)]) {
      const answer = await tandem.get(`/users/${id}`)
      expect([id, answer.status]).toEqual([id, 400])
      expect(inside(answer.json, "pointer")).toBe("/id")
    }
  })
})

describe("GET /users?email=", () => {
  test("finds the user whatever the case, as of any version", async () => {
    const tandem = await withUsers("ada")
    await tandem.commit({ op: "user.update", data: { id: "ada", email: "countess@example.com" } })
    expect(inside((await tandem.get("/users?email=Countess@Example.com")).json, "id")).toBe("ada")
    expect((await tandem.get("/users?email=ada@example.com")).status).toBe(404)
    expect(inside((await tandem.get("/users?email=ada@example.com&at=1")).json, "id")).toBe("ada")
  })

  test("does not go with the parameters of a page", async () => {
    const tandem = await withUsers("ada")
    expect((await tandem.get("/users?email=ada@example.com&limit=1")).status).toBe(400)
    expect((await tandem.get("/users?email=")).status).toBe(400)
    expect((await tandem.get(`/users?email=${"a".repeat(300)}`)).status).toBe(400)
  })
})

describe("pages", () => {
  test("show every entity once, as of the first page's version, whatever is written meanwhile (P7)", async () => {
    const tandem = await withUsers("a", "b", "c", "d", "e")
    const seen: unknown[] = []
    let path = "/users?limit=2"
    for (;;) {
      const page = await tandem.get(path)
      expect(page.status).toBe(200)
      expect(inside(page.json, "version")).toBe(5)
      expect(page.headers.get("tandem-version")).toBe("5")
      seen.push(...(inside(page.json, "items") as unknown[]).map((item) => inside(item, "id")))
      await tandem.commit(user(`b${seen.length}`))
      const next = inside(page.json, "next")
      if (next === null) {
        expect(page.headers.get("link")).toBeNull()
        break
      }
      const link = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")
      expect(link?.[1]).toContain(String(next))
      path = link?.[1] ?? ""
    }
    expect(seen).toEqual(["a", "b", "c", "d", "e"])
  })

  test("of a collection need it to be defined at that version", async () => {
    const tandem = new Harness()
    expect((await tandem.get("/goals")).json).toMatchObject({ status: 404, code: "collection-missing" })
    await tandem.commit({ op: "collection.define", data: { name: "goals" } })
    await tandem.commit({ op: "document.put", data: { collection: "goals", id: "g1", value: { title: "x" } } })
    expect((await tandem.get("/goals")).json).toMatchObject({ items: [{ id: "g1", value: { title: "x" } }], version: 2, next: null })
    expect((await tandem.get("/goals?at=1")).json).toEqual({ items: [], version: 1, next: null })
    expect((await tandem.get("/goals?at=0")).status).toBe(404)
    expect((await tandem.get("/goals/g1")).status).toBe(200)
    expect((await tandem.get("/goals/g2")).json).toMatchObject({ status: 404, code: "entity-missing" })
    expect((await tandem.get("/other/g2")).json).toMatchObject({ status: 404, code: "collection-missing" })
    expect((await tandem.get("/collections")).json).toMatchObject({ items: [{ name: "goals" }] })
    expect((await tandem.get("/collections/goals")).json).toMatchObject({ name: "goals" })
  })

  test("end where their entities are large, and go on where they ended", async () => {
    const tandem = new Harness({ bodyBytesMax: 64 * 1024 * 1024 })
    await tandem.commit({ op: "collection.define", data: { name: "goals" } })
    const text = "x".repeat(bounds.pageBytesMax / 3)
    for (const id of ["a", "b", "c", "d", "e"]) await tandem.commit({ op: "document.put", data: { collection: "goals", id, value: { text } } })
    const pages: unknown[] = []
    for (let path = "/goals?limit=500"; path !== ""; ) {
      const page = await tandem.get(path)
      pages.push((inside(page.json, "items") as unknown[]).map((item) => inside(item, "id")))
      path = /^<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1] ?? ""
    }
    expect(pages).toEqual([["a", "b"], ["c", "d"], ["e"]])
  })

  test("refuse limits that are none, and cursors that are not theirs", async () => {
    const tandem = await withUsers("a", "b")
    await tandem.commit({ op: "collection.define", data: { name: "goals" } })
    for (const limit of ["0", "501", "-1", "1.5", "1e2", "", "x"]) {
      const answer = await tandem.get(`/users?limit=${limit}`)
      expect([limit, answer.status, inside(answer.json, "pointer")]).toEqual([limit, 400, "/limit"])
    }
    expect((await tandem.get("/users?limit=500")).status).toBe(200)
    const cursor = inside((await tandem.get("/users?limit=1")).json, "next")
    expect((await tandem.get(`/users?cursor=${cursor}`)).status).toBe(200)
    expect((await tandem.get(`/users?cursor=${cursor}&at=3`)).status).toBe(200)
    const endless = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 2]), Buffer.from(`users\0${"x".repeat(5_000)}`)]).toString("base64url")
    for (const query of [`users?cursor=${endless}`, `goals?cursor=${cursor}`, "users?cursor=", "users?cursor=AAAA", `users?cursor=${cursor}A`, `users?cursor=${cursor}&at=1`, `users?cursor=${cursor}&atTime=2026-03-01T12:00:00Z`]) {
      expect([query, (await tandem.get(`/${query}`)).status]).toEqual([query, 400])
    }
  })

  test("name every query parameter that is unknown", async () => {
    const tandem = await withUsers("a")
    for (const path of ["/users?colour=1&size=2", "/users/a?colour=1&size=2", "/users/a/history?colour=1&size=2"]) {
      const answer = await tandem.get(path)
      expect(answer.status).toBe(400)
      expect(inside(answer.json, "detail")).toContain("`colour`, `size`")
    }
    expect((await tandem.get("/users/a?at=1&at=1")).status).toBe(400)
    expect((await tandem.get("/users/a?at=1&atTime=2026-03-01T12:00:00Z")).status).toBe(400)
    for (const at of ["at=x", "at=1.0", "at=", "at=99999999999999999999", "atTime=yesterday", "atTime=2026-03-01", "atTime=2026-13-01T00:00:00Z", "atTime=2026-02-30T00:00:00Z", "at=%ff"]) {
      expect([at, (await tandem.get(`/users/a?${at}`)).status]).toEqual([at, 400])
    }
  })

  test("rows that hold secrets are in no read", async () => {
    const tandem = await withUsers("a")
    for (const name of ["keys", "credentials", "identities", "sessions", "tokens", "__proto__", "Users"]) {
      for (const path of [`/${name}`, `/${name}/a`, `/${name}/a/history`]) {
        expect([path, (await tandem.get(path)).status]).toEqual([path, 404])
      }
    }
  })
})
