// Every read with every kind of bad parameter, cursor, header and path: a clear 400, whoever asks, and no trace. Made from what the
// routes declare, so that a new parameter is asked wrongly too.
import { beforeAll, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { routes } from "../../src/http/routes.ts"
import type { Route } from "../../src/http/route.ts"
import { type Answer, Harness, inside, rootToken } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"
import { tellStory } from "./story.ts"

let tandem: Harness
let disk: string
let session: string

const fields = {
  owner: { type: "reference", to: "users" },
  text: { type: "string", index: true, unique: true },
  whole: { type: "integer", index: true },
  number: { type: "number", index: true },
  flag: { type: "boolean", index: true },
  time: { type: "time", index: true },
  plain: { type: "string" },
  any: { type: "json" },
  createdAt: { type: "time", index: true },
}
const things = ["a", "b", "c", "d"]

beforeAll(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  session = (await tellStory(tandem)).session
  await tandem.commit({ op: "collection.define", data: { name: "things", fields, access: { read: "user" } } }, { op: "collection.define", data: { name: "users", fields } })
  await tandem.commit(...things.map((id, n) => ({ op: "document.create", data: { collection: "things", id, value: { owner: "ada", text: id, whole: n, number: n / 2, flag: n % 2 === 0, time: "2026-01-31T12:00:00Z" } } })))
  disk = tandem.node.reader.disk()
})

async function get(path: string, token: string | null = rootToken, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await tandem.get(path, { token, headers })
  expect([path.slice(0, 200), tandem.node.reader.disk() === disk, tandem.reported, tandem.rethrown]).toEqual([path.slice(0, 200), true, [], []])
  return answer
}

async function expectMalformed(path: string, pointer?: string, token?: string): Promise<void> {
  const answer = await get(path, token)
  expect([path.slice(0, 200), answer.status, inside(answer.json, "code")]).toEqual([path.slice(0, 200), 400, "malformed"])
  expectAnswer(answer, 400)
  expect(answer.text.length).toBeLessThan(2_000)
  if (pointer !== undefined) expect([path.slice(0, 200), inside(answer.json, "pointer")]).toEqual([path.slice(0, 200), pointer])
}

const long = "x".repeat(100_000)
/** What no parameter of the name may be. */
const version = ["", "-1", "1.5", "x", "0x1", "1e3", "+1", "٣", "%00", "9007199254740993", "281474976710656", "1".repeat(100_000), "null", "__proto__"]
const wrong: { readonly [name: string]: readonly string[] } = {
  at: version,
  limit: ["", "0", "501", "-1", "1.5", "x", "9007199254740993"],
  cursor: ["", "x", "%00", "%2e", "AAAA", "A".repeat(100_000), "../..", "__proto__", "=", "AAAA%3D"],
  atTime: ["", "x", "2026", "2026-02-30T12:00:00Z", "2026-01-31", "2026-01-31T12:00:00", "1769860800000", "2026-01-31T12:00:00Z%00", long],
  sort: ["", "-", "--whole", "+whole", "whole,text", "whole desc", "__proto__", "constructor", "toString", "%00", "plain", "any", "nothing", "value.whole", "whole.gt", long],
  fields: ["", ",", "whole,", ",whole", "whole,whole", "__proto__", "constructor", "toString", "nothing", "whole.a", long],
  count: ["", "1", "yes", "TRUE", "null"],
  since: ["", "-1", "x", "1.5", "%00", "9007199254740993"],
  wait: ["", "5", "-1s", "61s", "1d", "1e1s", "5 s", "x", `${"9".repeat(1_000)}s`],
  collections: ["", ",", "goals,", "Goals", "sessions", "keys", "credentials", "a/b", "%00", "__proto__", Array.from({ length: bounds.feedCollectionsMax + 1 }, (_, n) => `c${n}`).join(","), long],
  from: ["", "0", "-1", "x", "9007199254740993"],
  for: ["", "lunch", "READ", "__proto__"],
  email: ["", "%00", long],
  issuer: ["", "%00", long],
  subject: ["", "%00", long],
}

/** A request of each reading route that would be answered. */
const right: { readonly [path: string]: string } = {
  "/openapi.json": "/openapi.json",
  "/livez": "/livez",
  "/readyz": "/readyz",
  "/status": "/status",
  "/status/verify": "/status/verify",
  "/do/:key": "/do/sign-up-1",
  "/node/backup": "/node/backup",
  "/log": "/log",
  "/log/:version": "/log/1",
  "/changes": "/changes",
  "/users": "/users",
  "/users/:id/sessions": "/users/ada/sessions",
  "/:collection": "/things",
  "/:collection/:id": "/things/a",
  "/:collection/:id/history": "/things/a/history",
}

const reads = routes.filter(({ method }) => method === "GET")

test("every reading route is asked here, and answers what is asked rightly", async () => {
  expect(Object.keys(right).sort()).toEqual(reads.map(({ path }) => path).sort())
  for (const path of Object.values(right)) expect([path, (await get(path)).status]).toEqual([path, 200])
})

describe.each(reads.map((route) => [`GET ${route.path}`, route] as const))("%s", (_name, { path, about }: Route) => {
  const asked = right[path] ?? "/"
  /** Health looks at its own parameter only where it has one. */
  const looksAtQuery = path !== "/livez"

  test("with a parameter that is none, is there twice or has a broken escape is 400, and says which", async () => {
    if (!looksAtQuery) return
    const isList = path === "/:collection" || path === "/users"
    for (const name of ["colour", "__proto__", "constructor", "toString", "hasOwnProperty", "limit[]", "%F0%9F%98%80", "$ref", "at.gte", long]) {
      await expectMalformed(`${asked}?${name}=1`, `/${decodeURIComponent(name).slice(0, bounds.quotedLengthMax)}`)
    }
    for (const query of ["%", "%zz", "a=%ff", "a=%c3%28", "a=%ed%a0%80"]) await expectMalformed(`${asked}?${query}`)
    for (const { name } of about.query) if (!isList || name !== "email") await expectMalformed(`${asked}?${name}=1&${name}=1`, `/${name}`)
  })

  test("with a parameter that cannot be is 400, and says which", async () => {
    for (const { name } of about.query) {
      expect([name, wrong[name] !== undefined]).toEqual([name, true])
      const beside = name === "issuer" ? "&subject=1" : name === "subject" ? "&issuer=i" : ""
      for (const text of wrong[name] ?? []) await expectMalformed(`${asked}?${name}=${text}${beside}`, `/${name}`)
    }
  })
})

test("GET /livez is answered whatever stands in its query, or says what is wrong", async () => {
  for (const query of ["colour=1", "%ff", long]) expect((await get(`/livez?${query}`)).status).toBeOneOf([200, 400])
})

describe("a filter", () => {
  const values: { readonly [field: string]: readonly string[] } = {
    text: ["%00", "x".repeat(bounds.indexedTextBytesMax + 1)],
    owner: ["%00", "x".repeat(bounds.idLengthMax + 1)],
    whole: ["", "x", "1.5", "01", "+1", "1e3", "9007199254740993", "-", "NaN", "Infinity", "null", "[1]"],
    number: ["", "x", "NaN", "Infinity", ".5", "1.", "0x1", "1e999", "9007199254740993", "1,5"],
    flag: ["", "1", "TRUE", "null"],
    time: ["", "x", "2026-02-30T12:00:00Z", "2026-01-31", "1769860800000"],
    createdAt: ["", "x", "yesterday"],
  }

  test("whose value is of another type is 400, and never quotes it", async () => {
    for (const [field, texts] of Object.entries(values)) {
      for (const text of texts) for (const operator of ["", ".gt", ".gte", ".lt", ".lte"]) await expectMalformed(`/things?${field}${operator}=${text}`, `/${field}${operator}`)
    }
    expect((await get("/things?whole=sekrit-value")).text).not.toContain("sekrit")
  })

  test("with another operator, on what has no index or on what is no field is 400", async () => {
    for (const name of ["whole.ne", "whole.", ".gt", "whole.gt.gt", "whole.GT", "whole[gt]", "whole.constructor", "value.whole", "id", "version", "updatedAt", "nothing.gt"]) await expectMalformed(`/things?${name}=1`)
    for (const name of ["plain", "any"]) {
      await expectMalformed(`/things?${name}=1`, `/${name}`)
      expect(inside((await get(`/things?${name}.gt=1`)).json, "hint")).toMatch(/\S/)
    }
  })

  test("is refused alike to a session", async () => {
    for (const query of ["whole=x", "plain=1", "sort=plain", "fields=nothing", "colour=1", "limit=0", "cursor=x", "at=x"]) await expectMalformed(`/things?${query}`, undefined, session)
  })
})

describe("a cursor", () => {
  const firstPage = async (path: string): Promise<string> => String(inside((await get(path)).json, "next"))

  test("that is cut, altered anywhere, longer, or written otherwise is 400 or the same listing, never another", async () => {
    for (const path of ["/things?limit=2", "/things?limit=2&sort=-whole", "/things?limit=2&whole.gte=0&sort=text"]) {
      const cursor = await firstPage(path)
      for (let n = 0; n < cursor.length; n++) await expectMalformed(`${path}&cursor=${cursor.slice(0, n)}`, "/cursor")
      for (const text of [`${cursor}A`, `${cursor}=`, `${cursor}%00`, ` ${cursor}`, cursor.repeat(2)]) {
        const { status } = await get(`${path}&cursor=${text}`)
        expect([text, status]).toBeOneOf([[text, 400], ...(text === `${cursor}A` ? [[text, 200]] : [])])
      }
      for (let n = 0; n < cursor.length; n++) {
        const altered = `${cursor.slice(0, n)}${cursor[n] === "A" ? "B" : "A"}${cursor.slice(n + 1)}`
        const answer = await get(`${path}&cursor=${altered}`)
        expect([altered, answer.status]).toBeOneOf([[altered, 400], [altered, 404], [altered, 410], [altered, 200]])
        expectAnswer(answer, answer.status)
        for (const item of (inside(answer.json, "items") ?? []) as object[]) expect(things).toContain(String(inside(item, "id")))
      }
    }
  })

  test("of another collection, order, filter, history or version is 400", async () => {
    const cursors = await Promise.all(["/things?limit=2", "/things?limit=2&sort=whole", "/things?limit=2&sort=-whole", "/things?limit=2&whole.gte=0", "/users?limit=1&sort=email"].map(firstPage))
    const [plain, upwards, downwards, filtered] = cursors as [string, string, string, string]
    for (const cursor of cursors.filter((one) => one !== "null")) {
      for (const path of ["/goals", "/users", "/collections", "/things/a/history", "/users/ada/history", "/users/ada/sessions"]) {
        const answer = await get(`${path}?cursor=${cursor}`)
        expect([path, answer.status]).toEqual([path, 400])
      }
    }
    for (const [cursor, query] of [[plain, "&sort=whole"], [upwards, ""], [upwards, "&sort=-whole"], [downwards, "&sort=whole"], [filtered, ""], [filtered, "&whole.gte=1"], [filtered, "&whole.lte=3"], [plain, "&flag=true"]] as const) {
      await expectMalformed(`/things?limit=2&cursor=${cursor}${query}`, "/cursor")
    }
    await expectMalformed(`/things?cursor=${plain}&at=1`, "/at")
    await expectMalformed(`/things?cursor=${plain}&atTime=2026-03-01T12:00:00Z`, "/atTime")
  })

  test("of a key is no cursor of a session, and the other way round", async () => {
    await expectMalformed(`/things?limit=2&cursor=${"A".repeat(60)}`, "/cursor", session)
  })
})

describe("a header", () => {
  test("that is no version is 400, and is not echoed", async () => {
    for (const value of ["x", "-1", "1.5", "9007199254740993", "1, 2", "1".repeat(4_000)]) {
      for (const path of ["/things", "/things/a", "/users/ada/sessions", "/changes"]) {
        const answer = await get(path, rootToken, { "tandem-min-version": value })
        expect([path, value.slice(0, 20), answer.status]).toEqual([path, value.slice(0, 20), 400])
        expectAnswer(answer, 400)
      }
      const stream = await get("/changes", rootToken, { accept: "text/event-stream", "last-event-id": value })
      expect([value.slice(0, 20), stream.status]).toEqual([value.slice(0, 20), 400])
    }
    expect((await get("/changes", rootToken, { accept: "text/event-stream", "last-event-id": "999" })).status).toBe(400)
  })

  test("with a page's parameters of a stream of events is 400", async () => {
    for (const query of ["limit=1", "wait=1s"]) expect((await get(`/changes?${query}`, rootToken, { accept: "text/event-stream" })).status).toBe(400)
  })

  test("with an address that nobody signed is not believed, and does no harm", async () => {
    for (const address of ["127.0.0.1", "x y", `${long.slice(0, 8_000)}`, "::1 AAAA", ","]) {
      const answer = await tandem.send("POST", "/do", { body: { op: "user.delete", data: { id: "nobody" } }, headers: { "tandem-forwarded-for": address, "x-forwarded-for": address } })
      expectAnswer(answer, 404)
    }
  })
})

test("a token that cannot be one is 401, and is not echoed: cut, altered, with more behind it, of another kind, very long", async () => {
  const tokens = [session.slice(0, -1), `${session}x`, session.toUpperCase(), `ts_${"A".repeat(43)}`, `tk_${session.slice(3)}`, `to_${session.slice(3)}`, `tr_${session.slice(3)}`, `ts_${"x".repeat(400)}`, "ts_", "null", "undefined", "__proto__", "%00"]
  for (const token of tokens) {
    for (const path of ["/things", "/users/ada", "/log", "/changes", "/do/k"]) {
      const answer = await get(path, token)
      expect([path, token, answer.status]).toEqual([path, token, 401])
      expectAnswer(answer, 401)
      if (token.length > 20) expect(answer.text + JSON.stringify([...answer.headers])).not.toContain(token)
    }
  }
})

test("who shows no token is told the same for what is there, what is not and what cannot be", async () => {
  for (const path of ["/things", "/things/a", "/nothing", "/nothing/at/history", "/users/ada", "/things?limit=0", "/things?plain=1"]) {
    const answer = await get(path, null)
    expect([path, answer.status]).toEqual([path, 401])
  }
})
