// Versions that a node takes back, in a file that keeps them: a line of JSON for each, as GET /log shows it, with the record itself,
// so that nothing is lost. Whole and durable under its name, or not there; never in the place of another.
import { closeSync, existsSync, openSync, renameSync, writeSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../bounds.ts"
import { logItem } from "../operations/log-item.ts"
import { digestText } from "../protocol/digest.ts"
import { openRecord, type SealedRecord } from "../protocol/record.ts"
import type { Reader } from "../store/store.ts"
import { syncPath } from "../store/sync-path.ts"

/** Of everything above `from` - 1. The digest of the head, which is in its name, says what is in it: one that is there already is whole. */
export function writeDiscarded(directory: string, reader: Reader, from: number): string {
  const { head, headDigest } = reader.position()
  const path = join(directory, `discarded-${from}-${head}-${digestText(headDigest).slice(0, 8)}.jsonl`)
  if (!existsSync(path)) write(path, reader, from, head)
  // Its name, too, where it is there already: whoever gave it that may have died of it.
  syncPath(directory)
  return path
}

function write(path: string, reader: Reader, from: number, to: number): void {
  const unfinished = `${path}.partial`
  const file = openSync(unfinished, "w", 0o600)
  try {
    for (const lines of chunksOf(reader, from, to)) writeAll(file, lines)
  } finally {
    closeSync(file)
  }
  syncPath(unfinished)
  renameSync(unfinished, path)
}

function* chunksOf(reader: Reader, from: number, to: number): Iterable<Buffer> {
  for (let next = from; next <= to; ) {
    const records = reader.records(next, to, bounds.batchCountMax, bounds.batchBytesMax)
    if (records.length === 0) throw new Error(`version ${next} is not in the log`)
    yield Buffer.from(records.map(lineOf).join(""))
    next += records.length
  }
}

function lineOf(record: SealedRecord): string {
  const shown = logItem(openRecord(record.bytes), record.digest)
  return `${shown.slice(0, -1)},"record":"${Buffer.from(record.bytes).toString("base64")}"}\n`
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
}
