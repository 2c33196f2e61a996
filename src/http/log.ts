// GET /log and /log/{version}: the committed records, for those with the scope `log`. Never one in doubt, never a secret.
import * as v from "valibot"
import { versionShape } from "../operations/entity-shape.ts"
import { changedExample } from "../operations/document-shape.ts"
import { logItem } from "../operations/log-item.ts"
import { bounds } from "../bounds.ts"
import { trimmed } from "../operations/trimmed.ts"
import { openRecord, type SealedRecord } from "../protocol/record.ts"
import { isRefusal, refuse } from "../refusal.ts"
import { minVersionHeader, readAsOf } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { logItemShape } from "./log-shape.ts"
import { limitParameter, linkHeader } from "./page.ts"
import { whole } from "./parameter.ts"
import { parseWhole } from "./query.ts"
import type { About } from "./route.ts"

const fromParameter = whole({ name: "from", description: "The version of the first record; without it, the oldest that is kept.", min: 1 })

export function getLog(exchange: Exchange): Response | Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter.of(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const asked = fromParameter.of(query)
  if (isRefusal(asked)) return exchange.problem(asked)

  return readAsOf(exchange, query, (committed) => {
    const oldest = Math.max(1, exchange.node.reader.horizon().log)
    const from = asked ?? oldest
    if (from < oldest) return exchange.absent(trimmed(from, oldest))
    const last = Math.min(committed, from + limit - 1)
    const records = from > last ? [] : exchange.node.reader.records(from, last, limit, bounds.batchBytesMax)
    const end = records.at(-1)?.version ?? committed
    const next = end < committed && records.length > 0 ? end + 1 : null
    const body = `{"items":[${records.map(itemOf).join(",")}],"version":${committed},"next":${next}}`
    return exchange.data(body, committed, next === null ? undefined : { link: `</log?from=${next}&limit=${limit}>; rel="next"` })
  })
}

export function getRecord(exchange: Exchange): Response | Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const version = parseWhole(exchange.param("version"))
  if (version === undefined || version < 1) {
    return exchange.problem(refuse("malformed", "The path does not end in a version, 1 or more.", { pointer: "/version" }))
  }
  return readAsOf(exchange, query, (committed) => {
    const { log } = exchange.node.reader.horizon()
    if (version < log) return exchange.absent(trimmed(version, log))
    const record = version <= committed ? exchange.node.reader.record(version) : undefined
    if (record !== undefined) return exchange.data(itemOf(record), committed)
    const detail = `There is no record ${version}; the newest is ${committed}.`
    return exchange.absent(refuse("entity-missing", detail, { version: committed }))
  })
}

function itemOf(record: SealedRecord): string {
  return logItem(openRecord(record.bytes), record.digest)
}

const recordExample = {
  version: 3,
  epoch: 1,
  time: changedExample.updatedAt,
  principal: "root",
  note: null,
  key: null,
  operations: [{ op: "document.patch", data: { collection: "goals", id: "g1", patch: { done: true } } }],
  writes: [{ collection: "goals", id: "g1", value: changedExample }],
  parent: "3c5d3bb8b3e6b1d6a1e2a6a9e2d1f1f7f0a3b1c5d7e9f0a1b2c3d4e5f6a7b8c9",
  digest: "9f2c1d7e5b8a4c3f6e0d9b8a7c6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f",
}

export const logAbout: About = {
  name: "listRecords",
  summary: "The records of the commit log, oldest first.",
  query: [fromParameter, limitParameter],
  headers: [minVersionHeader],
  answer: v.strictObject({
    items: v.array(logItemShape),
    version: v.pipe(versionShape, v.description("The newest version.")),
    next: v.pipe(v.nullable(versionShape), v.description("What to pass as `from`; null at the end.")),
  }),
  answerHeaders: [linkHeader],
  codes: ["version-unavailable", "trimmed"],
  example: { path: "/log?from=3&limit=1", answer: { items: [recordExample], version: 4, next: 4 } },
}

export const recordAbout: About = {
  name: "getRecord",
  summary: "A record of the commit log.",
  query: [],
  headers: [minVersionHeader],
  answer: logItemShape,
  codes: ["version-unavailable", "trimmed", "entity-missing"],
  example: { path: "/log/3", answer: recordExample },
}
