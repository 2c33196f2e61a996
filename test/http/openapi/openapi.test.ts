// GET /openapi.json: a valid description of exactly what is served, with examples that are true.
import { beforeAll, describe, expect, test } from "bun:test"
import { Validator } from "@seriousme/openapi-schema-validator"
import { openApiDocument } from "../../../src/http/openapi/openapi-document.ts"
import { routes } from "../../../src/http/routes.ts"
import { codesOf } from "../../../src/http/route.ts"
import { codes, statusOf } from "../../../src/http/problem.ts"
import { operations } from "../../../src/operations/registry.ts"
import { scopes } from "../../../src/operations/scope.ts"
import { Random } from "../../sim/random.ts"
import { Described } from "../described.ts"
import { randomLines, randomTransaction } from "../fuzz-requests.ts"
import { type Answer, Harness, inside } from "../harness.ts"
import { expectAnswer } from "../problem-shape.ts"
import { tellStory, told } from "../story.ts"

let tandem: Harness
let answer: Answer
let api: Described

/** Of each route and of what it tells of its own within it. */
const cases = routes.flatMap((route) => [...(route.about.cases ?? []), { ...route.about, path: route.path }].map((one) => ({ ...one, route })))
const written = (path: string) => path.replace(/:(\w+)/g, "{$1}")

beforeAll(async () => {
  tandem = new Harness()
  await tellStory(tandem)
  answer = await tandem.get("/openapi.json", { token: null })
  api = new Described(answer.json)
})

describe("the description", () => {
  test("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(answer.json) as Record<string, unknown>)
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
    expect(inside(answer.json, "openapi")).toBe("3.1.0")
  })

  test("is for everyone, without a token, and the same for all who ask", async () => {
    expectAnswer(answer, 200)
    const again = await tandem.get("/openapi.json", { token: tandem.token("read") })
    expect(again.text === answer.text).toBe(true)
    expect(answer.headers.get("cache-control")).toBe("no-cache")
  })

  test("is not sent again to who has it, and HEAD says its tag", async () => {
    const etag = answer.headers.get("etag") ?? ""
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    const same = await tandem.get("/openapi.json", { token: null, headers: { "if-none-match": etag } })
    expect([same.status, same.text, same.headers.get("etag")]).toEqual([304, "", etag])
    const head = await tandem.send("HEAD", "/openapi.json", { token: null })
    expect([head.status, head.text, head.headers.get("etag")]).toEqual([200, "", etag])
  })

  test("is given to pages of allowed origins, also where this node may not answer reads", async () => {
    const origin = "https://app.example.com"
    const other = new Harness({ corsOrigins: [origin] })
    other.node.notReadable = { refused: true, code: "unavailable", detail: "Not in sync." }
    const given = await other.get("/openapi.json", { token: null, headers: { origin } })
    expect([given.status, given.headers.get("access-control-allow-origin")]).toEqual([200, origin])
  })

  test("names nothing twice, and refers to nothing that is not there", () => {
    const names = cases.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, query, headers } of routes.map(({ about }) => about)) {
      const parameters = [...query, ...headers].map((parameter) => parameter.name)
      expect([name, new Set(parameters).size]).toEqual([name, parameters.length])
    }
    const references = [...answer.text.matchAll(/"\$ref":"(#[^"]*)"/g)].map((match) => match[1] ?? "")
    expect([...new Set(references)].filter((reference) => api.at(reference) === undefined)).toEqual([])
    const unused = Object.keys(api.at("#/components/schemas") as object).filter((name) => !references.includes(`#/components/schemas/${name}`))
    expect(unused).toEqual([])
  })

  test("never leaves open what may be there, but where that is any JSON", () => {
    expect(api.openSchemas()).toEqual([])
  })
})

describe("every route", () => {
  test("is described, with its method, and nothing else is", () => {
    const described = Object.entries(api.at("#/paths") as object).flatMap(([path, methods]) => Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`))
    expect(described.sort()).toEqual(cases.map(({ route, path }) => `${route.method} ${written(path)}`).sort())
  })

  test.each(cases)("$name has the parameters of its path, and those of the query that it takes", async ({ route, path, example }) => {
    const segments = path.split("/").filter((segment) => segment.startsWith(":")).map((segment) => segment.slice(1))
    expect(api.parameters(route.method, written(path), "path")).toEqual(segments)
    const [bare = ""] = example.path.split("?")
    const refused = await tandem.send(route.method, `${bare}?colour=red`)
    const known = /Known here: (.*)\.$/.exec(String(inside(refused.json, "detail")))?.[1] ?? ""
    const described = api.parameters(route.method, written(path), "query")
    expect([refused.status, described.filter((name) => name !== "filters")]).toEqual([400, [...known.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "")])
    // Their names are those of fields, so that no refusal can list them; what can be put in order can be filtered.
    expect(described.includes("filters")).toBe(described.includes("sort"))
  })

  test.each(cases)("$name says who may, and which codes each status may have", ({ route, path }) => {
    const described = api.operation(route.method, written(path))
    const { scope, also } = route
    const ways = scope === "public" ? [] : also === "everyone" ? [{ key: [] }, { session: [] }, {}] : also === "sessions" ? [{ key: [] }, { session: [] }] : [{ key: [] }]
    expect([inside(described, "x-tandem-scope"), inside(described, "security")]).toEqual([scope, ways])
    for (const code of codesOf(route)) {
      const schema = inside(described, "responses", statusOf(code), "content", "application/problem+json", "schema")
      expect([code, inside(schema, "properties", "code", "enum")]).toEqual([code, expect.arrayContaining([code])])
    }
  })
})

test("a path with a segment that nobody has described has no description, and is told so", () => {
  const [first] = routes
  if (first === undefined) throw new Error("there is no route")
  expect(() => openApiDocument([{ ...first, path: "/goals/:colour" }], operations)).toThrow("the parameter :colour of the path /goals/:colour is described nowhere; path-parameters.ts is the place")
})

test("the codes of problems are those of the one table", () => {
  expect(api.at("#/components/schemas/Problem/properties/code/enum")).toEqual(codes)
})

describe("every operation", () => {
  test("is one of the union by `op`, and nothing else is", () => {
    const mapping = api.at("#/components/schemas/Operation/discriminator/mapping") as { readonly [name: string]: string }
    expect(Object.keys(mapping)).toEqual(operations.map(({ name }) => name))
    expect(Object.values(mapping)).toEqual((api.at("#/components/schemas/Operation/oneOf") as { readonly $ref: string }[]).map(({ $ref }) => $ref))
    for (const [name, reference] of Object.entries(mapping)) expect(inside(api.at(reference), "properties", "op", "const")).toBe(name)
  })

  test.each([...operations])("$name says which scope it needs, and what it answers", ({ name, scope }) => {
    const described = api.described(name)
    expect(scopes).toContain(scope)
    expect([inside(described, "x-tandem-scope"), typeof inside(described, "description")]).toEqual([scope, "string"])
    expect(api.at(String(inside(described, "x-tandem-result", "$ref")))).toBeDefined()
  })
})

test("what is said to be for users is refused to no session outright, and everything else is", async () => {
  for (const { name, example } of operations) {
    const fresh = new Harness()
    const { real, session } = await tellStory(fresh)
    const { text } = await fresh.send("POST", "/do", { body: real(JSON.stringify({ op: name, data: example.data })), token: session })
    expect([name, !text.includes("is for API keys only, not for sessions")]).toEqual([name, inside(api.described(name), "x-tandem-for-users") === true])
  }
})

describe("an example", () => {
  test.each(cases)("of $name is sent, answered as it says, and fits its schemas", async ({ route, path, example, ...about }) => {
    const fresh = new Harness()
    const { real } = await tellStory(fresh)
    const type = route.about.body?.type
    const sent = example.body === undefined ? {} : { body: real(typeof example.body === "string" ? example.body : JSON.stringify(example.body)) }
    const got = await fresh.send(route.method, example.path, { ...sent, headers: type === undefined ? {} : { "content-type": type } })
    expectAnswer(got, 200)
    if (about.name !== "getOpenApi") expect(told(got.json ?? got.text)).toEqual(told(example.answer))

    const here = api.pointer(route.method, written(path))
    for (const [n, parameter] of (inside(api.at(here), "parameters") as readonly object[]).entries()) {
      if ("example" in parameter) expect([parameter, api.issues(`${here}/parameters/${n}/schema`, parameter.example)]).toEqual([parameter, []])
    }
    const [, given = ""] = example.path.split("?")
    const shown = (inside(api.at(here), "parameters") as readonly { readonly in: string; readonly name: string; readonly example?: unknown }[]).filter((parameter) => parameter.in === "query" && parameter.example !== undefined)
    const flat = shown.flatMap(({ name, example: value }) => (name === "filters" ? Object.entries(value as object) : [[name, value]]))
    expect(flat.map(([name, value]) => `${name}=${value}`).sort()).toEqual([...new URLSearchParams(given)].map(([name, value]) => `${name}=${value}`).sort())
    for (const line of linesOf(example.body)) expect(api.issues(`${here}/requestBody/content/${slashed(type ?? "")}/schema`, line)).toEqual([])
    const answered = `${here}/responses/200/content/${slashed(route.about.answerType ?? "application/json")}/schema`
    for (const json of [...linesOf(example.answer), ...linesOf(got.json ?? got.text)]) expect(api.issues(answered, json)).toEqual([])
  })

  test.each([...operations])("of $name is done, results in what it says, and fits its schemas", async ({ name, example }) => {
    const fresh = new Harness()
    const { real } = await tellStory(fresh)
    const body = { op: name, data: example.data }
    const done = await fresh.send("POST", "/do", { body: real(JSON.stringify(body)) })
    expectAnswer(done, 200)
    expect(told(inside(done.json, "results", 0))).toEqual(told(example.result))

    const described = api.described(name)
    for (const data of inside(described, "examples") as readonly unknown[]) expect(data).toEqual(body)
    const results = String(inside(described, "x-tandem-result", "$ref"))
    expect([api.issues("#/components/schemas/Transaction", body), api.issues(results, example.result), api.issues(results, inside(done.json, "results", 0))]).toEqual([[], [], []])
  })
})

test("the examples of problems are what a request that is refused gets, and fit their schema", async () => {
  const fresh = new Harness()
  await tellStory(fresh)
  const refused = [{ email: "ADA@example.com" }, { email: "ada", colour: "red" }].map(async (data) => (await fresh.send("POST", "/do", { body: { op: "user.create", data } })).json)
  const examples = api.at("#/components/schemas/Problem/examples") as readonly unknown[]
  expect(await Promise.all(refused)).toEqual([...examples])
  expect(examples.map((example) => api.issues("#/components/schemas/Problem", example))).toEqual([[], []])
})

/** Lines of a stream, or the one value that there is. */
function linesOf(content: unknown): readonly unknown[] {
  if (content === undefined) return []
  return typeof content === "string" ? content.split("\n").filter((line) => line !== "").map((line): unknown => JSON.parse(line)) : [content]
}

function slashed(type: string): string {
  return type.replace("/", "~1")
}

describe("a request that is", () => {
  test("taken fits the description, whatever it is: it says nothing that is not so", async () => {
    let taken = 0
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed)
      const fresh = new Harness({ bodyBytesMax: 1024 * 1024 })
      await fresh.commit(
        ...["goals", "notes"].map((name) => ({ op: "collection.define", data: { name } })),
        ...["a", "b"].map((id) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })),
        ...["a", "b", "c"].map((id) => ({ op: "document.create", data: { collection: "goals", id, value: {} } })),
      )
      for (let n = 0; n < 60; n++) {
        const body = randomTransaction(random)
        const { status } = await fresh.send("POST", "/do", { body })
        if (status !== 200) continue
        taken++
        expect([body, api.issues("#/components/schemas/Transaction", JSON.parse(body.replace(/^\ufeff/, "")))]).toEqual([body, []])
      }
      const lines = randomLines(random).split(/\r?\n/).filter((line) => line !== "")
      for (const line of lines) {
        const { text } = await fresh.send("POST", "/do/stream?keepTimes=true", { body: `${line}\n`, headers: { "content-type": "application/x-ndjson" } })
        if (!text.includes('"problem"')) expect([line, api.issues("#/components/schemas/Line", JSON.parse(line))]).toEqual([line, []])
      }
    }
    expect(taken).toBeGreaterThan(100)
  })

  test("taken with references fits it, too", async () => {
    const operations = [
      { op: "user.create", data: { email: "cyd@example.com", name: "cyd" }, as: "u" },
      { op: "user.update", data: { id: { $ref: "u.id" }, verified: { $ref: "u.verified" }, data: { nested: [{ $ref: "u" }] } } },
      { op: "key.create", data: { name: { $ref: "u.name" }, scopes: ["read"] }, as: "k" },
      { op: "key.create", data: { name: "again", scopes: { $ref: "k.scopes" } } },
      { op: "collection.define", data: { name: { $ref: "u.name" }, fields: { owner: { type: "reference", to: "users", index: { $ref: "u.verified" } } }, access: { read: "owner:owner" } } },
      { op: "user.update", data: { $ref: "u.data" } },
    ]
    const body = { operations: operations.slice(0, 5) }
    expectAnswer(await tandem.send("POST", "/do", { body }), 200)
    expect([api.issues("#/components/schemas/Transaction", body), api.issues("#/components/schemas/Transaction", { operations })]).toEqual([[], []])
  })

  const good = { op: "user.create", data: { email: "bob@example.com" } }
  const wrong: readonly (readonly [name: string, body: unknown])[] = [
    ["without operations", {}],
    ["with none", { operations: [] }],
    ["with an unknown field", { operations: [good], dryrun: true }],
    ["a bare operation beside a list", { ...good, operations: [good] }],
    ["a line's key outside of a stream", { ...good, key: "k" }],
    ["an unknown operation", { op: "user.rename", data: {} }],
    ["an operation's unknown field", { operations: [{ ...good, iff: {} }] }],
    ["data with an unknown field", { op: "user.create", data: { email: "bob@example.com", colour: "red" } }],
    ["data without what it needs", { op: "user.create", data: {} }],
    ["an id with a control character", { op: "user.delete", data: { id: "a\u0001" } }],
    ["a secret that is a reference", { op: "credential.setPassword", data: { userId: "ada", password: { $ref: "u.id" } } }],
    ["two conditions", { ...good, if: { version: 1, absent: true } }],
    ["a name that is none", { ...good, as: "a.b" }],
    ["a version as text", { ...good, ifVersion: "2" }],
  ]
  test.each(wrong)("refused is refused by the description as well: %s", async (_name, body) => {
    const { status } = await tandem.send("POST", "/do", { body })
    expect(status === 400 || status === 422).toBe(true)
    expect(api.issues("#/components/schemas/Transaction", body)).not.toEqual([])
  })
})
