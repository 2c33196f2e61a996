// GET /users: the user with an e-mail address, or with an identity elsewhere, or a page of all of them.
import * as v from "valibot"
import type { Reach } from "../operations/access.ts"
import { emailKey } from "../operations/email.ts"
import { identityTerm } from "../operations/identity.ts"
import { userExample, userShape } from "../operations/user-shape.ts"
import { bounds } from "../bounds.ts"
import { isRefusal, refuse } from "../refusal.ts"
import { rowText, textTerm } from "../store/row.ts"
import { asOfCodes, asOfParameters, minVersionHeader, readAsOf } from "./as-of.ts"
import { answerEntity } from "./entity.ts"
import { etagHeader, ifNoneMatchHeader } from "./etag.ts"
import type { Exchange } from "./exchange.ts"
import { answerList, listDetails } from "./lists/list.ts"
import { filterParameters, listParameters } from "./lists/list-parameters.ts"
import { linkHeader } from "./page.ts"
import { listShape } from "./page-shape.ts"
import { boundedText } from "./parameter.ts"
import { parameterRefusal, parseAnyQuery, parseQuery, type Query } from "./query.ts"
import { isSeen, readReach } from "./reach.ts"
import type { About } from "./route.ts"

const emailParameter = boundedText({ name: "email", description: "The user with this address, whatever its case, instead of a page.", lengthMax: bounds.emailLengthMax })
const issuerParameter = boundedText({ name: "issuer", description: "With `subject`: the user with this identity elsewhere, instead of a page.", lengthMax: bounds.nameLengthMax })
const subjectParameter = boundedText({ name: "subject", description: "Who the user is to `issuer`.", lengthMax: bounds.nameLengthMax })

const byEmailParameters = [emailParameter, ...asOfParameters]
const byIdentityParameters = [issuerParameter, subjectParameter, ...asOfParameters]

export function getUsers(exchange: Exchange): Response | Promise<Response> {
  const reach = readReach(exchange, "users")
  if (isRefusal(reach)) return exchange.problem(reach)
  const query = parseAnyQuery(exchange.url)
  if (isRefusal(query)) return exchange.problem(query)
  if (query.has(emailParameter.name)) {
    const alone = parseQuery(exchange.url, byEmailParameters)
    return isRefusal(alone) ? exchange.problem(alone) : getByEmail(exchange, reach, alone)
  }
  if (!query.has(issuerParameter.name) && !query.has(subjectParameter.name)) return answerList(exchange, reach, "users")
  const alone = parseQuery(exchange.url, byIdentityParameters)
  return isRefusal(alone) ? exchange.problem(alone) : getByIdentity(exchange, reach, alone)
}

function getByIdentity(exchange: Exchange, reach: Reach, query: Query): Response | Promise<Response> {
  const issuer = issuerParameter.of(query) ?? parameterRefusal(issuerParameter.name, "is missing: an identity has an issuer and a subject")
  if (isRefusal(issuer)) return exchange.problem(issuer)
  const subject = subjectParameter.of(query) ?? parameterRefusal(subjectParameter.name, "is missing: an identity has an issuer and a subject")
  if (isRefusal(subject)) return exchange.problem(subject)
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

function getByEmail(exchange: Exchange, reach: Reach, query: Query): Response | Promise<Response> {
  const email = emailParameter.of(query) ?? ""
  if (isRefusal(email)) return exchange.problem(email)
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

export const usersAbout: About = {
  name: "listUsers",
  summary: "Users, page by page; or the one with an e-mail address or an identity elsewhere.",
  details: `${listDetails} The address is such a field, but for \`email=\` alone, which answers the user itself.`,
  filters: filterParameters,
  query: [...listParameters, emailParameter, issuerParameter, subjectParameter],
  headers: [minVersionHeader, ifNoneMatchHeader],
  answer: v.union([listShape(userShape), userShape]),
  answerHeaders: [linkHeader, etagHeader],
  codes: [...asOfCodes, "collection-missing", "entity-missing"],
  example: { path: "/users?limit=10", answer: { items: [userExample], version: 4, next: null } },
}
