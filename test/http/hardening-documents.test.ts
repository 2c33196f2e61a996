// Values that a definition does not let in, by every operation that writes one, and by a reference: 422 with a pointer to what is wrong
// or a clear refusal of its own, and no trace.
import { beforeEach, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { type Answer, Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const fields = {
  title: { type: "string", required: true, maxLength: 5 },
  code: { type: "string", unique: true },
  kind: { type: "string", enum: ["a", "b"], default: "a" },
  whole: { type: "integer", min: 0, max: 10 },
  number: { type: "number", min: -1, max: 1 },
  flag: { type: "boolean" },
  time: { type: "time", index: true },
  any: { type: "json" },
  owner: { type: "reference", to: "users" },
}
const good = { title: "t", code: "c", whole: 1, number: 0.5, flag: true, time: "2026-01-31T12:00:00Z", any: [1], owner: "ada" }

const wrong: { readonly [field: string]: readonly unknown[] } = {
  title: [null, 5, true, [], {}, "toolong"],
  code: [5, true, [], {}, "x".repeat(bounds.indexedTextBytesMax + 1), "用".repeat(bounds.indexedTextBytesMax)],
  kind: [5, "c", "A", "", ["a"], "toString"],
  whole: ["1", 1.5, -1, 11, true, [1], {}],
  number: ["1", -1.1, 1.1, 5.5, true, []],
  flag: [0, "true", [], {}],
  time: [0, 1769860800000, "2026", "2026-02-30T12:00:00Z", "2026-01-31 12:00:00Z", "", "x".repeat(1_000), {}],
  owner: [5, true, [], {}, "", "nobody", "x".repeat(300), "a\u0007"],
  createdAt: ["2026-01-31T12:00:00Z", null],
  id: ["x"],
  version: [1],
  colour: [1, null],
  toString: [1],
  hasOwnProperty: ["x"],
  "a/b~c": [1],
}
const cases = Object.entries(wrong).flatMap(([field, values]) => values.map((value) => [field, value] as const))

let tandem: Harness
let disk: string

beforeEach(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit(
    { op: "user.create", data: { id: "ada", email: "ada@example.com" } },
    { op: "collection.define", data: { name: "things", fields } },
    { op: "document.create", data: { collection: "things", id: "one", value: good } },
    { op: "collection.define", data: { name: "loose" } },
    { op: "collection.define", data: { name: "users", fields: { age: { type: "integer", min: 0, index: true } } } },
  )
  disk = tandem.node.reader.disk()
})

async function refused(body: object): Promise<Answer> {
  const answer = await tandem.send("POST", "/do", { body })
  expect([JSON.stringify(body).slice(0, 500), answer.status >= 400 && answer.status < 500, tandem.node.reader.disk() === disk]).toEqual([JSON.stringify(body).slice(0, 500), true, true])
  expectAnswer(answer, answer.status)
  return answer
}

function expectIssue({ text, status, json }: Answer, pointer: string): void {
  expect([text, status]).toEqual([text, 422])
  const pointers = new Set((inside(json, "issues") as object[]).map((issue) => String(inside(issue, "pointer"))))
  expect([pointer, [...pointers]]).toEqual([pointer, [pointer]])
}

const escaped = (field: string): string => field.replaceAll("~", "~0").replaceAll("/", "~1")

describe("a value that is not what its definition asks for", () => {
  test("is refused by document.create, put and patch alike, and says where", async () => {
    for (const [field, value] of cases) {
      const spoilt = { ...good, code: "other", [field]: value }
      expectIssue(await refused({ op: "document.create", data: { collection: "things", value: spoilt } }), `/value/${escaped(field)}`)
      expectIssue(await refused({ op: "document.put", data: { collection: "things", id: "one", value: spoilt } }), `/value/${escaped(field)}`)
      // A null takes a field away, which only one that must be there does not let happen.
      if (value === null && field !== "title") continue
      const patched = await refused({ op: "document.patch", data: { collection: "things", id: "one", patch: { [field]: value } } })
      expectIssue(patched, `/patch/${escaped(field)}`)
    }
  })

  test("is refused as a reference brings it in", async () => {
    for (const [field, value] of cases) {
      if (value === null) continue
      const operations = [
        { op: "document.create", data: { collection: "loose", value: { taken: value } }, as: "r" },
        { op: "document.create", data: { collection: "things", value: { ...good, code: "other", [field]: { $ref: "r.value.taken" } } } },
      ]
      expectIssue(await refused({ operations }), `/value/${escaped(field)}`)
    }
  })

  test("is refused by document.increment, of a field that is no number, and of a sum that it does not let in", async () => {
    for (const field of ["title", "flag", "time", "any", "owner", "kind", "colour", "toString", "createdAt"]) {
      expect((await refused({ op: "document.increment", data: { collection: "things", id: "one", field, by: 1 } })).status).toBe(422)
    }
    for (const [field, by] of [["whole", 10], ["whole", -2], ["whole", 0.5], ["number", 1]] as const) await refused({ op: "document.increment", data: { collection: "things", id: "one", field, by } })
  })

  test("is refused in the data of a user, made or changed", async () => {
    for (const [field, value] of [["age", "5"], ["age", -1], ["age", 1.5], ["age", {}], ["colour", 1], ["toString", 1]] as const) {
      expectIssue(await refused({ op: "user.create", data: { email: "bob@example.com", data: { [field]: value } } }), `/data/${field}`)
      expectIssue(await refused({ op: "user.update", data: { id: "ada", data: { [field]: value } } }), `/data/${field}`)
    }
  })

  test("is told with everything else that is wrong, whatever there is, within a bound", async () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`unknown${n}`, 1]))
    const answer = await refused({ op: "document.create", data: { collection: "things", value: { ...many, title: 5 } } })
    expect(answer.status).toBe(422)
    expect(inside(answer.json, "issues")).toHaveLength(bounds.issuesMax)
  })
})

test("a definition that what is there breaks, or that cannot be, is refused and changes nothing", async () => {
  for (const changed of [{ title: { type: "integer" } }, { whole: { type: "integer", max: 0 } }, { flag: { type: "boolean", required: true, default: "x" } }, { owner: { type: "reference", to: "nothing" } }, { owner: { type: "reference", to: "loose" } }, { any: { type: "json", index: true } }, { title: { type: "string", enum: ["x"] } }]) {
    expect((await refused({ op: "collection.define", data: { name: "things", fields: { ...fields, ...changed } } })).status).toBeOneOf([409, 422])
  }
  for (const access of [{ read: "owner:title" }, { read: "owner:nothing" }, { read: "owner:toString" }, { read: "owner:__proto__" }, { read: "everyone" }, { read: "owner:" }, { create: "PUBLIC" }, { write: "user" }]) {
    expect((await refused({ op: "collection.define", data: { name: "things", access } })).status).toBe(422)
  }
})
