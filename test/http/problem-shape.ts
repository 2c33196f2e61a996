// What every answer of the public app must be like, whatever was asked: the headers that it carries, and the form of a
// refusal. Throws by `expect`.
import { expect } from "bun:test"
import { type Answer, inside } from "./harness.ts"

const always: readonly (readonly [name: string, form: RegExp])[] = [
  ["tandem-version", /^\d+$/],
  ["tandem-node", /^a$/],
  ["tandem-role", /^(primary|replica)$/],
  ["tandem-epoch", /^\d+$/],
  ["tandem-mode", /^(paired|solo)$/],
  ["tandem-request-id", /^[A-Za-z0-9._~:-]{1,128}$/],
  ["x-content-type-options", /^nosniff$/],
]

/** Members of a problem document: RFC 9457's, and those that only some have. */
const members = ["type", "title", "status", "detail", "code", "operation", "pointer", "key", "version", "oldestVersion", "retryAfter", "hint", "primary", "issues"]

export function expectAnswer(answer: Answer, status: number): void {
  expect({ status: answer.status, text: answer.status === status ? "" : answer.text }).toEqual({ status, text: "" })
  for (const [name, form] of always) expect(`${name}: ${answer.headers.get(name)}`).toMatch(new RegExp(`^${name}: ${form.source.slice(1)}`))
  if (status >= 400) expectProblem(answer.json, status)
  if (status >= 400) expectRefusalHeaders(answer)
}

export function expectProblem(problem: unknown, status: number): void {
  expect(inside(problem, "status")).toBe(status)
  expect(inside(problem, "code")).toMatch(/^[a-z-]+$/)
  expect(inside(problem, "title")).toMatch(/^[A-Z].*[^.]$/)
  // A sentence; it may begin with a name.
  expect(inside(problem, "detail")).toMatch(/^[A-Z`][^]*\.$/)
  expect(Object.keys(problem as object).filter((name) => !members.includes(name))).toEqual([])
  expect(inside(problem, "type")).toBe(`urn:tandem:problem:${inside(problem, "code")}`)
}

function expectRefusalHeaders({ status, headers, json }: Answer): void {
  expect(headers.get("content-type")).toBe("application/problem+json")
  expect(headers.get("cache-control")).toBe("no-store")
  expect(headers.get("www-authenticate") !== null).toBe(status === 401 || status === 403)
  expect(headers.get("allow") !== null).toBe(status === 405)
  const retryAfter = headers.get("retry-after")
  expect(retryAfter !== null).toBe(status === 503 || status === 429)
  if (retryAfter === null) return
  expect(retryAfter).toMatch(/^[1-9]\d*$/)
  expect(inside(json, "retryAfter")).toBe(Number(retryAfter))
}
