// GET /{collection}/{id}/history: every version of one entity, newest first: who, when, which operation, what changed.
// Must never show a version above the one the read is as of.
import { isRefusal } from "../refusal.ts"
import { definitionExample, definitionShape } from "../operations/definition-shape.ts"
import { changedExample, documentExample, documentShape } from "../operations/document-shape.ts"
import { userExample, userShape } from "../operations/user-shape.ts"
import { oldestOf } from "../store/horizon.ts"
import { asOfCodes, minVersionHeader, readAsOf } from "./as-of.ts"
import { type Cursor, cursorText, parseCursor } from "./lists/cursor.ts"
import type { Exchange } from "./exchange.ts"
import { shownPage } from "./history-page.ts"
import { historyItemShape } from "./history-shape.ts"
import { collectionMissing, entityMissing, idParameter, isReadable, namedCodes } from "./names.ts"
import { limitParameter, linkHeader, nextLink, pageParameters } from "./page.ts"
import { pageShape } from "./page-shape.ts"
import { parameterRefusal, parseWhole } from "./query.ts"
import { readReach } from "./reach.ts"
import type { About } from "./route.ts"

export function getHistory(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  const reach = readReach(exchange, collection)
  if (isRefusal(reach)) return exchange.problem(reach)
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  const id = idParameter(exchange, "id")
  if (isRefusal(id)) return exchange.problem(id)
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const path = `${collection}/${encodeURIComponent(id)}/history`
  const text = query.get("cursor")
  const cursor = text === undefined ? undefined : parseCursor(text, path)
  if (isRefusal(cursor)) return exchange.problem(cursor)
  const below = cursor === undefined ? undefined : lastShown(cursor)
  if (isRefusal(below)) return exchange.problem(below)

  const answer = (version: number): Response => {
    const { reader } = exchange.node
    const from = below === undefined ? version : Math.min(version, below - 1)
    const oldest = oldestOf(reader.horizon(), collection)
    const page = reach === "none" ? undefined : shownPage({ reader, collection, id, reach, oldest }, from, limit)
    // Of one that was never within reach it is not said that it is there.
    if (page === undefined || (page.items.length === 0 && below === undefined)) return entityMissing(exchange, collection, version)
    const { items, last, isMore } = page
    const next = isMore ? cursorText({ listing: path, version, after: String(last) }) : null
    const body = JSON.stringify({ items, version, next })
    return exchange.data(body, version, next === null ? undefined : { link: nextLink(path, next, limit) })
  }
  return readAsOf(exchange, query, answer, cursor?.version)
}

function lastShown(cursor: Cursor): number | ReturnType<typeof parameterRefusal> {
  const version = parseWhole(cursor.after)
  if (version !== undefined && version > 0) return version
  return parameterRefusal("cursor", "is not one that this listing gave out")
}

const created = { principal: "root", note: null, change: "created" }

/** What an entity's first version makes out of nothing. */
const fromNothing = (value: object) => ({ value, diff: [{ op: "replace", path: "", value }] })

export const historyAbout: About = {
  name: "getDocumentHistory",
  summary: "Every version of a document, newest first: who, when, which operation, what changed.",
  query: pageParameters,
  headers: [minVersionHeader],
  answer: pageShape(historyItemShape(documentShape)),
  answerHeaders: [linkHeader],
  codes: [...asOfCodes, ...namedCodes],
  example: {
    path: "/goals/g1/history",
    answer: {
      items: [
        {
          ...created,
          version: 3,
          time: changedExample.updatedAt,
          op: "document.patch",
          change: "updated",
          value: changedExample,
          diff: [
            { op: "add", path: "/value/done", value: true },
            { op: "replace", path: "/updatedAt", value: changedExample.updatedAt },
            { op: "replace", path: "/version", value: 3 },
          ],
        },
        { ...created, version: 2, time: documentExample.updatedAt, op: "document.create", ...fromNothing(documentExample) },
      ],
      version: 4,
      next: null,
    },
  },
  cases: [
    {
      path: "/users/:id/history",
      name: "getUserHistory",
      summary: "Every version of a user, newest first.",
      answer: pageShape(historyItemShape(userShape)),
      example: {
        path: "/users/ada/history",
        answer: { items: [{ ...created, version: 1, time: userExample.updatedAt, note: "sign-up", op: "user.create", ...fromNothing(userExample) }], version: 4, next: null },
      },
    },
    {
      path: "/collections/:name/history",
      name: "getDefinitionHistory",
      summary: "Every version of a collection's definition, newest first.",
      answer: pageShape(historyItemShape(definitionShape)),
      example: {
        path: "/collections/goals/history",
        answer: { items: [{ ...created, version: 2, time: definitionExample.updatedAt, op: "collection.define", ...fromNothing(definitionExample) }], version: 4, next: null },
      },
    },
  ],
}
