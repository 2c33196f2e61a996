// A copy of a node's data: what its manifest has to be, which bytes are which chunk, and who gives none.
import { describe, expect, test } from "bun:test"
import { digestBytes, digestOf } from "../../src/protocol/digest.ts"
import { chunkCount, chunkRange, isChunk, isSnapshotRequest, type SnapshotManifest, whyNoManifest, whyNotGiven } from "../../src/protocol/snapshot.ts"

const data = Buffer.from("0123456789")
const chunks = [data.subarray(0, 4), data.subarray(4, 8), data.subarray(8)]
const manifest: SnapshotManifest = { id: "copy-1", version: 7, headDigest: digestOf("head"), bytes: 10, chunkBytes: 4, digests: Buffer.concat(chunks.map((chunk) => digestOf(chunk))) }

describe("a copy", () => {
  test("is cut into chunks, the last of which may be shorter", () => {
    expect(chunkCount(manifest)).toBe(3)
    expect([0, 1, 2].map((index) => chunkRange(manifest, index))).toEqual([[0, 4], [4, 8], [8, 10]])
  })

  test("has each chunk in its place only, whole and undamaged", () => {
    expect(chunks.map((chunk, index) => isChunk(manifest, index, chunk))).toEqual([true, true, true])
    const wrong: readonly (readonly [number, Uint8Array])[] = [[0, chunks[1] ?? data], [0, data.subarray(0, 3)], [2, data.subarray(6)], [3, Buffer.alloc(0)], [-1, chunks[0] ?? data]]
    expect(wrong.map(([index, bytes]) => isChunk(manifest, index, bytes))).toEqual([false, false, false, false, false])
  })

  test("has a manifest that makes sense, and chunks that fit into a message", () => {
    expect(whyNoManifest(manifest, 4)).toBeUndefined()
    const wrong: readonly Partial<SnapshotManifest>[] = [{ id: "../x" }, { bytes: 0 }, { chunkBytes: 0 }, { chunkBytes: 5 }, { digests: manifest.digests.subarray(digestBytes) }]
    expect(wrong.map((part) => whyNoManifest({ ...manifest, ...part }, 4))).toEqual([
      "its name is none",
      "0 bytes in chunks of 4 are none",
      "10 bytes in chunks of 0 are none",
      "10 bytes in chunks of 5 are none",
      "its digests have 64 bytes, not 96",
    ])
  })

  test("is given by a primary, and by a replica that lacks nothing itself (P2)", () => {
    expect(whyNotGiven({ role: "primary", lacking: false })).toBeUndefined()
    expect(whyNotGiven({ role: "replica", lacking: false })).toBeUndefined()
    expect(whyNotGiven({ role: "replica", lacking: true })).toBe("this replica may lack writes itself")
  })

  test("is asked for by two kinds of request", () => {
    expect([{ kind: "snapshot-manifest" } as const, { kind: "snapshot-chunk", id: "copy-1", index: 0 } as const, { kind: "position" } as const].map(isSnapshotRequest)).toEqual([true, true, false])
  })
})
