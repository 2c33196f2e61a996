// The commit log: records by version. A value is the digest, then the record's bytes.
import { type Digest, digestBytes, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { RecordDamaged, recordKeyHash, recordTimeMs, resealRecord, type SealedRecord } from "../protocol/record.ts"
import type { Position } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { versionAtEnd, versionBytes, versionKey, versionOf } from "./keys.ts"
import type { Table } from "./tables.ts"

export class Log {
  constructor(
    private readonly log: Table,
    private readonly keys: Table,
  ) {}

  /** Throws StoreDamaged where the bytes do not give the digest that is stored with them. */
  record(version: number): SealedRecord | undefined {
    const value = this.log.get(versionKey(version))
    return value === undefined ? undefined : storedRecord(version, value)
  }

  /** The record with the greatest version. */
  last(): SealedRecord | undefined {
    for (const key of this.log.getKeys({ reverse: true, limit: 1 })) {
      if (key.length !== versionBytes) throw new StoreDamaged(`the log has an entry whose key is no version: ${key.toString("hex")}`)
      return this.record(versionAtEnd(key))
    }
    return undefined
  }

  /** Throws StoreDamaged where it ends elsewhere. */
  checkEnd({ head, headDigest, committed }: Position): void {
    if (committed > head) throw new StoreDamaged(`where the log stands is damaged: ${committed} versions of ${head} are committed`)
    const last = this.last()
    if ((last?.version ?? 0) === head && sameDigest(last?.digest ?? genesisDigest, headDigest)) return
    throw new StoreDamaged(`the log does not end where it should: at version ${last?.version ?? 0}, and not with that digest at ${head}`)
  }

  records(from: number, to: number, countMax: number, bytesMax: number): SealedRecord[] {
    const found: SealedRecord[] = []
    let bytes = 0
    for (let version = from; version <= to && found.length < countMax; version++) {
      const record = this.record(version)
      if (record === undefined) break
      bytes += record.bytes.length
      if (found.length > 0 && bytes > bytesMax) break
      found.push(record)
    }
    return found
  }

  /** The record's bytes, after those of its digest; not compared with that. */
  stored(version: number): Buffer | undefined {
    return this.log.get(versionKey(version))
  }

  versionOfKey(hash: Digest): number | undefined {
    const value = this.keys.get(Buffer.from(hash))
    return value === undefined ? undefined : versionOf(value)
  }

  /** Record times never go back, so a binary search finds the version. Hashes nothing: records may be large. */
  versionAtTime(timeMs: number, at: number, first = 1): number {
    let low = first - 1
    let high = at
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      if (this.timeThere(middle) <= timeMs) low = middle
      else high = middle - 1
    }
    return low
  }

  timeOf(version: number): number | undefined {
    const value = this.log.get(versionKey(version))
    return value === undefined ? undefined : recordTimeMs(value.subarray(digestBytes))
  }

  private timeThere(version: number): number {
    const time = this.timeOf(version)
    if (time === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
    return time
  }

  /** Inside a transaction. */
  put(record: SealedRecord, keyHash: Digest | undefined): void {
    this.log.put(versionKey(record.version), valueOf(record))
    if (keyHash !== undefined) this.keys.put(Buffer.from(keyHash), versionKey(record.version))
  }

  /** Inside a transaction. */
  remove(record: SealedRecord, keyHash: Digest | undefined): void {
    this.log.remove(versionKey(record.version))
    if (keyHash !== undefined) this.keys.remove(Buffer.from(keyHash))
  }

  /** Inside a transaction: the keys of versions from `from` on and below `to` that were used again, and are not any more. */
  recallKeys(from: number, to: number): void {
    for (let version = from; version < to; version++) {
      const value = this.stored(version)
      const hash = value === undefined ? undefined : recordKeyHash(value.subarray(digestBytes))
      if (hash !== undefined && this.versionOfKey(hash) === undefined) this.keys.put(Buffer.from(hash), versionKey(version))
    }
  }

  /** Inside a transaction: takes a version away, for good, and its key unless that was used again. Gives the bytes it took. */
  forget(version: number): number {
    const value = this.stored(version)
    if (value === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
    const hash = recordKeyHash(value.subarray(digestBytes))
    if (hash !== undefined && this.versionOfKey(hash) === version) this.keys.remove(Buffer.from(hash))
    this.log.remove(versionKey(version))
    return value.length
  }
}

/** Reused, because the engine has copied a value when `put` returns, and fresh memory for each costs as much as the put. */
let scratch = Buffer.alloc(64 * 1024)

function valueOf({ digest, bytes }: SealedRecord): Buffer {
  const size = digestBytes + bytes.length
  if (size > scratch.length) scratch = Buffer.alloc(2 * size)
  scratch.set(digest, 0)
  scratch.set(bytes, digestBytes)
  return scratch.subarray(0, size)
}

/** What an entry of the log holds. Throws StoreDamaged. */
export function storedRecord(version: number, value: Buffer): SealedRecord {
  try {
    const sealed = resealRecord(value.subarray(digestBytes))
    if (sealed.version === version && sameDigest(sealed.digest, value.subarray(0, digestBytes))) return sealed
  } catch (error) {
    if (!(error instanceof RecordDamaged)) throw error
  }
  throw new StoreDamaged(`the record of version ${version} is damaged: its bytes do not give its digest`)
}
