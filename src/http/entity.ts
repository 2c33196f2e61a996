// GET /{collection}/{id}: one entity as of a version. The most frequent request there is: nothing here parses, waits or
// copies without need. The body goes out as text, because a view into a row that is answered at once costs more than both.
import type { Reach } from "../operations/access.ts"
import { definitionExample, definitionShape } from "../operations/definition-shape.ts"
import { changedExample, documentShape } from "../operations/document-shape.ts"
import { userExample, userShape } from "../operations/user-shape.ts"
import { isRefusal } from "../refusal.ts"
import { rowChanged, rowDeleted, rowText } from "../store/row.ts"
import { asOfCodes, asOfParameters, minVersionHeader, readEntityAsOf } from "./as-of.ts"
import { etagHeader, etagOf, ifNoneMatchHeader, noneMatch } from "./etag.ts"
import type { Exchange } from "./exchange.ts"
import { collectionMissing, entityMissing, idParameter, isReadable, namedCodes } from "./names.ts"
import { isSeen, readReach } from "./reach.ts"
import type { About } from "./route.ts"

export function getEntity(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  const reach = readReach(exchange, collection)
  if (isRefusal(reach)) return exchange.problem(reach)
  return readEntityAsOf(exchange, (version) => {
    if (!isReadable(collection)) return collectionMissing(exchange, collection, version)
    const id = idParameter(exchange, "id")
    return isRefusal(id) ? exchange.problem(id) : answerEntity(exchange, reach, collection, id, version)
  })
}

export function answerEntity(exchange: Exchange, reach: Reach, collection: string, id: string, version: number): Response {
  const row = exchange.node.reader.row(collection, id, version)
  if (row === undefined || rowDeleted(row) || !isSeen(reach, collection, row)) return entityMissing(exchange, collection, version)
  const etag = etagOf(rowChanged(row))
  const known = exchange.request.headers.get(ifNoneMatchHeader.name)
  if (known !== null && noneMatch(known, etag)) return exchange.notModified(version, etag)
  return exchange.entity(rowText(row), version, etag)
}

export const entityAbout: About = {
  name: "getDocument",
  summary: "A document.",
  query: asOfParameters,
  headers: [minVersionHeader, ifNoneMatchHeader],
  answer: documentShape,
  answerHeaders: [etagHeader],
  codes: [...asOfCodes, ...namedCodes],
  example: { path: "/goals/g1", answer: changedExample },
  cases: [
    { path: "/users/:id", name: "getUser", summary: "A user.", answer: userShape, example: { path: "/users/ada", answer: userExample } },
    {
      path: "/collections/:name",
      name: "getDefinition",
      summary: "The definition of a collection.",
      answer: definitionShape,
      example: { path: "/collections/goals", answer: definitionExample },
    },
  ],
}
