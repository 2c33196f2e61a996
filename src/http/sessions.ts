// GET /users/{id}/sessions: the sessions of a user, without their tokens, as of a version. Those that had ended by the time of
// that version's record are left out, so the answer is the same on both nodes, and for ever.
import { hasExpired, userTerm } from "../operations/account-entries.ts"
import { isServer, type Principal } from "../operations/scope.ts"
import { sessionExample, sessionShape } from "../operations/session-shape.ts"
import { trimmed } from "../operations/trimmed.ts"
import { isRefusal } from "../refusal.ts"
import { rowBody, rowDeleted, rowText } from "../store/row.ts"
import { oldestOf } from "../store/horizon.ts"
import type { Reader } from "../store/store.ts"
import { asOfCodes, minVersionHeader, readAsOf } from "./as-of.ts"
import { cursorText, parseCursor } from "./lists/cursor.ts"
import type { Exchange } from "./exchange.ts"
import { onlyEntityMissing, idParameter } from "./names.ts"
import { limitParameter, linkHeader, nextLink, pageBody, pageParameters } from "./page.ts"
import { pageShape } from "./page-shape.ts"
import type { About } from "./route.ts"

export function getSessions(exchange: Exchange): Response | Promise<Response> {
  const userId = idParameter(exchange, "id")
  if (isRefusal(userId)) return exchange.problem(userId)
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const path = `users/${encodeURIComponent(userId)}/sessions`
  const text = query.get("cursor")
  const cursor = text === undefined ? undefined : parseCursor(text, path)
  if (isRefusal(cursor)) return exchange.problem(cursor)

  const answer = (version: number): Response => {
    const { reader } = exchange.node
    const oldest = oldestOf(reader.horizon(), "sessions")
    if (version < oldest) return exchange.absent(trimmed(version, oldest))
    const user = mayList(exchange.principal, userId) ? reader.row("users", userId, version) : undefined
    if (user === undefined || rowDeleted(user)) return onlyEntityMissing(exchange, "users", version)
    const { field, value } = userTerm(userId)
    const page = reader.holders("sessions", field, value, { at: version, after: cursor?.after, limit })
    const next = page.next === undefined ? null : cursorText({ listing: path, version, after: page.next })
    const body = pageBody(liveRows(reader, page.ids, version).map(rowBody), version, next)
    return exchange.data(body, version, next === null ? undefined : { link: nextLink(path, next, limit) })
  }
  return readAsOf(exchange, query, answer, cursor?.version)
}

/** A session, those of its own user only; whatever the rules say of users. */
function mayList(principal: Principal, userId: string): boolean {
  return isServer(principal) || principal.userId === userId
}

function liveRows(reader: Reader, ids: readonly string[], version: number): Uint8Array[] {
  const time = new Date(reader.timeOf(version)).toISOString()
  return ids.flatMap((id) => {
    const row = reader.row("sessions", id, version)
    return row === undefined || rowDeleted(row) || hasExpired(JSON.parse(rowText(row)) as { readonly [field: string]: unknown }, time) ? [] : [row]
  })
}

export const sessionsAbout: About = {
  name: "listSessions",
  summary: "The sessions of a user, without their tokens.",
  query: pageParameters,
  headers: [minVersionHeader],
  answer: pageShape(sessionShape),
  answerHeaders: [linkHeader],
  codes: [...asOfCodes, "entity-missing"],
  example: { path: "/users/ada/sessions", answer: { items: [sessionExample], version: 4, next: null } },
}
