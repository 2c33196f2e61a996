// A record: one transaction in the commit log, as the exact bytes that are hashed, sent and stored.
// docs/FORMAT.md, "Record", is the layout; a change here is a change of format.
import { type Digest, digestBytes, digestOf, sameDigest } from "./digest.ts"

export const recordFormat = 1

/** One put or tombstone of a write set. `row` is opaque here; the store knows its layout. */
export interface Write {
  readonly collection: string
  readonly id: string
  readonly row: Uint8Array
}

/** The idempotency key as it is stored: a hash that includes the principal, and what the request asked. */
export interface RecordKey {
  /** SHA-256 of principal and key: two principals' keys never meet. */
  readonly hash: Digest
  /** SHA-256 of the request, to tell a retry from another request under the same key. */
  readonly fingerprint: Digest
}

export interface RecordMeta {
  readonly principal: string
  readonly note?: string
  /** The idempotency key as the client sent it. */
  readonly key?: string
}

export interface Record {
  readonly version: number
  readonly epoch: number
  /** Milliseconds since 1970, never less than the record before it. */
  readonly timeMs: number
  readonly parent: Digest
  readonly key: RecordKey | undefined
  readonly meta: RecordMeta
  /** JSON text of the operations as asked, secrets replaced by their hashes. */
  readonly operations: string
  /** JSON text of the results: per operation `{"write": n}` (the body of the n-th write) or `{"value": …}`. */
  readonly results: string
  readonly writes: readonly Write[]
}

/** What the protocol moves about: the encoded record and the few facts it needs of it. */
export interface SealedRecord {
  readonly version: number
  readonly epoch: number
  readonly timeMs: number
  readonly parent: Digest
  readonly digest: Digest
  readonly bytes: Uint8Array
}

const at = { format: 0, flags: 1, version: 2, epoch: 8, time: 14, parent: 20, afterParent: 20 + digestBytes } as const
const flagKey = 1

/** Encodes and hashes a record. */
export function sealRecord(record: Record): SealedRecord {
  const meta = JSON.stringify(record.meta)
  const sections = [meta, record.operations, record.results]
  let size = at.afterParent + (record.key ? 2 * digestBytes : 0) + 4
  const lengths: number[] = []
  for (const section of sections) {
    const length = Buffer.byteLength(section)
    lengths.push(length)
    size += 4 + length
  }
  for (const write of record.writes) {
    const collection = Buffer.byteLength(write.collection)
    const id = Buffer.byteLength(write.id)
    lengths.push(collection, id)
    size += 8 + collection + id + write.row.length
  }
  const bytes = Buffer.allocUnsafe(size)
  bytes[at.format] = recordFormat
  bytes[at.flags] = record.key ? flagKey : 0
  bytes.writeUIntBE(record.version, at.version, 6)
  bytes.writeUIntBE(record.epoch, at.epoch, 6)
  bytes.writeUIntBE(record.timeMs, at.time, 6)
  bytes.set(record.parent, at.parent)
  let offset: number = at.afterParent
  if (record.key) {
    bytes.set(record.key.hash, offset)
    bytes.set(record.key.fingerprint, offset + digestBytes)
    offset += 2 * digestBytes
  }
  let next = 0
  for (const section of sections) {
    const length = lengths[next++] ?? 0
    bytes.writeUInt32BE(length, offset)
    bytes.write(section, offset + 4, length, "utf8")
    offset += 4 + length
  }
  bytes.writeUInt32BE(record.writes.length, offset)
  offset += 4
  for (const write of record.writes) {
    const collection = lengths[next++] ?? 0
    const id = lengths[next++] ?? 0
    bytes.writeUInt16BE(collection, offset)
    bytes.writeUInt16BE(id, offset + 2)
    bytes.writeUInt32BE(write.row.length, offset + 4)
    offset += 8
    bytes.write(write.collection, offset, collection, "utf8")
    offset += collection
    bytes.write(write.id, offset, id, "utf8")
    offset += id
    bytes.set(write.row, offset)
    offset += write.row.length
  }
  const { version, epoch, timeMs, parent } = record
  return { version, epoch, timeMs, parent, digest: digestOf(bytes), bytes }
}

/** Bytes that are no record: damaged on disk or in a message. Thrown by the readers below. */
export class RecordDamaged extends Error {
  constructor(detail: string) {
    super(`a record is damaged: ${detail}`)
    this.name = "RecordDamaged"
  }
}

/** The header facts and the digest of encoded bytes. Throws RecordDamaged. */
export function resealRecord(bytes: Uint8Array): SealedRecord {
  const buffer = viewOf(bytes)
  return {
    version: buffer.readUIntBE(at.version, 6),
    epoch: buffer.readUIntBE(at.epoch, 6),
    timeMs: buffer.readUIntBE(at.time, 6),
    parent: buffer.subarray(at.parent, at.parent + digestBytes),
    digest: digestOf(bytes),
    bytes,
  }
}

/** When the record was made, without hashing it. Throws RecordDamaged. */
export function recordTimeMs(bytes: Uint8Array): number {
  return viewOf(bytes).readUIntBE(at.time, 6)
}

/** SHA-256 of the idempotency key, where there is one, without decoding the rest. Throws RecordDamaged. */
export function recordKeyHash(bytes: Uint8Array): Digest | undefined {
  const buffer = viewOf(bytes)
  return readKey(buffer, new SectionReader(buffer, at.afterParent))?.hash
}

/** Decodes everything. Throws RecordDamaged. */
export function openRecord(bytes: Uint8Array): Record {
  const buffer = viewOf(bytes)
  const reader = new SectionReader(buffer, at.afterParent)
  const key = readKey(buffer, reader)
  const meta = metaOf(reader.text(reader.length32()))
  const operations = reader.text(reader.length32())
  const results = reader.text(reader.length32())
  const writes = readWrites(reader)
  return {
    version: buffer.readUIntBE(at.version, 6),
    epoch: buffer.readUIntBE(at.epoch, 6),
    timeMs: buffer.readUIntBE(at.time, 6),
    parent: buffer.subarray(at.parent, at.parent + digestBytes),
    key,
    meta,
    operations,
    results,
    writes,
  }
}

/** Who made it, and the write set: what the change feed shows, without the operations and their results. Throws RecordDamaged. */
export function openChanges(bytes: Uint8Array): { readonly meta: RecordMeta; readonly writes: readonly Write[] } {
  const buffer = viewOf(bytes)
  const reader = new SectionReader(buffer, at.afterParent)
  readKey(buffer, reader)
  const meta = metaOf(reader.text(reader.length32()))
  for (let section = 0; section < 2; section++) reader.skip(reader.length32())
  return { meta, writes: readWrites(reader) }
}

/** The key and the write set only: what the store applies, without parsing any JSON. Throws RecordDamaged. */
export function openWrites(bytes: Uint8Array): { readonly key: RecordKey | undefined; readonly writes: readonly Write[] } {
  const buffer = viewOf(bytes)
  const reader = new SectionReader(buffer, at.afterParent)
  const key = readKey(buffer, reader)
  for (let section = 0; section < 3; section++) reader.skip(reader.length32())
  return { key, writes: readWrites(reader) }
}

/**
 * Whether `records` continue a log whose head is (`head`, `headDigest`): consecutive versions, each parent the
 * digest before it. The digests themselves were computed by `resealRecord` from the bytes.
 */
export function continuesLog(head: number, headDigest: Digest, records: readonly SealedRecord[]): boolean {
  let version = head
  let digest = headDigest
  for (const record of records) {
    if (record.version !== version + 1 || !sameDigest(record.parent, digest)) return false
    version = record.version
    digest = record.digest
  }
  return true
}

function viewOf(bytes: Uint8Array): Buffer {
  if (bytes.length < at.afterParent) throw new RecordDamaged("it is shorter than its header")
  if (bytes[at.format] !== recordFormat) throw new RecordDamaged(`its format is ${bytes[at.format]}, not ${recordFormat}`)
  if (((bytes[at.flags] ?? 0) & ~flagKey) !== 0) throw new RecordDamaged(`it has unknown flags, ${bytes[at.flags]}`)
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function metaOf(text: string): RecordMeta {
  let meta: unknown
  try {
    meta = JSON.parse(text)
  } catch {
    throw new RecordDamaged("its meta is not JSON")
  }
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) throw new RecordDamaged("its meta is no JSON object")
  return meta as RecordMeta
}

function readKey(buffer: Buffer, reader: SectionReader): RecordKey | undefined {
  if (((buffer[at.flags] ?? 0) & flagKey) === 0) return undefined
  return { hash: reader.bytes(digestBytes), fingerprint: reader.bytes(digestBytes) }
}

function readWrites(reader: SectionReader): Write[] {
  const count = reader.length32()
  const writes: Write[] = []
  for (let n = 0; n < count; n++) {
    const collection = reader.length16()
    const id = reader.length16()
    const row = reader.length32()
    writes.push({ collection: reader.text(collection), id: reader.text(id), row: reader.bytes(row) })
  }
  // The write set is the last section.
  if (!reader.done()) throw new RecordDamaged("bytes follow its end")
  return writes
}

class SectionReader {
  constructor(
    private readonly buffer: Buffer,
    private offset: number,
  ) {}
  length16(): number {
    const from = this.take(2)
    return this.buffer.readUInt16BE(from)
  }
  length32(): number {
    const from = this.take(4)
    return this.buffer.readUInt32BE(from)
  }
  bytes(length: number): Uint8Array {
    const from = this.take(length)
    return this.buffer.subarray(from, from + length)
  }
  text(length: number): string {
    const from = this.take(length)
    const text = this.buffer.toString("utf8", from, from + length)
    // Decoding replaces what is not UTF-8, and then the text does not give the same bytes again.
    if (text.includes("\ufffd") && !this.buffer.subarray(from, from + length).equals(Buffer.from(text))) throw new RecordDamaged("its text is not UTF-8")
    return text
  }
  skip(length: number): void {
    this.take(length)
  }
  done(): boolean {
    return this.offset === this.buffer.length
  }
  private take(length: number): number {
    const from = this.offset
    if (from + length > this.buffer.length) throw new RecordDamaged("it ends too early")
    this.offset = from + length
    return from
  }
}
