// Every operation with every kind of bad data, by POST /do and as a line of POST /do/stream: a clear 4xx, and no trace. Made from the
// schemas, so that what a new operation takes is spoiled too.
import { beforeEach, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { credentialsShape } from "../../src/http/verify.ts"
import { operations } from "../../src/operations/registry.ts"
import { type Answer, Harness, inside } from "./harness.ts"
import { expectAnswer, expectProblem } from "./problem-shape.ts"
import { placesIn, type Spoiled, spoiledData, withAt } from "./spoiled-data.ts"
import { type Story, tellStory } from "./story.ts"

let tandem: Harness
let story: Story
let disk: string

beforeEach(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  story = await tellStory(tandem)
  disk = tandem.node.reader.disk()
})

const exampleOf = ({ example }: (typeof operations)[number]): unknown => JSON.parse(story.real(JSON.stringify(example.data)))

/** A body of /do, or of one line. */
async function send(body: string): Promise<Answer> {
  const answer = await tandem.send("POST", "/do", { body })
  expect([body.slice(0, 1_000), tandem.node.reader.disk() === disk]).toEqual([body.slice(0, 1_000), true])
  expect([tandem.reported, tandem.rethrown]).toEqual([[], []])
  return answer
}

/** The problem of each line. */
async function problemsOf(lines: readonly string[]): Promise<unknown[]> {
  const answer = await tandem.send("POST", "/do/stream?onError=continue", { body: lines.map((line) => `${line}\n`).join(""), headers: { "content-type": "application/x-ndjson" } })
  expectAnswer(answer, 200)
  expect(tandem.node.reader.disk() === disk).toBe(true)
  return answer.text.trimEnd().split("\n").map((line): unknown => inside(JSON.parse(line), "problem"))
}

function expectInvalid(problem: unknown, { what, pointer }: Spoiled): void {
  const pointers = (inside(problem, "issues") as object[] | undefined)?.map((issue) => String(inside(issue, "pointer"))) ?? []
  expect([what, inside(problem, "code"), pointers.some((one) => one.startsWith(pointer))]).toEqual([what, "invalid", true])
  expectProblem(problem, 422)
  for (const issue of inside(problem, "issues") as object[]) expect(String(inside(issue, "message"))).toMatch(/^[a-z]/)
  for (const issue of inside(problem, "issues") as object[]) expect(String(inside(issue, "message"))).not.toMatch(/Object|Array|undefined|null|[<>]=/)
  expect(String(inside(problem, "detail")).length).toBeLessThan(4_000)
}

/** Texts that no JSON of ours holds, wherever they stand. */
const poisons: readonly (readonly [what: string, json: string])[] = [
  ["NUL", '"a\\u0000b"'],
  ["half of a surrogate pair", '"\\ud800"'],
  ["the other half", '"a\\udc00"'],
  ["2^53 + 1", "9007199254740993"],
  ["2^53", "9007199254740992"],
  ["-2^53 - 1", "-9007199254740993"],
  ["a number beyond all", "1e999"],
  ["__proto__", '{"__proto__":{"isAdmin":true}}'],
  ["__proto__, written with escapes", '{"\\u005f_proto__":1}'],
  ["constructor", '{"constructor":{"prototype":{}}}'],
  ["prototype", '{"a":[{"prototype":1}]}'],
  ["NUL in a key", '{"a\\u0000":1}'],
  ["half of a surrogate pair in a key", '{"\\ud800":1}'],
  ["40 levels", `${"[".repeat(40)}${"]".repeat(40)}`],
  ["500 levels", `${'{"a":'.repeat(500)}1${"}".repeat(500)}`],
]

describe.each(operations.map((operation) => [operation.name, operation] as const))("%s", (op, operation) => {
  test("with data of another form is 422, says all that is wrong, and leaves no trace", async () => {
    const spoiled = spoiledData(operation, exampleOf(operation))
    expect(spoiled.length).toBeGreaterThan(8)
    for (const one of spoiled) {
      const answer = await send(JSON.stringify({ op, data: one.data }))
      expectInvalid(answer.json, one)
      expectAnswer(answer, 422)
    }
  })

  test("as a line, and behind a good operation, is refused alike", async () => {
    const spoiled = spoiledData(operation, exampleOf(operation))
    const good = { op: "user.create", data: { id: "good", email: "good@example.com" } }
    const problems = await problemsOf([...spoiled.map(({ data }) => JSON.stringify({ op, data })), ...spoiled.map(({ data }) => JSON.stringify({ operations: [good, { op, data }] }))])
    expect(problems.length).toBe(2 * spoiled.length)
    for (const [n, problem] of problems.entries()) {
      expectInvalid(problem, spoiled[n % spoiled.length] as Spoiled)
      expect(inside(problem, "operation")).toBe(n < spoiled.length ? 0 : 1)
    }
  })

  test("is refused to a session and to the public as well, by what it is or by what it asks, and leaves no trace", async () => {
    for (const { what, data } of spoiledData(operation, exampleOf(operation))) {
      for (const [token, statuses] of [[story.session, [403, 422]], [null, [401, 422]]] as const) {
        const answer = await tandem.send("POST", "/do", { body: JSON.stringify({ op, data }), token })
        expect([what, answer.status]).toBeOneOf(statuses.map((status) => [what, status]))
        expectAnswer(answer, answer.status)
      }
    }
    expect([tandem.node.reader.disk() === disk, tandem.reported, tandem.rethrown]).toEqual([true, [], []])
  })

  test("with what no JSON may hold, wherever it stands, is 400, and leaves no trace", async () => {
    const lines: string[] = []
    for (const place of placesIn(exampleOf(operation))) {
      for (const [what, json] of poisons) {
        const body = JSON.stringify({ op, data: withAt(exampleOf(operation), place, "poison!") }).replace('"poison!"', json)
        const answer = await send(body)
        expect([what, place, answer.status, inside(answer.json, "code")]).toEqual([what, place, 400, "malformed"])
        expect(String(inside(answer.json, "pointer"))).toStartWith(["", "data", ...place].join("/"))
        expectAnswer(answer, 400)
        lines.push(body)
      }
    }
    for (const problem of await problemsOf(lines)) expectProblem(problem, 400)
  })

  test("of data that is there twice takes the last", async () => {
    const data = JSON.stringify(exampleOf(operation))
    expectAnswer(await send(`{"op":"${op}","data":${data},"data":5}`), 422)
    expectAnswer(await send(`{"op":"${op}","data":5,"data":${data},"dryRun":true}`), 200)
  })

  test("with an id that can be none is refused, and leaves no trace", async () => {
    const ids = Object.keys(exampleOf(operation) as object).filter((name) => ["id", "userId", "except"].includes(name))
    for (const name of ids) {
      for (const id of ["e\u0301", "a\u0007", "a\u007f", "a\u0085", "", ".", "..", "x".repeat(bounds.idLengthMax + 1)]) {
        const answer = await send(JSON.stringify({ op, data: withAt(exampleOf(operation), [name], id) }))
        expect([name, id, answer.status]).toEqual([name, id, 422])
      }
    }
  })
})

test("POST /verify with a body of another form is 400, says all that is wrong, and never what it was", async () => {
  for (const { what, data } of spoiledData({ schema: credentialsShape }, { email: "ada@example.com", password: "sekrit7 pass word" })) {
    const answer = await tandem.send("POST", "/verify", { body: JSON.stringify(data) })
    expect([what, answer.status]).toEqual([what, 400])
    expectAnswer(answer, 400)
    expect(answer.text).not.toContain("sekrit7")
  }
  for (const [what, json] of poisons) {
    const answer = await tandem.send("POST", "/verify", { body: `{"email":"ada@example.com","password":${json}}` })
    expect([what, answer.status]).toEqual([what, 400])
  }
  expect(tandem.node.reader.disk() === disk).toBe(true)
})
