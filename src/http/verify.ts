// POST /verify: whether an e-mail address and a password belong together. Never says which of the two was wrong, never
// writes, and takes the same time for accounts that do not exist.
import * as v from "valibot"
import { loginEmailField, loginPasswordField } from "../operations/login.ts"
import { isRefusal } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { readJson } from "./json-body.ts"
import { verifyLogin } from "./login.ts"
import type { About } from "./route.ts"

export const credentialsShape = v.strictObject({ email: loginEmailField, password: loginPasswordField })

export async function postVerify(exchange: Exchange): Promise<Response> {
  const { node } = exchange
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const credentials = await readJson(exchange, credentialsShape, "{ email, password }")
  if (isRefusal(credentials)) return exchange.problem(credentials)
  const version = node.committed()
  const found = await verifyLogin(exchange, credentials)
  if (isRefusal(found)) return exchange.problem(found)
  const whyNow = node.whyNotReadable()
  if (whyNow !== undefined) return exchange.problem(whyNow)
  return exchange.fresh(JSON.stringify(found.match ? { match: true, userId: found.userId } : { match: false }), version)
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
