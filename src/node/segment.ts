// A segment: consecutive records of the log, as they are shipped to where a restore finds them. docs/FORMAT.md, "Segment", is the layout.
// Its name says where it belongs, so that a chain is found by names alone, and segments of different reigns never have the same one. Pure.
import { type Digest, digestFromText, digestOf, digestText } from "../protocol/digest.ts"
import { continuesLog, RecordDamaged, resealRecord, type SealedRecord } from "../protocol/record.ts"

const format = "tandem segment 1"

/** As much of a digest as a name has; what is read is compared with all of it. */
const shortDigest = 16

export interface SegmentName {
  readonly name: string
  /** The first eight characters of the cluster's id. */
  readonly cluster: string
  readonly from: number
  readonly to: number
  /** Of the last record. */
  readonly epoch: number
  /** Of the record before the first, and of the last; shortened. */
  readonly parent: string
  readonly digest: string
}

export interface Segment {
  readonly name: string
  readonly bytes: Uint8Array
}

const pattern = /^tandem-([0-9a-z]{1,8})-(\d{15})-(\d{15})-(\d{1,15})-([0-9a-f]{16})-([0-9a-f]{16})\.segment$/

export function clusterPrefix(clusterId: string): string {
  return clusterId.replace(/[^0-9a-z]/g, "").slice(0, 8)
}

export function short(digest: Digest): string {
  return digestText(digest).slice(0, shortDigest)
}

export function parseSegmentName(name: string): SegmentName | undefined {
  const [, cluster = "", from = "", to = "", epoch = "", parent = "", digest = ""] = pattern.exec(name) ?? []
  return cluster === "" || Number(from) > Number(to) ? undefined : { name, cluster, from: Number(from), to: Number(to), epoch: Number(epoch), parent, digest }
}

/** One record at least, consecutive ones. */
export function sealSegment(clusterId: string, records: readonly SealedRecord[]): Segment {
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined) throw new Error("a segment has no records")
  const body = Buffer.concat(records.flatMap(({ bytes }) => [lengthOf(bytes), bytes]))
  const header = {
    format,
    cluster: clusterId,
    from: first.version,
    to: last.version,
    epoch: last.epoch,
    parent: digestText(first.parent),
    digest: digestText(last.digest),
    sha256: digestText(digestOf(body)),
  }
  const padded = (version: number): string => String(version).padStart(15, "0")
  const name = `tandem-${clusterPrefix(clusterId)}-${padded(first.version)}-${padded(last.version)}-${last.epoch}-${short(first.parent)}-${short(last.digest)}.segment`
  return { name, bytes: Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]) }
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(bytes.length)
  return length
}

/** The bytes are not what their name says. */
export class SegmentDamaged extends Error {
  constructor({ name }: SegmentName, why: string) {
    super(`the segment ${name} is damaged: ${why}`)
    this.name = "SegmentDamaged"
  }
}

/** Its records, every one of which gives its digest and follows the one before. Throws SegmentDamaged. */
export function openSegment(named: SegmentName, clusterId: string, given: Uint8Array): readonly SealedRecord[] {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const end = bytes.indexOf(0x0a)
  const header = headerOf(named, bytes.subarray(0, Math.max(0, end)))
  const body = bytes.subarray(end + 1)
  if (header["cluster"] !== clusterId) throw new SegmentDamaged(named, `it is of the cluster ${String(header["cluster"]).slice(0, 64)}`)
  if (header["sha256"] !== digestText(digestOf(body))) throw new SegmentDamaged(named, "its records do not give its checksum")
  const records = recordsOf(named, body)
  const [first] = records
  const parent = digestFromText(String(header["parent"]))
  const isWhole = first?.version === named.from && records.at(-1)?.version === named.to && records.at(-1)?.epoch === named.epoch
  if (!isWhole || parent === undefined || short(parent) !== named.parent || !continuesLog(named.from - 1, parent, records)) throw new SegmentDamaged(named, "its records are not those that its name says")
  if (short(records.at(-1)?.digest ?? new Uint8Array()) !== named.digest) throw new SegmentDamaged(named, "its last record has another digest")
  return records
}

function headerOf(named: SegmentName, line: Buffer): { readonly [name: string]: unknown } {
  try {
    const header = JSON.parse(line.toString("utf8")) as { readonly [name: string]: unknown } | null
    if (header !== null && header["format"] === format) return header
  } catch {
    // Said below.
  }
  throw new SegmentDamaged(named, "it does not begin as one of this format")
}

function recordsOf(named: SegmentName, body: Buffer): readonly SealedRecord[] {
  const records: SealedRecord[] = []
  try {
    for (let offset = 0; offset < body.length; ) {
      const begin = offset + 4
      offset = begin + body.readUInt32BE(offset)
      if (offset > body.length) throw new RangeError("a record is cut off")
      records.push(resealRecord(body.subarray(begin, offset)))
    }
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof RecordDamaged)) throw error
    throw new SegmentDamaged(named, error.message)
  }
  return records
}
