// GET /log and /log/{version}: the committed records, for those with the scope `log`. Never one in doubt, never a secret.
import { logItem } from "../operations/log-item.ts"
import { bounds } from "../bounds.ts"
import { trimmed } from "../operations/trimmed.ts"
import { openRecord, type SealedRecord } from "../protocol/record.ts"
import { isRefusal, refuse } from "../refusal.ts"
import { readAsOf } from "./as-of.ts"
import type { Exchange } from "./exchange.ts"
import { limitParameter, parameterRefusal, parseQuery, parseWhole, wholeParameter } from "./query.ts"

const parameters = ["from", "limit"]

export function getLog(exchange: Exchange): Response | Promise<Response> {
  const query = parseQuery(exchange.url, parameters)
  if (isRefusal(query)) return exchange.problem(query)
  const limit = limitParameter(query)
  if (isRefusal(limit)) return exchange.problem(limit)
  const asked = wholeParameter(query, "from")
  if (isRefusal(asked)) return exchange.problem(asked)
  if (asked === 0) return exchange.problem(parameterRefusal("from", "must be a version, 1 or more"))

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
  const query = parseQuery(exchange.url, [])
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
