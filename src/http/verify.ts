// POST /verify: whether an e-mail address and a password belong together. Never says which of the two was wrong, never
// writes, and takes the same time for accounts that do not exist.
import * as v from "valibot"
import { isUnknownField, issueMessage } from "../operations/issue-message.ts"
import { escapePointer, parseJson } from "../operations/json-rules.ts"
import { loginEmailField, loginPasswordField } from "../operations/login.ts"
import { isRefusal, type Issue, type Refusal, refuse } from "../refusal.ts"
import { checkContentType, readText } from "./body.ts"
import type { Exchange } from "./exchange.ts"
import { verifyLogin } from "./login.ts"
import type { About } from "./route.ts"

export const credentialsShape = v.strictObject({ email: loginEmailField, password: loginPasswordField })

export async function postVerify(exchange: Exchange): Promise<Response> {
  const { node } = exchange
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const credentials = await readCredentials(exchange)
  if (isRefusal(credentials)) return exchange.problem(credentials)
  const version = node.committed()
  const found = await verifyLogin(exchange, credentials)
  if (isRefusal(found)) return exchange.problem(found)
  const whyNow = node.whyNotReadable()
  if (whyNow !== undefined) return exchange.problem(whyNow)
  return exchange.fresh(JSON.stringify(found.match ? { match: true, userId: found.userId } : { match: false }), version)
}

async function readCredentials(exchange: Exchange): Promise<v.InferOutput<typeof credentialsShape> | Refusal> {
  const wrongType = checkContentType(exchange.request, "application/json")
  if (wrongType !== undefined) return wrongType
  const text = await readText(exchange.request, exchange.shared.settings.bodyBytesMax)
  if (isRefusal(text)) return text
  const json = parseJson(text)
  if (isRefusal(json)) return json
  const parsed = v.safeParse(credentialsShape, json.value, { abortPipeEarly: true })
  if (parsed.success) return parsed.output
  const issues = parsed.issues.map(issueOf)
  const detail = parsed.issues.some(isUnknownField) ? "The body has an unknown field." : "The body must be { email, password }."
  return refuse("malformed", detail, { pointer: issues[0]?.pointer ?? "", issues })
}

function issueOf(issue: v.BaseIssue<unknown>): Issue {
  const pointer = (issue.path ?? []).map((step) => `/${escapePointer(String(step.key))}`).join("")
  const unknown = isUnknownField(issue)
  return { pointer, code: unknown ? "unknown-field" : issue.type, message: unknown ? "is not a field here" : issueMessage(issue) }
}

export const verifyAbout: About = {
  name: "verify",
  summary: "Whether an e-mail address and a password belong together.",
  details: "Never says which of the two was wrong, and takes the same time for accounts that do not exist.",
  query: [],
  headers: [],
  body: { type: "application/json", schema: credentialsShape },
  answer: v.union([v.strictObject({ match: v.literal(true), userId: v.string() }), v.strictObject({ match: v.literal(false) })]),
  codes: ["unsupported-media-type", "too-large", "too-many-requests"],
  example: { path: "/verify", body: { email: "ada@example.com", password: "correct horse battery" }, answer: { match: true, userId: "ada" } },
}
