// GET /{collection}/{id}/history: every version of one entity, newest first: who, when, which operation, what changed.
// Must never show a version above the one the read is as of.
import { isRefusal } from "../refusal.ts"
import { openRecord } from "../protocol/record.ts"
import type { Reader } from "../store/store.ts"
import { rowText, rowChanged, rowDeleted, rowFacts } from "../store/row.ts"
import { readAsOf } from "./as-of.ts"
import { type Cursor, cursorText, parseCursor } from "./cursor.ts"
import type { Exchange } from "./exchange.ts"
import { diff, type Json } from "./json-patch.ts"
import { collectionMissing, entityMissing, idParameter, isReadable } from "./names.ts"
import { operationOn } from "./operation-on.ts"
import { nextLink, pageParameters } from "./page.ts"
import { limitParameter, parameterRefusal, parseQuery, parseWhole } from "./query.ts"

export function getHistory(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
  if (!isReadable(collection)) return collectionMissing(exchange, collection, exchange.node.committed())
  const id = idParameter(exchange, "id")
  if (isRefusal(id)) return exchange.problem(id)
  const query = parseQuery(exchange.url, pageParameters)
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter(query)
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
    // One more than is shown: the last one's difference is from the one before it.
    const rows = reader.history(collection, id, { at: from, limit: limit + 1 })
    if (rows.length === 0 && below === undefined) return entityMissing(exchange, collection, version)
    const items = rows.slice(0, limit).map((row, n) => itemOf(reader, collection, id, row, rows[n + 1]))
    const last = rows[limit - 1]
    const more = rows.length > limit && last !== undefined
    const next = more ? cursorText({ listing: path, version, after: String(rowChanged(last)) }) : null
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

function itemOf(reader: Reader, collection: string, id: string, row: Uint8Array, before: Uint8Array | undefined): object {
  const { changed, created, deleted } = rowFacts(row)
  const value = valueOf(row)
  const sealed = reader.record(changed)
  const record = sealed === undefined ? undefined : openRecord(sealed.bytes)
  return {
    version: changed,
    time: record === undefined ? null : new Date(record.timeMs).toISOString(),
    principal: record?.meta.principal ?? null,
    note: record?.meta.note ?? null,
    op: record === undefined ? null : operationOn(record, collection, id),
    change: deleted ? "deleted" : created === changed ? "created" : "updated",
    value,
    // Applies to the `value` of the item before: null where there was none, or where it was deleted.
    diff: diff(before === undefined ? null : valueOf(before), value),
  }
}

function valueOf(row: Uint8Array): Json {
  if (rowDeleted(row)) return null
  return JSON.parse(rowText(row)) as Json
}
