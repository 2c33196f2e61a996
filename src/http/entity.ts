// GET /{collection}/{id}: one entity as of a version. The most frequent request there is: nothing here parses, waits or
// copies without need. The body goes out as text, because a view into a row that is answered at once costs more than both.
import type { Reach } from "../operations/access.ts"
import { isRefusal } from "../refusal.ts"
import { rowChanged, rowDeleted, rowText } from "../store/row.ts"
import { readEntityAsOf } from "./as-of.ts"
import { etagOf, noneMatch } from "./etag.ts"
import type { Exchange } from "./exchange.ts"
import { collectionMissing, entityMissing, idParameter, isReadable } from "./names.ts"
import { isSeen, readReach } from "./reach.ts"

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
  const known = exchange.request.headers.get("if-none-match")
  if (known !== null && noneMatch(known, etag)) return exchange.notModified(version, etag)
  return exchange.entity(rowText(row), version, etag)
}
