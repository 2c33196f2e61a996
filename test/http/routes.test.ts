// Every route, asked rightly and wrongly by everyone: the declared status, an answer of the declared form, nothing left
// behind. A route that is not in the table below fails, and so does an entry without a route.
import { beforeAll, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { routes } from "../../src/http/routes.ts"
import type { Route } from "../../src/http/route.ts"
import { Harness, inside, rootToken, type SendOptions } from "./harness.ts"
import { expectAnswer, expectProblem } from "./problem-shape.ts"

interface Ask {
  readonly path: string
  readonly body?: unknown
  readonly type?: string
}

interface Expected {
  readonly right: Ask
  /** Asked rightly, by anyone who may. */
  readonly status?: number
  /** What cannot be understood; undefined where nothing of the request is looked at. */
  readonly malformed?: Ask
  readonly oversized?: Ask
  /** 413 for a body, 400 for what stands in a URL. */
  readonly oversizedStatus?: number
  /** Answers 200 and says in its lines what was wrong. */
  readonly inLines?: boolean
  readonly writes?: boolean
  /** What it is asked decides whether it is for everyone, so that is looked at first. */
  readonly readsFirst?: boolean
}

const ndjson = "application/x-ndjson"
const user = (id: string) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })
const credentials = { email: "ada@example.com", password: "right horse" }
const endless = "x".repeat(bounds.idLengthMax + 1)
const large = { op: "user.create", data: { email: "x@example.com", data: { filler: "x".repeat(bounds.bodyBytesMax) } } }

const expected: { readonly [route: string]: Expected } = {
  "GET /openapi.json": { right: { path: "/openapi.json" } },
  "GET /livez": { right: { path: "/livez" } },
  "GET /readyz": { right: { path: "/readyz?for=write" }, malformed: { path: "/readyz?for=lunch" } },
  "GET /status": { right: { path: "/status" } },
  "GET /status/verify": { right: { path: "/status/verify" } },
  "POST /do": { right: { path: "/do", body: user("bob") }, malformed: { path: "/do", body: "{" }, oversized: { path: "/do", body: large }, writes: true, readsFirst: true },
  "POST /do/stream": {
    right: { path: "/do/stream", body: `${JSON.stringify(user("cyd"))}\n`, type: ndjson },
    malformed: { path: "/do/stream", body: "{\n", type: ndjson },
    oversized: { path: "/do/stream", body: `"${"x".repeat(bounds.streamLineBytesMax)}"\n`, type: ndjson },
    inLines: true,
    writes: true,
  },
  "GET /do/:key": { right: { path: "/do/no-such-key" }, status: 404, malformed: { path: "/do/%20" }, oversized: { path: `/do/${endless}` }, oversizedStatus: 400 },
  "POST /verify": { right: { path: "/verify", body: credentials }, malformed: { path: "/verify", body: { email: 5 } }, oversized: { path: "/verify", body: { ...credentials, filler: "x".repeat(bounds.bodyBytesMax) } } },
  "POST /node/promote": { right: { path: "/node/promote", body: { reason: "why" } }, malformed: { path: "/node/promote", body: { solo: 1 } }, oversized: { path: "/node/promote", body: { reason: "x".repeat(bounds.bodyBytesMax) } } },
  "POST /node/solo": { right: { path: "/node/solo", body: { on: true } }, malformed: { path: "/node/solo", body: {} }, oversized: { path: "/node/solo", body: { on: true, reason: "x".repeat(bounds.bodyBytesMax) } } },
  "POST /node/handover": { right: { path: "/node/handover", body: {} }, malformed: { path: "/node/handover", body: { to: "b" } }, oversized: { path: "/node/handover", body: { reason: "x".repeat(bounds.bodyBytesMax) } } },
  "GET /node/backup": { right: { path: "/node/backup" }, malformed: { path: "/node/backup?to=here" } },
  "GET /log": { right: { path: "/log?from=1&limit=1" }, malformed: { path: "/log?from=x" }, oversized: { path: "/log?limit=501" }, oversizedStatus: 400 },
  "GET /log/:version": { right: { path: "/log/1" }, malformed: { path: "/log/x" }, oversized: { path: "/log/281474976710656" }, oversizedStatus: 400 },
  "GET /changes": { right: { path: "/changes?since=1" }, malformed: { path: "/changes?since=x" }, oversized: { path: "/changes?limit=501" }, oversizedStatus: 400 },
  "GET /users": { right: { path: "/users?limit=1" }, malformed: { path: "/users?cursor=x" }, oversized: { path: "/users?limit=501" }, oversizedStatus: 400 },
  "GET /users/:id/sessions": { right: { path: "/users/ada/sessions?at=1" }, malformed: { path: "/users/%00/sessions" }, oversized: { path: `/users/${endless}/sessions` }, oversizedStatus: 400 },
  "GET /:collection": { right: { path: "/goals?at=2" }, malformed: { path: "/goals?at=x" }, oversized: { path: "/goals?limit=501" }, oversizedStatus: 400 },
  "GET /:collection/:id": { right: { path: "/goals/g1" }, malformed: { path: "/goals/%ff" }, oversized: { path: `/goals/${endless}` }, oversizedStatus: 400 },
  "GET /:collection/:id/history": { right: { path: "/goals/g1/history" }, malformed: { path: "/goals/%00/history" }, oversized: { path: `/goals/${endless}/history` }, oversizedStatus: 400 },
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`
const scopes = ["read", "write", "log", "admin"] as const

let tandem: Harness

beforeAll(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit(user("ada"))
  await tandem.commit({ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g1", value: {} } })
})

test("every route has its expectations, and each of them a route", () => {
  expect(Object.keys(expected).sort()).toEqual(routes.map(nameOf).sort())
})

/** Who asks: a name for each header, and the status that alone decides; undefined for those who may. */
function askers({ scope }: Route): readonly { readonly who: string; readonly options: SendOptions; readonly status: number | undefined }[] {
  const open = scope === "public"
  const lacking = scopes.filter((other) => scope !== "any" && other !== scope && other !== "admin")
  const enough = open || scope === "any" ? "read" : scope
  return [
    { who: "nobody", options: { token: null }, status: open ? undefined : 401 },
    { who: "a malformed header", options: { token: null, headers: { authorization: "Basic dHJfcm9vdA==" } }, status: open ? undefined : 401 },
    { who: "an unknown token", options: { token: `tk_${"x".repeat(43)}` }, status: open ? undefined : 401 },
    ...lacking.map((other) => ({ who: `a key for ${other} only`, options: { token: tandem.token(other) }, status: open ? undefined : 403 })),
    { who: `a key for ${enough}`, options: { token: tandem.token(enough) }, status: undefined },
    { who: "root", options: { token: rootToken }, status: undefined },
  ]
}

async function ask(method: string, { path, body, type }: Ask, options: SendOptions) {
  const headers = { ...options.headers, ...(type === undefined ? {} : { "content-type": type }) }
  return tandem.send(method, path, { ...options, headers, ...(body === undefined ? {} : { body }) })
}

/** Sends it and expects `status`, or the asker's own; that nothing was changed unless it may have been. */
async function expectAsked(route: Route, asked: Ask, { who, options, status: refused }: ReturnType<typeof askers>[number], status: number, changes = false): Promise<string> {
  const before = tandem.node.reader.disk()
  const answer = await ask(route.method, asked, options)
  try {
    expectAnswer(answer, refused ?? status)
    expect(tandem.node.reader.disk() !== before).toBe(changes && refused === undefined)
    expect([tandem.reported, tandem.rethrown]).toEqual([[], []])
  } catch (error) {
    throw new Error(`${nameOf(route)} at ${asked.path.slice(0, 80)}, asked by ${who}`, { cause: error })
  }
  return refused === undefined ? answer.text : ""
}

for (const route of routes) {
  const name = nameOf(route)
  const { right, status = 200, malformed, oversized, oversizedStatus = 413, inLines = false, writes = false, readsFirst = false } = expected[name] ?? { right: { path: "/" } }

  /** Whoever asks for what cannot be answered anybody. */
  const unclear = () => askers(route).map((asker) => (readsFirst && asker.who === "nobody" ? { ...asker, status: undefined } : asker))

  describe(name, () => {
    test("asked rightly answers those who may, and nobody else", async () => {
      for (const [n, asker] of askers(route).entries()) {
        const own = writes ? { ...right, body: JSON.stringify(user(`${route.path.length}-${n}`)) } : right
        await expectAsked(route, own, asker, status, writes)
      }
    })

    test("with what cannot be understood is refused", async () => {
      if (malformed === undefined) return
      for (const asker of unclear()) {
        const text = await expectAsked(route, malformed, asker, inLines ? 200 : 400)
        if (inLines && text !== "") expectProblem(inside(JSON.parse(text), "problem"), 400)
      }
    })

    test("with more than may be is refused", async () => {
      if (oversized === undefined) return
      for (const asker of unclear()) {
        const text = await expectAsked(route, oversized, asker, inLines ? 200 : oversizedStatus)
        if (inLines && text !== "") expectProblem(inside(JSON.parse(text), "problem"), 413)
      }
    })

    test("with another content type is refused where there is a body", async () => {
      for (const asker of unclear()) await expectAsked(route, { ...right, type: "text/plain" }, asker, route.method === "POST" ? 415 : status)
    })

    test("with a query parameter that is unknown, or there twice, is refused", async () => {
      const sign = right.path.includes("?") ? "&" : "?"
      for (const asker of unclear()) await expectAsked(route, { ...right, path: `${right.path}${sign}colour=red` }, asker, 400)
      const [, query] = right.path.split("?")
      if (query !== undefined) for (const asker of unclear()) await expectAsked(route, { ...right, path: `${right.path}&${query}` }, asker, 400)
    })

    test("with another method is refused, whoever asks", async () => {
      const { body: _, ...bare } = right
      for (const method of ["PUT", "PATCH", "DELETE", route.method === "GET" ? "POST" : "GET"]) {
        const other = { ...route, method: method as Route["method"] }
        // GET /do may be a collection's name and /do/stream a key, until it is known who asks.
        const shadow = method === "GET" ? { ...other, scope: route.path === "/do/stream" ? ("any" as const) : ("read" as const) } : { ...other, scope: "public" as const }
        for (const asker of askers(shadow)) await expectAsked(other, bare, asker, shadow.scope === "any" ? 404 : 405)
      }
    })

    test("may be asked about with OPTIONS, by anyone, and with HEAD where it is read", async () => {
      const options = await tandem.send("OPTIONS", right.path, { token: null })
      expectAnswer(options, 204)
      expect(options.headers.get("allow")).toBe(route.method === "GET" ? "GET, HEAD, OPTIONS" : options.headers.get("allow"))
      expect(options.headers.get("allow")).toContain(route.method)
      if (route.method !== "GET") return
      const [got, head] = [await tandem.get(right.path), await tandem.send("HEAD", right.path)]
      expect([head.status, head.text]).toEqual([got.status, ""])
      for (const header of ["etag", "content-type", "tandem-version", "cache-control", "link"]) expect([header, head.headers.get(header)]).toEqual([header, got.headers.get(header)])
    })
  })
}
