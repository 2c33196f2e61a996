// Holds an answer against what its route declares of itself: its shape, strictly, and the codes that it may refuse with. Every
// answer that a harness gets passes here, so what /openapi.json says is true of all that tests ever ask.
import * as v from "valibot"
import { answerHeaders, retryAfterHeader } from "../../src/http/answer-headers.ts"
import { PathRouter } from "../../src/http/path-router.ts"
import { problemShape } from "../../src/http/problem-shape.ts"
import { statusOf } from "../../src/http/problem.ts"
import { codesOf, type Route } from "../../src/http/route.ts"
import { routes } from "../../src/http/routes.ts"
import { operationNamed } from "../../src/operations/registry.ts"
import { type Answer, inside } from "./harness.ts"

interface Declared {
  readonly route: Route
  readonly answer: v.GenericSchema
}

const router = new PathRouter<Declared>()
for (const route of routes) {
  router.add(route.method, route.path, { route, answer: route.about.answer })
  for (const { path, answer } of route.about.cases ?? []) router.add(route.method, path, { route, answer })
}

export function expectDeclared(method: string, url: string, body: unknown, answer: Answer): void {
  const declared = router.match(method, new URL(url).pathname)[0][0]?.[0]
  const { status } = answer
  if (status >= 400 && method !== "HEAD") expectProblem(declared?.route, answer)
  if (declared === undefined) return
  expectHeaders(declared.route, answer)
  if (status !== 200 || method === "HEAD") return
  const { answerType: type = "application/json", alternative } = declared.route.about
  if (alternative !== undefined && answer.headers.get("content-type") === alternative.type) return expectShape(`${nameOf(declared.route)} answers`, alternative.schema, answer.text)
  if (answer.headers.get("content-type") !== type) throw new Error(`${nameOf(declared.route)} answers with ${answer.headers.get("content-type")}, not ${type} as it declares`)
  const bodies = type === "application/json" ? [answer.json] : answer.text.split("\n").filter((line) => line !== "").map((line): unknown => JSON.parse(line))
  if (declared.route.path === "/do") expectResults(body, answer.json)
  for (const json of bodies) expectShape(`${nameOf(declared.route)} answers`, declared.answer, json)
}

/** Those that clients may build on: the ones of Tandem itself, and those that any route declares. */
function expectHeaders(route: Route, { status, headers }: Answer): void {
  const own = status < 400 ? (route.about.answerHeaders ?? []) : status === 429 || status === 503 ? [retryAfterHeader] : []
  const may = new Set([...answerHeaders.filter(({ name }) => name.startsWith("tandem-")), ...own].map(({ name }) => name))
  const told = [...headers.keys()].filter((name) => name.startsWith("tandem-") || answerHeaders.some((header) => header.name === name))
  // A Link of a problem leads to the status of its transaction, and not to a page.
  const undeclared = told.filter((name) => !may.has(name) && !(name === "link" && status >= 400))
  if (undeclared.length > 0) throw new Error(`${nameOf(route)} answers ${status} with the header ${undeclared.join(", ")}, which it does not declare`)
}

function expectProblem(route: Route | undefined, { status, json }: Answer): void {
  expectShape("a problem", problemShape, json)
  const code = problemShape.entries.code.options.find((known) => known === inside(json, "code"))
  if (code === undefined || statusOf(code) !== status) throw new Error(`${code} has the status ${status}`)
  if (route !== undefined && !codesOf(route).includes(code)) throw new Error(`${nameOf(route)} refuses with ${code}, which its \`about\` in src/http does not declare among its codes`)
}

/** Each operation's own result, not just that of some operation. */
function expectResults(body: unknown, json: unknown): void {
  const asked = typeof body === "string" ? (JSON.parse(body.replace(/^\ufeff/, "")) as unknown) : body
  const operations = inside(asked, "operations") ?? [asked]
  if (!Array.isArray(operations)) return
  for (const [n, one] of operations.entries()) {
    const operation = operationNamed(String(inside(one, "op")))
    if (operation !== undefined) expectShape(`${operation.name} results in`, operation.result, inside(json, "results", n))
  }
}

function expectShape(what: string, shape: v.GenericSchema, value: unknown): void {
  const { success, issues } = v.safeParse(shape, value)
  if (success) return
  const [issue] = v.getDotPath(issues[0]) === null && issues[0].issues !== undefined ? deepest(issues[0].issues) : issues
  throw new Error(`${what} what it does not declare: ${v.getDotPath(issue ?? issues[0]) ?? "it"}: ${issue?.message} in ${JSON.stringify(value).slice(0, 1_000)}`)
}

/** Of a union's failures, those that got furthest. */
function deepest(issues: readonly v.BaseIssue<unknown>[]): readonly v.BaseIssue<unknown>[] {
  return [...issues].sort((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0))
}

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`
}
