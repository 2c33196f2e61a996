// GET /{collection}/{id}/history: every version of one entity, newest first: who, when, which operation, what changed.
// Must never show a version above the one the read is as of.
import { bounds } from "../bounds.ts"
import { isRefusal } from "../refusal.ts"
import { changeKind } from "../operations/change.ts"
import { definitionExample, definitionShape } from "../operations/definition-shape.ts"
import { changedExample, documentExample, documentShape } from "../operations/document-shape.ts"
import { userExample, userShape } from "../operations/user-shape.ts"
import { openRecord, type SealedRecord } from "../protocol/record.ts"
import type { Reader } from "../store/store.ts"
import { oldestOf } from "../store/horizon.ts"
import { rowText, rowChanged, rowDeleted, rowFacts } from "../store/row.ts"
import { asOfCodes, minVersionHeader, readAsOf } from "./as-of.ts"
import { type Cursor, cursorText, parseCursor } from "./cursor.ts"
import type { Exchange } from "./exchange.ts"
import { historyItemShape } from "./history-shape.ts"
import { diff, type Json } from "./json-patch.ts"
import { collectionMissing, entityMissing, idParameter, isReadable, namedCodes } from "./names.ts"
import { operationOn } from "./operation-on.ts"
import { limitParameter, linkHeader, nextLink, pageParameters } from "./page.ts"
import { pageShape } from "./page-shape.ts"
import { parameterRefusal, parseWhole } from "./query.ts"
import type { About } from "./route.ts"

export function getHistory(exchange: Exchange): Response | Promise<Response> {
  const collection = exchange.param("collection")
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
    const rows = from < oldest ? [] : keptOf(reader.history(collection, id, { at: from, limit }), oldest)
    if (rows.length === 0 && below === undefined) return entityMissing(exchange, collection, version)
    const { items, last, isMore } = itemsOf(reader, collection, id, rows, oldest)
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

/** Newest first, what is known of an entity: as it was at the horizon, and what it became since. The disk may have more still. */
function keptOf(rows: readonly Uint8Array[], oldest: number): readonly Uint8Array[] {
  const base = rows.findIndex((row) => rowChanged(row) <= oldest)
  if (base < 0) return rows
  return rows.slice(0, rowDeleted(rows[base] as Uint8Array) ? base : base + 1)
}

/** The items of as many rows as fit, the version of the last one, and whether there are older ones. */
function itemsOf(reader: Reader, collection: string, id: string, rows: readonly Uint8Array[], oldest: number): { readonly items: readonly object[]; readonly last: number; readonly isMore: boolean } {
  const items: object[] = []
  let bytes = 0
  let last = 0
  for (const [n, row] of rows.entries()) {
    const record = rowChanged(row) < reader.horizon().log ? undefined : reader.record(rowChanged(row))
    bytes += record?.bytes.length ?? 0
    if (n > 0 && bytes > bounds.historyRecordBytesMax) return { items, last, isMore: true }
    last = rowChanged(row)
    // The difference is from the one before it, which the next page shows where this one ends here.
    const before = last <= oldest ? undefined : (rows[n + 1] ?? keptOf(reader.history(collection, id, { at: last - 1, limit: 1 }), oldest)[0])
    items.push(last <= oldest ? oldestItem(collection, id, row, record) : itemOf(collection, id, row, record, before))
    if (n === rows.length - 1) return { items, last, isMore: before !== undefined }
  }
  return { items, last, isMore: false }
}

function itemOf(collection: string, id: string, row: Uint8Array, sealed: SealedRecord | undefined, before: Uint8Array | undefined): object {
  const value = valueOf(row)
  const record = sealed === undefined ? undefined : openRecord(sealed.bytes)
  return {
    version: rowChanged(row),
    time: record === undefined ? null : new Date(record.timeMs).toISOString(),
    principal: record?.meta.principal ?? null,
    note: record?.meta.note ?? null,
    op: record === undefined ? null : operationOn(record, collection, id),
    change: changeKind(row, () => before),
    value,
    // Applies to the `value` of the item before: null where there was none, or where it was deleted.
    diff: diff(before === undefined ? null : valueOf(before), value),
  }
}

/** What was before it is not kept; and where its record is not either, only the entity itself says when it was. */
function oldestItem(collection: string, id: string, row: Uint8Array, record: SealedRecord | undefined): object {
  const item = itemOf(collection, id, row, record, undefined)
  const { changed, created } = rowFacts(row)
  const { updatedAt } = valueOf(row) as { readonly updatedAt: string }
  return { ...item, time: updatedAt, ...(created === changed ? {} : { diff: null }) }
}

function valueOf(row: Uint8Array): Json {
  if (rowDeleted(row)) return null
  return JSON.parse(rowText(row)) as Json
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
