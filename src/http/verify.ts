// POST /verify: whether an e-mail address and a password belong together. Never says which of the two was wrong, never
// writes, and takes the same time for accounts that do not exist.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { emailKey } from "../operations/email.ts"
import { parseJson } from "../operations/json-rules.ts"
import { verifyPassword } from "../operations/verify-password.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { checkContentType, readText } from "./body.ts"
import type { Exchange } from "./exchange.ts"
import { parseQuery } from "./query.ts"

/** No rule on form: what cannot be an account does not match. */
const schema = v.strictObject({
  email: v.pipe(v.string(), v.maxLength(bounds.emailLengthMax)),
  password: v.pipe(v.string(), v.maxLength(bounds.passwordLengthMax)),
})

export async function postVerify(exchange: Exchange): Promise<Response> {
  const { node, shared } = exchange
  const query = parseQuery(exchange.url, [])
  if (isRefusal(query)) return exchange.problem(query)
  const credentials = await readCredentials(exchange)
  if (isRefusal(credentials)) return exchange.problem(credentials)
  const why = node.whyNotReadable()
  if (why !== undefined) return exchange.problem(why)
  const account = emailKey(credentials.email)
  const waitMs = shared.throttle.waitMs(account)
  if (waitMs > 0) {
    return exchange.problem(
      refuse("too-many-requests", "Too many wrong passwords for this account; wait a little.", { retryAfter: Math.ceil(waitMs / 1_000) }),
    )
  }
  // Counted before it is known: tries that come side by side would all be looked at otherwise.
  shared.throttle.failed(account)
  const version = node.committed()
  const found = await verifyPassword(node.reader, version, credentials, shared.passwords)
  if (isRefusal(found)) {
    shared.throttle.notLookedAt(account)
    return exchange.problem(found)
  }
  if (found.match) shared.throttle.succeeded(account)
  const whyNow = node.whyNotReadable()
  if (whyNow !== undefined) return exchange.problem(whyNow)
  return exchange.fresh(JSON.stringify(found.match ? { match: true, userId: found.userId } : { match: false }), version)
}

async function readCredentials(exchange: Exchange): Promise<v.InferOutput<typeof schema> | Refusal> {
  const wrongType = checkContentType(exchange.request, "application/json")
  if (wrongType !== undefined) return wrongType
  const text = await readText(exchange.request, exchange.shared.settings.bodyBytesMax)
  if (isRefusal(text)) return text
  const json = parseJson(text)
  if (isRefusal(json)) return json
  const parsed = v.safeParse(schema, json.value)
  if (parsed.success) return parsed.output
  const issues = parsed.issues.map((issue) => {
    const path = issue.path?.map((step) => String(step.key)) ?? []
    return { pointer: path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""), code: issue.type, message: messageOf(issue) }
  })
  const first = issues[0]
  const unknown = parsed.issues.some((issue) => issue.type === "strict_object" && issue.expected === "never")
  const detail = unknown ? "The body has an unknown field." : "The body must be { email, password }."
  return refuse("malformed", detail, { ...(first ? { pointer: first.pointer } : {}), issues })
}

/** The library's own message would quote the value, which may be a password. */
function messageOf(issue: { readonly type: string; readonly expected: string | null }): string {
  return issue.expected === null ? "This is invalid." : `This must be ${issue.expected === "never" ? "left out" : issue.expected}.`
}
