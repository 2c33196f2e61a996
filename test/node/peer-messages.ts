// One message of every kind that the two nodes send each other, for the tests of how they are written and sent.
import { digestOf, genesisDigest } from "../../src/protocol/digest.ts"
import { type Answer, type Envelope, protocolVersion, type PeerRequest } from "../../src/protocol/messages.ts"
import { sealRecord, type SealedRecord } from "../../src/protocol/record.ts"
import { encodeRow, textTerm } from "../../src/store/row.ts"

export const secret = "a secret for tests, of more than 32 characters"

export const envelope: Envelope = {
  protocol: protocolVersion,
  cluster: "cluster",
  node: "a",
  epoch: { number: 3, id: "epoch" },
  session: "session-of-a",
  peerSession: "session-of-b",
  link: 7,
  sentAtMs: 1234.5678,
}

/** A record that follows `before`; its operations have `size` characters, and what it writes holds `name` alone. */
export function recordAfter(before: SealedRecord | undefined, size = 10, name?: string): SealedRecord {
  const version = (before?.version ?? 0) + 1
  return sealRecord({
    version,
    epoch: 1,
    timeMs: 1_750_000_000_000 + version,
    parent: before?.digest ?? genesisDigest,
    key: version % 2 === 0 ? { hash: digestOf(`key ${version}`), fingerprint: digestOf(`request ${version}`) } : undefined,
    meta: { principal: "root" },
    operations: JSON.stringify("x".repeat(size)),
    results: "[]",
    writes: [{ collection: "things", id: `é${version}`, row: rowOf(version, name) }],
  })
}

function rowOf(version: number, name: string | undefined): Uint8Array {
  const terms = name === undefined ? [] : [textTerm("name", name, true)]
  return encodeRow({ changed: version, created: version, changes: 1, deleted: false }, terms, "{}")
}

const first = recordAfter(undefined)
const second = recordAfter(first)
const digest = digestOf("a digest")
const checkpoint = { version: 1_024, digest, state: digest.subarray(0, 16) }

type Messages<Message extends { readonly kind: string }> = { readonly [Kind in Message["kind"]]: readonly Extract<Message, { readonly kind: Kind }>[] }

const requestsByKind: Messages<PeerRequest> = {
  hello: [
    { kind: "hello", open: true, head: 5, headDigest: digest, committed: 4, logStart: 1, publicUrl: "https://a.example:4000", mode: "solo", leaseMs: 10_000, checkpoint },
    { kind: "hello", open: true, head: 5, headDigest: digest, committed: 4, logStart: 1, publicUrl: "https://a.example:4000" },
  ],
  prepare: [
    { kind: "prepare", round: 9, committed: 0, records: [first, second] },
    { kind: "prepare", round: 1, committed: 0, records: [] },
  ],
  commit: [{ kind: "commit", version: 5, digest, inSync: false }],
  rollback: [{ kind: "rollback", round: 2, first: 4, digest, parent: genesisDigest }],
  records: [{ kind: "records", from: Number.MAX_SAFE_INTEGER }],
  digest: [{ kind: "digest", version: 0 }],
  heartbeat: [{ kind: "heartbeat" }, { kind: "heartbeat", checkpoint }],
  handover: [{ kind: "handover", version: 5, digest, epoch: { number: 2, id: "second" }, decision: { what: "handover", by: "root", reason: "a new machine", forced: false } }],
  diverged: [{ kind: "diverged", version: 5, digest, peerDigest: genesisDigest, common: 4 }],
  position: [{ kind: "position" }],
  "snapshot-manifest": [{ kind: "snapshot-manifest" }],
  "snapshot-chunk": [{ kind: "snapshot-chunk", id: "copy", index: 7 }],
}

const answersByKind: Messages<Answer> = {
  hello: [{ kind: "hello", opened: true, link: 3, fresh: false, head: 5, headDigest: digest, committed: 4, logStart: 1 }],
  vote: [
    { kind: "vote", round: 9, vote: { prepared: true }, committed: 4 },
    { kind: "vote", round: 9, vote: { prepared: false, code: "disk-full", detail: "full, “really”" }, committed: 4 },
    { kind: "vote", round: 9, vote: { prepared: false, code: "unique", detail: "" }, committed: 0 },
  ],
  committed: [{ kind: "committed", committed: 5 }],
  "rolled-back": [{ kind: "rolled-back", round: 2 }],
  records: [{ kind: "records", from: 1, records: [first, second] }],
  digest: [
    { kind: "digest", version: 5, digest },
    { kind: "digest", version: 6, digest: null },
  ],
  heartbeat: [{ kind: "heartbeat", head: 5, committed: 4 }],
  "took-over": [{ kind: "took-over", epoch: { number: 2, id: "second" } }],
  diverged: [{ kind: "diverged" }],
  position: [{ kind: "position", role: "replica", mode: "paired", lacking: true, head: 5, headDigest: digest, committed: 4, logStart: 2 }],
  "snapshot-manifest": [{ kind: "snapshot-manifest", id: "copy", version: 5, headDigest: digest, bytes: 9_000, chunkBytes: 4_096, digests: Buffer.concat([digest, digest, digest]) }],
  "snapshot-chunk": [
    { kind: "snapshot-chunk", id: "copy", index: 7, bytes: Buffer.alloc(4_096, 7) },
    { kind: "snapshot-chunk", id: "copy", index: 8, bytes: Buffer.alloc(0) },
  ],
  refused: [
    { kind: "refused", of: "snapshot-chunk", code: "no-copy", detail: "gone" },
    { kind: "refused", of: "hello", code: "fetching", detail: "wait" },
    { kind: "refused", of: "prepare", code: "session", detail: "say hello again" },
    { kind: "refused", of: "hello", code: "epoch-forked", detail: "both lead", log: { start: 1, head: 5 } },
  ],
}

export const requests: readonly PeerRequest[] = Object.values(requestsByKind).flat()
export const answers: readonly Answer[] = Object.values(answersByKind).flat()
