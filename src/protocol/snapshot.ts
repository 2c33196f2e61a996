// A whole copy of a node's data, in chunks: what it consists of, and whether a chunk is what it should be. Who needs one pulls it.
import { type Digest, digestBytes, digestOf, sameDigest } from "./digest.ts"
import type { PeerRequest, SnapshotRequest } from "./messages.ts"
import type { Questioned } from "./question.ts"

export interface SnapshotManifest {
  /** Another copy has another one. */
  readonly id: string
  /** Head and committed version of the copy. */
  readonly version: number
  readonly headDigest: Digest
  /** Of the data file. */
  readonly bytes: number
  /** Of every chunk but the last. */
  readonly chunkBytes: number
  /** SHA-256 of each chunk, one after the other. */
  readonly digests: Uint8Array
}

export function isSnapshotRequest(request: PeerRequest): request is SnapshotRequest {
  return request.kind === "snapshot-manifest" || request.kind === "snapshot-chunk"
}

export function chunkCount({ bytes, chunkBytes }: Pick<SnapshotManifest, "bytes" | "chunkBytes">): number {
  return Math.ceil(bytes / chunkBytes)
}

/** Of a chunk: the first byte, and the one after the last. */
export function chunkRange({ bytes, chunkBytes }: Pick<SnapshotManifest, "bytes" | "chunkBytes">, index: number): readonly [number, number] {
  return [index * chunkBytes, Math.min(bytes, (index + 1) * chunkBytes)]
}

/** What is wrong with a manifest, if anything: a chunk has to fit into a message, and each has its digest. */
export function whyNoManifest({ bytes, chunkBytes, digests, id }: SnapshotManifest, chunkBytesMax: number): string | undefined {
  if (!/^[\w-]{1,64}$/.test(id)) return "its name is none"
  if (bytes < 1 || chunkBytes < 1 || chunkBytes > chunkBytesMax) return `${bytes} bytes in chunks of ${chunkBytes} are none`
  const digestsBytes = chunkCount({ bytes, chunkBytes }) * digestBytes
  return digests.length === digestsBytes ? undefined : `its digests have ${digests.length} bytes, not ${digestsBytes}`
}

export function isChunk(manifest: SnapshotManifest, index: number, bytes: Uint8Array): boolean {
  const [from, end] = chunkRange(manifest, index)
  if (from < 0 || end <= from || bytes.length !== end - from) return false
  return sameDigest(digestOf(bytes), manifest.digests.subarray(index * digestBytes, (index + 1) * digestBytes))
}

/** Why this node gives no copy, if so. A replica that lacks writes, or may, would pass that on. */
export function whyNotGiven({ role, lacking }: Pick<Questioned, "role" | "lacking">): string | undefined {
  return role === "replica" && lacking ? "this replica may lack writes itself" : undefined
}
