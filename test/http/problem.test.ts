// Refusals as problem documents: the table from code to status that clients depend on, and what a document may hold.
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../../src/bounds.ts"
import { problemJson, statusOf } from "../../src/http/problem.ts"
import { type RefusalCode, refuse } from "../../src/refusal.ts"
import { expectProblem } from "./problem-shape.ts"

const statuses: { readonly [Code in RefusalCode]: number } = {
  malformed: 400,
  "unknown-operation": 400,
  "version-ahead": 400,
  trimmed: 410,
  unauthenticated: 401,
  "login-failed": 401,
  forbidden: 403,
  "not-found": 404,
  "entity-missing": 404,
  "collection-missing": 404,
  "method-not-allowed": 405,
  unique: 409,
  "wrong-state": 409,
  conflict: 409,
  "precondition-failed": 412,
  "too-large": 413,
  "unsupported-media-type": 415,
  "not-primary": 421,
  invalid: 422,
  "key-reused": 422,
  "too-many-requests": 429,
  "outcome-unknown": 500,
  internal: 500,
  unavailable: 503,
  "version-unavailable": 503,
  "disk-full": 507,
}
const codes = Object.keys(statuses) as RefusalCode[]

test("each code has its status", () => {
  expect(codes.map((code) => [code, statusOf(code)])).toEqual(codes.map((code) => [code, statuses[code]]))
})

test("a document has the members of RFC 9457, and of the others those that the refusal has", () => {
  for (const code of codes) {
    const document: unknown = JSON.parse(problemJson(refuse(code, "A sentence.")))
    expectProblem(document, statuses[code])
    expect(Object.keys(document as object)).toEqual(["type", "title", "status", "detail", "code"])
  }
  const more = { operation: 0, pointer: "", key: "k", version: 0, retryAfter: 1, hint: "h", primary: "p", issues: [{ operation: 0, pointer: "/a", code: "c", message: "m" }] }
  expect(JSON.parse(problemJson(refuse("invalid", "A sentence.", more)))).toMatchObject(more)
})

test("every code is said somewhere in the program, so that none is only declared", () => {
  const said = ["operations", "http", "node"].map((folder) => new Bun.Glob(`${folder}/**/*.ts`)).flatMap((glob) => [...glob.scanSync({ cwd: join(import.meta.dirname, "../../src") })])
  const text = said.filter((path) => path !== "http/problem.ts").map((path) => readFileSync(join(import.meta.dirname, "../../src", path), "utf8")).join("")
  expect(codes.filter((code) => !text.includes(`refuse("${code}"`) && !text.includes(`refuse(\n      "${code}"`))).toEqual([])
})

test("a token of ours is in no problem, whatever was done with it", () => {
  for (const prefix of ["tk_", "ts_", "to_", "tr_"]) {
    const token = `${prefix}${"aB3-_".repeat(8)}xyz`
    const text = problemJson(refuse("entity-missing", `There is no \`${token}\`.`, { pointer: `/${token}`, hint: token, issues: [{ pointer: `/a/${token}/b`, code: "x", message: `names ${token}x` }] }))
    expect(text).not.toContain(token.slice(3))
    expect(JSON.parse(text)).toMatchObject({ detail: `There is no \`${prefix}…\`.` })
  }
  expect(problemJson(refuse("entity-missing", "There is no `to_do_this_before_anything_else`."))).toContain("to_do_this_before_anything_else")
})

test("what is wrong is listed up to a bound", () => {
  const issues = Array.from({ length: bounds.issuesMax + 1 }, (_, n) => ({ pointer: `/${n}`, code: "x", message: "is wrong" }))
  expect((JSON.parse(problemJson(refuse("invalid", "All is wrong.", { issues }))) as { readonly issues: object[] }).issues).toHaveLength(bounds.issuesMax)
})
