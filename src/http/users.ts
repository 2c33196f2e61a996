// GET /users: the user with an e-mail address, or with an identity elsewhere, or a page of all of them.
import type { Reach } from "../operations/access.ts"
import { emailKey } from "../operations/email.ts"
import { identityTerm } from "../operations/identity.ts"
import { bounds } from "../bounds.ts"
import { isRefusal, refuse } from "../refusal.ts"
import { rowText, textTerm } from "../store/row.ts"
import { readAsOf } from "./as-of.ts"
import { answerEntity } from "./entity.ts"
import type { Exchange } from "./exchange.ts"
import { answerPage, pageParameters } from "./page.ts"
import { parameterRefusal, parseQuery, type Query } from "./query.ts"
import { isSeen, readReach } from "./reach.ts"

const byEmailParameters = ["email", "at", "atTime"]
const byIdentityParameters = ["issuer", "subject", "at", "atTime"]
const listParameters = [...pageParameters, "email", "issuer", "subject"]

export function getUsers(exchange: Exchange): Response | Promise<Response> {
  const reach = readReach(exchange, "users")
  if (isRefusal(reach)) return exchange.problem(reach)
  const query = parseQuery(exchange.url, listParameters)
  if (isRefusal(query)) return exchange.problem(query)
  const email = query.get("email")
  if (email !== undefined) {
    const alone = parseQuery(exchange.url, byEmailParameters)
    return isRefusal(alone) ? exchange.problem(alone) : getByEmail(exchange, reach, alone, email)
  }
  if (!query.has("issuer") && !query.has("subject")) return answerPage(exchange, "users", query)
  const alone = parseQuery(exchange.url, byIdentityParameters)
  return isRefusal(alone) ? exchange.problem(alone) : getByIdentity(exchange, reach, alone)
}

function getByIdentity(exchange: Exchange, reach: Reach, query: Query): Response | Promise<Response> {
  const issuer = query.get("issuer") ?? ""
  const subject = query.get("subject") ?? ""
  for (const [name, text] of [["issuer", issuer], ["subject", subject]] as const) {
    if (text.length === 0 || text.length > bounds.nameLengthMax || !text.isWellFormed()) {
      return exchange.problem(parameterRefusal(name, `must have 1 to ${bounds.nameLengthMax} characters`))
    }
  }
  const { field, value } = identityTerm({ issuer, subject })
  return readAsOf(exchange, query, (version) => {
    const { reader } = exchange.node
    const id = reader.lookup("identities", field, value, version)
    const row = id === undefined ? undefined : reader.row("identities", id, version)
    const userId = row === undefined ? undefined : (JSON.parse(rowText(row)) as { readonly userId: string }).userId
    if (userId !== undefined && isUserSeen(exchange, reach, userId, version)) return answerEntity(exchange, reach, "users", userId, version)
    return exchange.absent(refuse("entity-missing", `No user had this identity at version ${version}.`, { version }))
  })
}

function getByEmail(exchange: Exchange, reach: Reach, query: Query, email: string): Response | Promise<Response> {
  if (email.length === 0 || email.length > bounds.emailLengthMax || email.includes("\0") || !email.isWellFormed()) {
    return exchange.problem(parameterRefusal("email", `must have 1 to ${bounds.emailLengthMax} characters`))
  }
  const key = textTerm("email", emailKey(email), true).value
  return readAsOf(exchange, query, (version) => {
    const id = exchange.node.reader.lookup("users", "email", key, version)
    if (id !== undefined && isUserSeen(exchange, reach, id, version)) return answerEntity(exchange, reach, "users", id, version)
    return exchange.absent(refuse("entity-missing", `No user had this e-mail address at version ${version}.`, { version }))
  })
}

/** Asked first: what is said of one that may not be seen must be what is said of none. */
function isUserSeen({ node }: Exchange, reach: Reach, id: string, version: number): boolean {
  if (typeof reach === "string") return reach === "all"
  const row = node.reader.row("users", id, version)
  return row !== undefined && isSeen(reach, "users", row)
}
