// Each way in which POST /do says no: its status, its code, where it points, and that it leaves no trace on the disk.
import { beforeAll, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { type Refusal, refuse } from "../../src/refusal.ts"
import { Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const user = (id: string, more: object = {}) => ({ op: "user.create", data: { id, email: `${id}@example.com`, ...more } })
const goal = (more: object = {}) => ({ op: "document.create", data: { collection: "goals", id: "g2", value: {}, ...more } })
const good = user("good")

let tandem: Harness

beforeAll(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit(user("ada"), { op: "collection.define", data: { name: "goals" } }, goal({ id: "g1", value: { one: 1, title: "Fly" } }))
  await tandem.send("POST", "/do", { body: user("bob"), headers: { "idempotency-key": "used" } })
})

/** Sends it by `/do` with a good operation before it and by itself, and expects the same refusal each time. */
async function refusedBy(operation: object, status: number, problem: object): Promise<void> {
  for (const operations of [[operation], [good, operation], [good, { ...good, data: { ...good.data, id: "again", email: "again@example.com" } }, operation]]) {
    await refusedAs({ operations }, status, { ...problem, operation: operations.length - 1 })
  }
}

async function refusedAs(body: unknown, status: number, problem: object, headers: Record<string, string> = {}) {
  const before = tandem.node.reader.disk()
  const answer = await tandem.send("POST", "/do", { body, headers })
  expectAnswer(answer, status)
  expect(answer.json).toMatchObject(problem)
  expect(tandem.node.reader.disk() === before).toBe(true)
  expect(answer.headers.get("tandem-version")).toBe(String(tandem.node.committed()))
  return answer
}

describe("an entity or collection that is missing is 404", () => {
  const missing: readonly (readonly [op: string, data: object, pointer: string, code: string])[] = [
    ["user.update", { id: "nobody" }, "/id", "entity-missing"],
    ["user.delete", { id: "nobody" }, "/id", "entity-missing"],
    ["credential.setPassword", { userId: "nobody", password: "right horse" }, "/userId", "entity-missing"],
    ["credential.remove", { userId: "ada" }, "/userId", "entity-missing"],
    ["document.create", { collection: "notes", value: {} }, "/collection", "collection-missing"],
    ["document.put", { collection: "notes", id: "n", value: {} }, "/collection", "collection-missing"],
    ["document.patch", { collection: "goals", id: "nothing", patch: {} }, "/id", "entity-missing"],
    ["document.increment", { collection: "goals", id: "nothing", field: "n", by: 1 }, "/id", "entity-missing"],
    ["document.delete", { collection: "goals", id: "nothing" }, "/id", "entity-missing"],
    ["revert", { version: 99 }, "/version", "entity-missing"],
    ["revert", { collection: "goals", id: "g1", to: 99 }, "/to", "entity-missing"],
    ["revert", { collection: "goals", id: "nothing", to: 1 }, "/id", "entity-missing"],
    ["collection.drop", { name: "notes" }, "/name", "collection-missing"],
    ["key.revoke", { id: "nothing" }, "/id", "entity-missing"],
  ]
  test.each(missing)("%s", (op, data, pointer, code) => refusedBy({ op, data }, 404, { code, pointer }))
})

describe("a value or an id that another has is 409", () => {
  test("an address", () => refusedBy({ op: "user.create", data: { email: "ADA@example.com" } }, 409, { code: "unique", pointer: "/email" }))
  test("an address that another user takes", () => refusedBy({ op: "user.update", data: { id: "bob", email: "ada@example.com" } }, 409, { code: "unique", pointer: "/email" }))
  test("a user's id", () => refusedBy({ op: "user.create", data: { id: "ada", email: "x@example.com" } }, 409, { code: "unique", pointer: "/id" }))
  test("a document's id", () => refusedBy(goal({ id: "g1" }), 409, { code: "unique", pointer: "/id" }))
})

describe("a revert that would lose something is 409", () => {
  const changed = { op: "document.patch", data: { collection: "goals", id: "g1", patch: { two: 2 } } }
  const again = { operations: [changed, { op: "revert", data: { version: 1 } }] }
  test("a later change", () => refusedAs(again, 409, { code: "conflict", operation: 1, pointer: "/version" }))
  test("unless it is forced, but for documents that would be left without their collection", async () => {
    const forced = { operations: [{ ...changed, op: "document.create", data: { collection: "goals", value: {} } }, { op: "revert", data: { version: 1, force: true } }] }
    await refusedAs(forced, 409, { code: "conflict", operation: 1 })
  })
  test("an address that another has now", async () => {
    const passed = [{ op: "user.update", data: { id: "bob", email: "b@example.com" } }, { op: "user.update", data: { id: "ada", email: "bob@example.com" } }]
    await refusedAs({ operations: [...passed, { op: "revert", data: { collection: "users", id: "bob", to: 2 } }] }, 409, { code: "unique", operation: 2 })
  })
})

describe("a sum out of its bounds is 409", () => {
  const increment = (more: object) => ({ op: "document.increment", data: { collection: "goals", id: "g1", field: "n", by: 1, ...more } })
  test("above", () => refusedBy(increment({ max: 0 }), 409, { code: "conflict", pointer: "/max" }))
  test("below", () => refusedBy(increment({ by: -1, min: 0 }), 409, { code: "conflict", pointer: "/min" }))
  test("beyond what a number holds exactly", () => refusedBy(increment({ by: 2 ** 53 - 1, field: "one" }), 409, { code: "conflict", pointer: "/by" }))
  test("but what is no number is 422", () => refusedBy(increment({ field: "title" }), 422, { code: "invalid", pointer: "/field", issues: [{ pointer: "/field" }] }))
})

describe("a precondition that is not met is 412", () => {
  const patch = (id: string) => ({ op: "document.patch", data: { collection: "goals", id, patch: {} } })
  test("another version, which is named", () => refusedBy({ ...patch("g1"), if: { version: 7 } }, 412, { code: "precondition-failed", pointer: "/if", version: 1 }))
  test("absent, where it is there", () => refusedBy({ ...patch("g1"), if: { absent: true } }, 412, { pointer: "/if", version: 1 }))
  test("present, where it is not, rather than 404", () => refusedBy({ ...patch("nothing"), if: { present: true } }, 412, { pointer: "/if" }))
  test("a version of what is not there, rather than 404", () => refusedBy({ ...patch("nothing"), if: { version: 1 } }, 412, { pointer: "/if" }))
  test("of a new entity without an id, which is absent", () => refusedBy({ op: "document.create", data: { collection: "goals", value: {} }, if: { present: true } }, 412, { pointer: "/if" }))
  test("of the whole store", async () => {
    for (const ifVersion of [0, 1, 3, 2 ** 40]) await refusedAs({ operations: [good], ifVersion }, 412, { code: "precondition-failed", pointer: "/ifVersion", version: 2 })
  })
})

describe("data that is invalid is 422, with everything that is wrong", () => {
  test("of one operation", () =>
    refusedBy({ op: "user.create", data: { id: "", email: "x", colour: 1, data: [], verified: 0 } }, 422, {
      code: "invalid",
      issues: ["/id", "/email", "/verified", "/data", "/colour"].map((pointer) => ({ pointer })),
    }))

  test("of several operations, each by its index", async () => {
    const operations = [user("", {}), good, { op: "document.create", data: { collection: "Goals", value: 5 } }, { op: "user.delete" }]
    const { json } = await refusedAs({ operations }, 422, { code: "invalid", operation: 0, pointer: "/id" })
    expect((inside(json, "issues") as object[]).map((issue) => [inside(issue, "operation"), inside(issue, "pointer")])).toEqual([[0, "/id"], [0, "/email"], [2, "/collection"], [2, "/value"], [3, "/id"]])
    for (const issue of inside(json, "issues") as object[]) expect(Object.keys(issue).sort()).toEqual(["code", "message", "operation", "pointer"])
  })

  test("that a reference brought in", () =>
    refusedAs({ operations: [{ ...good, as: "u" }, { op: "user.update", data: { id: "ada", name: { $ref: "u.verified" } } }] }, 422, { code: "invalid", operation: 1, issues: [{ operation: 1, pointer: "/name" }] }))

  test("a reserved or impossible collection name", async () => {
    const names = ["collections", "credentials", "identities", "keys", "sessions", "tokens", "do", "log", "verify", "status", "livez", "readyz", "metrics", "changes", "Goals", "1a", "a b", "a/b", "", "a".repeat(64), "__proto__", "é"]
    for (const name of names) await refusedAs({ op: "collection.define", data: { name } }, 422, { code: "invalid", pointer: "/name" })
  })

  test("a key that another request used", () => refusedAs(user("cyd"), 422, { code: "key-reused", key: "used", version: 2 }, { "idempotency-key": "used" }))
})

describe("an envelope or operation that is malformed is 400", () => {
  const malformed: readonly (readonly [name: string, body: unknown, pointer: string])[] = [
    ["no operations", { operations: [] }, "/operations"],
    ["nothing", {}, "/operations"],
    ["operations that are no list", { operations: good }, "/operations"],
    ["an unknown field", { operations: [good], dryrun: true }, "/dryrun"],
    ["a bare operation beside a list", { ...good, operations: [good] }, "/operations"],
    ["a line's key", { operations: [good], key: "k" }, "/key"],
    ["a line's time", { operations: [good], at: "2026-01-01T00:00:00Z" }, "/at"],
    ["ifVersion as text", { operations: [good], ifVersion: "2" }, "/ifVersion"],
    ["ifVersion below 0", { operations: [good], ifVersion: -1 }, "/ifVersion"],
    ["ifVersion null", { operations: [good], ifVersion: null }, "/ifVersion"],
    ["dryRun as text", { operations: [good], dryRun: "true" }, "/dryRun"],
    ["a note that is no text", { operations: [good], note: 5 }, "/note"],
    ["a note that is too long", { operations: [good], note: "x".repeat(bounds.noteLengthMax + 1) }, "/note"],
    ["an operation that is none", { operations: [good, 5] }, "/operations/1"],
    ["an operation without a name", { operations: [good, { data: {} }] }, "/operations/1/op"],
    ["an unknown operation", { operations: [good, { op: "user.rename" }] }, "/operations/1/op"],
    ["an operation named as every object's member", { operations: [good, { op: "constructor" }] }, "/operations/1/op"],
    ["an operation's unknown field", { operations: [good, { ...good, iff: {} }] }, "/operations/1/iff"],
    ["a name twice", { operations: [{ ...good, as: "u" }, { ...user("x"), as: "u" }] }, "/operations/1/as"],
    ["a name that is none", { operations: [good, { ...good, as: "a.b" }] }, "/operations/1/as"],
    ["a condition that is none", { operations: [good, { ...good, if: { version: 1, absent: true } }] }, "/operations/1/if"],
    ["a condition that is false", { operations: [good, { ...good, if: { absent: false } }] }, "/operations/1/if"],
    ["a version below 0", { operations: [good, { ...good, if: { version: -1 } }] }, "/operations/1/if"],
    ["a version that is half", { operations: [good, { ...good, if: { version: 1.5 } }] }, "/operations/1/if"],
    ["a reference to nothing", { operations: [good, user("x", { name: { $ref: "u.id" } })] }, "/name"],
    ["a reference to a later result", { operations: [user("x", { name: { $ref: "u.id" } }), { ...good, as: "u" }] }, "/name"],
    ["a reference to a member of every object", { operations: [{ ...good, as: "u" }, goal({ value: { a: { $ref: "u.toString" } } })] }, "/value/a"],
    ["a reference beside something", { operations: [{ ...good, as: "u" }, goal({ value: { $ref: "u.id", x: 1 } })] }, "/value"],
    ["an integer beyond 2^53", `{"operations":[${JSON.stringify(good)}],"ifVersion":9007199254740993}`, "/ifVersion"],
    ["a key of prototypes", '{"op":"user.create","data":{"email":"x@example.com","data":{"__proto__":{"admin":true}}}}', "/data/data/__proto__"],
    ["NUL in a text", '{"op":"user.create","data":{"email":"x@example.com","name":"a\\u0000"}}', "/data/name"],
    ["half of a surrogate pair", '{"op":"user.create","data":{"email":"x@example.com","name":"\\ud800"}}', "/data/name"],
    ["nesting deeper than 32", `{"op":"user.create","data":{"email":"x@example.com","data":${'{"a":'.repeat(31)}1${"}".repeat(31)}}}`, `/data/data${"/a".repeat(30)}`],
  ]
  test.each(malformed)("%s", async (_name, body, pointer) => {
    await refusedAs(body, 400, { pointer })
  })
})

describe("what is too large is 413", () => {
  test("operations beyond 1,000", async () => {
    const operations = Array.from({ length: bounds.operationsMax + 1 }, (_, n) => user(`u${n}`))
    await refusedAs({ operations }, 413, { code: "too-large", pointer: "/operations" })
  })

  test("a body beyond 1 MiB", () => refusedAs(`{"op":"user.create","data":{"email":"x@example.com","name":"${"x".repeat(bounds.bodyBytesMax)}"}}`, 413, { code: "too-large" }))

  test("references that take more than they may", async () => {
    const value = { text: "x".repeat(300_000) }
    const operations = [{ ...goal({ id: "r0", value }), as: "r" }, ...[1, 2, 3, 4].map((n) => goal({ id: `r${n}`, value: { $ref: "r.value" } }))]
    await refusedAs({ operations }, 413, { code: "too-large", operation: 4, pointer: "/value" })
  })
})

describe("what the node refuses", () => {
  const refusals: readonly (readonly [Refusal, number])[] = [
    [refuse("unavailable", "Not in sync."), 503],
    [refuse("disk-full", "Below the floor."), 507],
    [refuse("not-primary", "A replica.", { primary: "http://primary.test" }), 421],
  ]
  test.each(refusals)("before it takes the transaction: %j", async (refusal, status) => {
    tandem.node.notWritable = refusal
    await refusedAs(good, status, { code: refusal.code })
    tandem.node.notWritable = undefined
  })
  test.each(refusals)("after it has taken it: %j", async (refusal, status) => {
    tandem.node.fate = () => ({ kind: "refused", refusal })
    await refusedAs(good, status, { code: refusal.code })
    tandem.node.fate = undefined
  })
})

test("a dry run leaves no trace, whatever it does", async () => {
  const before = tandem.node.reader.disk()
  const operations = [good, { op: "key.create", data: { name: "k", scopes: ["read"] } }, { op: "collection.drop", data: { name: "goals" } }]
  const answer = await tandem.send("POST", "/do", { body: { operations, dryRun: true }, headers: { "idempotency-key": "dry" } })
  expectAnswer(answer, 200)
  expect(answer.json).toMatchObject({ dryRun: true, version: tandem.node.committed() + 1 })
  expect(tandem.node.reader.disk() === before).toBe(true)
  expect((await tandem.get("/do/dry")).status).toBe(404)
})

test("a refused request may be corrected and sent again under its key", async () => {
  await refusedAs(user("ada"), 409, {}, { "idempotency-key": "corrected" })
  const answer = await tandem.send("POST", "/do", { body: user("eve"), headers: { "idempotency-key": "corrected" } })
  expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([200, null])
})

test("1,000 operations, 32 levels and 2^53 - 1 are taken, and of duplicate keys the last one counts", async () => {
  const operations = Array.from({ length: bounds.operationsMax }, (_, n) => user(`u${n}`))
  expectAnswer(await tandem.send("POST", "/do", { body: { operations, note: "x".repeat(bounds.noteLengthMax) } }), 200)
  const deep = `${'{"a":'.repeat(30)}${Number.MAX_SAFE_INTEGER}${"}".repeat(30)}`
  const answer = await tandem.send("POST", "/do", { body: `{"op":"user.create","op":"user.update","data":{"id":"ada","name":"first","name":"last","data":${deep}}}` })
  expectAnswer(answer, 200)
  expect(inside(answer.json, "results", 0, "name")).toBe("last")
  expect(answer.text).toContain(deep)
})
