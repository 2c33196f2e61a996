// A peer message as bytes: a JSON header with everything but what is attached, then that as it is: the records as they are stored, or a
// part of a copy.
// Both directions are authenticated with an HMAC over the path and all bytes; an answer's HMAC covers the request's
// too, so an answer cannot be passed off as the answer to another request.
import { createHmac, timingSafeEqual } from "node:crypto"
import * as v from "valibot"
import { digestFromText, digestText } from "../protocol/digest.ts"
import { type Answer, type Envelope, isSpoken, type PeerRequest, protocolVersion } from "../protocol/messages.ts"
import { resealRecord, type SealedRecord } from "../protocol/record.ts"

/** Bytes that are no message of this protocol, or that were not made with the shared secret. */
export class PeerMessageDamaged extends Error {
  constructor(detail: string) {
    super(`a message from the peer cannot be read: ${detail}`)
    this.name = "PeerMessageDamaged"
  }
}

/** A message of a protocol that this release does not speak: nothing of it can be relied on but who sent it. */
export class PeerProtocolUnknown extends Error {
  constructor(
    readonly protocol: number,
    readonly session: string,
    readonly sentAtMs: number,
  ) {
    super(`a message from the peer is of protocol ${protocol}, and this release speaks ${protocolVersion}`)
    this.name = "PeerProtocolUnknown"
  }
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const text = v.pipe(v.string(), v.maxLength(4096))
const digest = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = digestFromText(dataset.value)
    if (bytes !== undefined) return bytes
    addIssue({ message: "a digest has 64 hexadecimal digits" })
    return NEVER
  }),
)
/** 16 bytes. */
const state = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/, "the digest of a state has 32 hexadecimal digits"),
  v.transform((text) => Buffer.from(text, "hex")),
)
const epoch = v.strictObject({ number: count, id: text })
const envelope = v.strictObject({
  protocol: count,
  cluster: v.nullable(text),
  node: text,
  epoch,
  session: text,
  peerSession: v.nullable(text),
  link: count,
  sentAtMs: v.number(),
})
const decision = v.strictObject({ what: v.picklist(["promote", "promote-solo", "handover", "solo", "paired", "restore"]), by: text, reason: text, forced: v.boolean() })
const mode = v.picklist(["paired", "alone", "solo"])
const checkpoint = v.strictObject({ version: count, digest, state })
const kind = <const Kind extends string>(name: Kind) => ({ kind: v.literal(name) })

const request = v.variant("kind", [
  v.strictObject({ ...kind("hello"), open: v.boolean(), head: count, headDigest: digest, committed: count, logStart: count, publicUrl: text, mode: v.exactOptional(mode), leaseMs: v.exactOptional(count), checkpoint: v.exactOptional(checkpoint) }),
  v.strictObject({ ...kind("prepare"), round: count, committed: count }),
  v.strictObject({ ...kind("commit"), version: count, digest, inSync: v.boolean() }),
  v.strictObject({ ...kind("rollback"), round: count, first: count, digest, parent: digest }),
  v.strictObject({ ...kind("records"), from: count }),
  v.strictObject({ ...kind("digest"), version: count }),
  v.strictObject({ ...kind("heartbeat"), checkpoint: v.exactOptional(checkpoint) }),
  v.strictObject({ ...kind("handover"), version: count, digest, epoch, decision }),
  v.strictObject({ ...kind("diverged"), version: count, digest, peerDigest: digest, common: v.nullable(count) }),
  v.strictObject({ ...kind("position") }),
  v.strictObject({ ...kind("snapshot-manifest") }),
  v.strictObject({ ...kind("snapshot-chunk"), id: text, index: count }),
])

const refusalCode = v.picklist([
  "protocol",
  "foreign-cluster",
  "same-node",
  "itself",
  "fenced",
  "epoch-forked",
  "session",
  "not-replica",
  "deposed",
  "wiped",
  "stale-round",
  "gap",
  "in-doubt",
  "behind",
  "fetching",
  "no-copy",
  "rows-differ",
  "damaged",
  "busy",
])
const vote = v.variant("prepared", [
  v.strictObject({ prepared: v.literal(true) }),
  v.strictObject({ prepared: v.literal(false), code: v.picklist(["disk-full", "unique"]), detail: text }),
])
const answer = v.variant("kind", [
  v.strictObject({ ...kind("hello"), opened: v.boolean(), link: count, fresh: v.boolean(), head: count, headDigest: digest, committed: count, logStart: count }),
  v.strictObject({ ...kind("vote"), round: count, vote, committed: count }),
  v.strictObject({ ...kind("committed"), committed: count }),
  v.strictObject({ ...kind("rolled-back"), round: count }),
  v.strictObject({ ...kind("records"), from: count }),
  v.strictObject({ ...kind("digest"), version: count, digest: v.nullable(digest) }),
  v.strictObject({ ...kind("heartbeat"), head: count, committed: count }),
  v.strictObject({ ...kind("took-over"), epoch }),
  v.strictObject({ ...kind("diverged") }),
  v.strictObject({ ...kind("position"), role: v.picklist(["primary", "replica"]), mode, lacking: v.boolean(), head: count, headDigest: digest, committed: count, logStart: count }),
  v.strictObject({ ...kind("snapshot-manifest"), id: text, version: count, headDigest: digest, bytes: count, chunkBytes: count }),
  v.strictObject({ ...kind("snapshot-chunk"), id: text, index: count }),
  v.strictObject({ ...kind("refused"), of: v.picklist(["hello", "prepare", "commit", "rollback", "records", "digest", "heartbeat", "handover", "diverged", "position", "snapshot-manifest", "snapshot-chunk"]), code: refusalCode, detail: text, log: v.exactOptional(v.strictObject({ start: count, head: count })) }),
])
const requestHeader = v.strictObject({ envelope, message: request })
const answerHeader = v.strictObject({ envelope, message: answer })

/** The bytes of a request or an answer. */
export function encodePeerMessage(envelope: Envelope, message: PeerRequest | Answer): Buffer {
  const [rest, attached] = detach(message)
  const header = Buffer.from(JSON.stringify({ envelope, message: rest }, digestsAsText))
  let size = 8 + header.length
  for (const part of attached) size += 4 + part.length
  const bytes = Buffer.allocUnsafe(size)
  bytes.writeUInt32BE(header.length, 0)
  bytes.set(header, 4)
  let offset = bytes.writeUInt32BE(attached.length, 4 + header.length)
  for (const part of attached) {
    offset = bytes.writeUInt32BE(part.length, offset)
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** What goes into the header, and what follows it as it is. */
function detach(message: PeerRequest | Answer): readonly [object, readonly Uint8Array[]] {
  if ("records" in message) return [{ ...message, records: undefined }, message.records.map(({ bytes }) => bytes)]
  if ("digests" in message) return [{ ...message, digests: undefined }, [message.digests]]
  if (message.kind === "snapshot-chunk" && "bytes" in message) return [{ ...message, bytes: undefined }, [message.bytes]]
  return [message, []]
}

function digestsAsText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return digestText(value)
  // Buffer.toJSON has run by the time a replacer sees a nested Buffer.
  if (typeof value === "object" && value !== null && (value as { type?: unknown }).type === "Buffer") {
    return Buffer.from((value as { data: number[] }).data).toString("hex")
  }
  return value
}

export interface DecodedRequest<Message extends PeerRequest = PeerRequest> {
  readonly envelope: Envelope
  readonly message: Message
}

export interface DecodedAnswer {
  readonly envelope: Envelope
  readonly message: Answer
}

/** Of any protocol, so that a release can say which ones it speaks. */
const anyHeader = v.looseObject({ envelope: v.looseObject({ protocol: count, session: text, sentAtMs: v.number() }) })

function checkProtocol(header: unknown): void {
  const { success, output } = v.safeParse(anyHeader, header)
  if (!success || isSpoken(output.envelope.protocol)) return
  const { protocol, session, sentAtMs } = output.envelope
  throw new PeerProtocolUnknown(protocol, session, sentAtMs)
}

/** Throws PeerMessageDamaged, also where a record's bytes are none, and PeerProtocolUnknown. */
export function decodeRequest(bytes: Uint8Array): DecodedRequest {
  const { header, attached } = split(bytes)
  checkProtocol(header)
  const { envelope, message } = checked(requestHeader, header)
  if (message.kind === "prepare") return { envelope, message: { ...message, records: recordsOf(attached) } }
  if (attached.length > 0) throw new PeerMessageDamaged(`a ${message.kind} carries nothing with it`)
  return { envelope, message }
}

/** Throws PeerMessageDamaged, also where a record's bytes are none. */
export function decodeAnswer(bytes: Uint8Array): DecodedAnswer {
  const { header, attached } = split(bytes)
  const { envelope, message } = checked(answerHeader, header)
  switch (message.kind) {
    case "records":
      return { envelope, message: { ...message, records: recordsOf(attached) } }
    case "snapshot-manifest":
      return { envelope, message: { ...message, digests: onlyOne(attached) } }
    case "snapshot-chunk":
      return { envelope, message: { ...message, bytes: onlyOne(attached) } }
    default:
      if (attached.length > 0) throw new PeerMessageDamaged(`an answer to ${message.kind} carries nothing with it`)
      return { envelope, message }
  }
}

function onlyOne(attached: readonly Uint8Array[]): Uint8Array {
  const [only] = attached
  if (only === undefined || attached.length > 1) throw new PeerMessageDamaged(`${attached.length} parts are attached, not one`)
  return only
}

function recordsOf(attached: readonly Buffer[]): SealedRecord[] {
  try {
    return attached.map((part) => resealRecord(part))
  } catch (error) {
    throw new PeerMessageDamaged(error instanceof Error ? error.message : String(error))
  }
}

function checked<Schema extends v.GenericSchema>(schema: Schema, header: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, header)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new PeerMessageDamaged(`${v.getDotPath(issue) ?? "header"}: ${issue.message}`)
}

function split(bytes: Uint8Array): { header: unknown; attached: Buffer[] } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const headerEnd = 4 + buffer.readUInt32BE(0)
    const header: unknown = JSON.parse(buffer.toString("utf8", 4, headerEnd))
    const attached: Buffer[] = []
    let offset = headerEnd + 4
    for (let left = buffer.readUInt32BE(headerEnd); left > 0; left--) {
      const end = offset + 4 + buffer.readUInt32BE(offset)
      if (end > buffer.length) throw new PeerMessageDamaged("what is attached is cut off")
      attached.push(buffer.subarray(offset + 4, end))
      offset = end
    }
    if (offset !== buffer.length) throw new PeerMessageDamaged("bytes follow its end")
    return { header, attached }
  } catch (error) {
    if (error instanceof PeerMessageDamaged) throw error
    throw new PeerMessageDamaged(error instanceof Error ? error.message : String(error))
  }
}

/** Hexadecimal HMAC-SHA256 of a request. */
export function signRequest(secret: string, path: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(`request\n${path}\n`).update(body).digest("hex")
}

/** Hexadecimal HMAC-SHA256 of an answer, bound to its request. */
export function signAnswer(secret: string, requestSignature: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(`answer\n${requestSignature}\n`).update(body).digest("hex")
}

export function sameSignature(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
