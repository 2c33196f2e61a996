// Takes the newest versions back, newest first, a bounded number of keys at a time: rows get their predecessors back, index entries
// that had ended hold again. Needs the log and history alone, and where nothing of that was trimmed leaves what was there before
// those versions, byte for byte. How far it has come is stored in the same transaction: it can end anywhere.
import { bounds } from "../bounds.ts"
import type { Digest } from "../protocol/digest.ts"
import { openWrites, type SealedRecord } from "../protocol/record.ts"
import { horizonOfRow, horizonRow } from "./horizon.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Trimmable } from "./trim.ts"

/** Where the log ends then. */
export interface LogEnd {
  readonly head: number
  readonly headDigest: Digest
}

/** Inside a transaction: one chunk of what is above `target`, at least one version. */
export function takeBack(store: Trimmable, head: number, target: number, keysMax: number = bounds.undoKeysMax): LogEnd {
  let last = takeVersionBack(store, head)
  let keysLeft = keysMax - last.keys
  let bytesLeft = bounds.undoBytesMax - last.record.bytes.length
  while (last.record.version - 1 > target && keysLeft > 0 && bytesLeft > 0) {
    last = takeVersionBack(store, last.record.version - 1)
    keysLeft -= last.keys
    bytesLeft -= last.record.bytes.length
  }
  // A copy: the whole record would be kept for it.
  return { head: last.record.version - 1, headDigest: Buffer.from(last.record.parent) }
}

function takeVersionBack({ rows, index, log }: Trimmable, version: number): { readonly record: SealedRecord; readonly keys: number } {
  const record = log.record(version)
  if (record === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
  const { key, writes } = openWrites(record.bytes)
  const forgotten = newestHorizon(rows)
  index.changeBack(writes.map((write) => rows.takeBack(write)))
  log.remove(record, key?.hash)
  // What the horizon had made to be forgotten may have been used again since: it is what it was.
  log.recallKeys(newestHorizon(rows), forgotten)
  return { record, keys: 1 + writes.length }
}

function newestHorizon(rows: Trimmable["rows"]): number {
  return horizonOfRow(rows.newest(horizonRow.collection, horizonRow.id)).log
}
