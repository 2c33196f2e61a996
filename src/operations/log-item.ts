// A record as GET /log shows it: without hashes of passwords or keys.
import { type Digest, digestText } from "../protocol/digest.ts"
import type { Record } from "../protocol/record.ts"
import { rowText, rowDeleted, rowFill } from "../store/row.ts"
import { hiddenCollections } from "./hidden-collections.ts"

/** JSON text of one log item. */
export function logItem(record: Record, digest: Digest): string {
  const operations = (JSON.parse(record.operations) as { readonly sealed?: unknown }[]).map(({ sealed: _, ...rest }) => rest)
  const writes = record.writes
    .filter(({ collection, row }) => !hiddenCollections.has(collection) && !rowFill(row))
    .map(({ collection, id, row }) => {
      const value: unknown = rowDeleted(row) ? null : JSON.parse(rowText(row))
      return { collection, id, value }
    })
  return JSON.stringify({
    version: record.version,
    epoch: record.epoch,
    time: new Date(record.timeMs).toISOString(),
    principal: record.meta.principal,
    note: record.meta.note ?? null,
    key: record.meta.key ?? null,
    operations,
    writes,
    parent: digestText(record.parent),
    digest: digestText(digest),
  })
}
