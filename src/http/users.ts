// GET /users: the user with an e-mail address, or a page of all of them.
import { emailKey } from "../operations/email.ts"
import { bounds } from "../bounds.ts"
import { isRefusal, refuse } from "../refusal.ts"
import { textTerm } from "../store/row.ts"
import { readAsOf } from "./as-of.ts"
import { answerEntity } from "./entity.ts"
import type { Exchange } from "./exchange.ts"
import { answerPage, pageParameters } from "./page.ts"
import { parameterRefusal, parseQuery, type Query } from "./query.ts"

const byEmailParameters = ["email", "at", "atTime"]
const listParameters = [...pageParameters, "email"]

export function getUsers(exchange: Exchange): Response | Promise<Response> {
  const query = parseQuery(exchange.url, listParameters)
  if (isRefusal(query)) return exchange.problem(query)
  const email = query.get("email")
  if (email === undefined) return answerPage(exchange, "users", query)
  const alone = parseQuery(exchange.url, byEmailParameters)
  return isRefusal(alone) ? exchange.problem(alone) : getByEmail(exchange, alone, email)
}

function getByEmail(exchange: Exchange, query: Query, email: string): Response | Promise<Response> {
  if (email.length === 0 || email.length > bounds.emailLengthMax || email.includes("\0") || !email.isWellFormed()) {
    return exchange.problem(parameterRefusal("email", `must have 1 to ${bounds.emailLengthMax} characters`))
  }
  const key = textTerm("email", emailKey(email), true).value
  return readAsOf(exchange, query, (version) => {
    const id = exchange.node.reader.lookup("users", "email", key, version)
    if (id !== undefined) return answerEntity(exchange, "users", id, version)
    return exchange.absent(refuse("entity-missing", `No user had this e-mail address at version ${version}.`, { version }))
  })
}
