// Gives whole copies of this node's data away: makes one when it is asked for, keeps it as long as it may be needed, also over a
// restart, and reads a chunk at a time. Must never change the store, and never give a chunk that is not what the manifest says.
//
// What a crash leaves behind: before the manifest is stored, a directory that the next copy takes away; after it a copy that is given on.
import { existsSync, statSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { bounds } from "../bounds.ts"
import { digestBytes, digestOf, sameDigest } from "../protocol/digest.ts"
import type { RefusedAnswer, SnapshotChunkAnswer, SnapshotManifestAnswer } from "../protocol/messages.ts"
import { chunkCount, chunkRange, isChunk, type SnapshotManifest } from "../protocol/snapshot.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { Copied } from "../store/copy.ts"
import type { Reader } from "../store/store.ts"
import { SnapshotPlace } from "./snapshot-place.ts"

export interface SnapshotHolderParts {
  readonly reader: Pick<Reader, "logStart" | "digest">
  readonly dataDirectory: string
  /** Throws with a reason, a lack of room for one. */
  readonly copyTo: (path: string) => Promise<Copied>
  readonly newId: () => string
  readonly chunkBytes: number
  readonly monotonicMs: () => number
  readonly notice: (line: string) => void
}

type NotGiven = Pick<RefusedAnswer, "code" | "detail">

export class SnapshotHolder {
  readonly #parts: SnapshotHolderParts
  readonly #place: SnapshotPlace
  #held: SnapshotManifest | undefined
  #file: FileHandle | undefined
  #making: Promise<void> | undefined
  /** Why the last one came to nothing; said once to who asks. */
  #failed: string | undefined
  #lastFailed: string | undefined
  /** Chunks are read one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #askedAtMs: number

  constructor(parts: SnapshotHolderParts) {
    this.#parts = parts
    this.#place = new SnapshotPlace(parts.dataDirectory, "snapshot")
    this.#askedAtMs = parts.monotonicMs()
    const held = this.#place.manifest()
    if (held !== undefined && existsSync(this.#place.dataPath) && statSync(this.#place.dataPath).size === held.bytes) this.#held = held
  }

  /** Of the copy there is; where there is none, or the log does not reach it any more, one is being made. */
  manifest(): SnapshotManifestAnswer | NotGiven {
    this.#askedAtMs = this.#parts.monotonicMs()
    const failed = this.#failed
    this.#failed = undefined
    if (failed !== undefined) return { code: "no-copy", detail: failed }
    if (this.#making === undefined && this.#held !== undefined && this.#reaches(this.#held)) return { kind: "snapshot-manifest", ...this.#held }
    this.#making ??= this.#make().finally(() => (this.#making = undefined))
    return { code: "busy", detail: "the copy is being made" }
  }

  async chunk(id: string, index: number): Promise<SnapshotChunkAnswer | NotGiven> {
    this.#askedAtMs = this.#parts.monotonicMs()
    if (this.#held?.id !== id || index >= chunkCount(this.#held)) return gone
    const reading = this.#turn.then(() => this.#read(id, index))
    this.#turn = reading.then(() => undefined, () => undefined)
    return reading
  }

  /** Called often: removes what nobody needs any more. */
  tick(inSync: boolean): void {
    if (this.#making !== undefined || (this.#held === undefined && !this.#place.exists)) return
    // A replica takes itself to be in sync also while its primary, stopped, is being repaired, and asks.
    if (this.#parts.monotonicMs() - this.#askedAtMs > (inSync ? bounds.snapshotInSyncKeepMs : bounds.snapshotKeepMs)) this.#drop()
  }

  #reaches({ version, headDigest }: SnapshotManifest): boolean {
    const digest = version + 1 < this.#parts.reader.logStart() ? undefined : this.#parts.reader.digest(version)
    return digest !== undefined && sameDigest(digest, headDigest)
  }

  async #make(): Promise<void> {
    const { copyTo, newId, chunkBytes, notice } = this.#parts
    try {
      this.#drop()
      this.#place.make()
      failpoint("snapshot.copy.before")
      const { version, headDigest, bytes } = await copyTo(this.#place.dataPath)
      failpoint("snapshot.copy.after")
      const digests = await this.#digests(bytes)
      failpoint("snapshot.digests.after")
      this.#held = { id: newId(), version, headDigest, bytes, chunkBytes, digests }
      this.#place.putManifest(this.#held)
      failpoint("snapshot.held.after")
      notice(`gives the other node a copy of version ${version}, ${bytes} bytes`)
    } catch (error) {
      this.#drop()
      const failed = error instanceof Error ? error.message : String(error)
      if (failed !== this.#lastFailed) notice(`cannot give the other node a copy: ${failed}`)
      this.#lastFailed = failed
      this.#failed = failed
    }
  }

  async #digests(bytes: number): Promise<Uint8Array> {
    const { chunkBytes } = this.#parts
    const digests = new Uint8Array(chunkCount({ bytes, chunkBytes }) * digestBytes)
    const file = await open(this.#place.dataPath, "r")
    try {
      for (let index = 0; index * digestBytes < digests.length; index++) {
        const chunk = await readChunk(file, { bytes, chunkBytes }, index)
        await this.#rest(() => digests.set(digestOf(chunk), index * digestBytes))
      }
    } finally {
      await file.close()
    }
    return digests
  }

  /** Whoever waits for a write is not kept waiting by who waits for a copy. */
  async #rest<Result>(work: () => Result): Promise<Result> {
    const beganMs = this.#parts.monotonicMs()
    const result = work()
    const restMs = (this.#parts.monotonicMs() - beganMs) * bounds.snapshotRestFactor
    await sleep(restMs)
    return result
  }

  async #read(id: string, index: number): Promise<SnapshotChunkAnswer | NotGiven> {
    const held = this.#held
    if (held?.id !== id) return gone
    failpoint("snapshot.give-chunk.before")
    try {
      this.#file ??= await open(this.#place.dataPath, "r")
      const bytes = await readChunk(this.#file, held, index)
      if (this.#held !== held) return gone
      if (await this.#rest(() => isChunk(held, index, bytes))) {
        failpoint("snapshot.give-chunk.after")
        return { kind: "snapshot-chunk", id, index, bytes }
      }
      throw new Error(`its chunk ${index} is not as it was written`)
    } catch (error) {
      this.#parts.notice(`the copy for the other node is damaged, and is made anew: ${error instanceof Error ? error.message : String(error)}`)
      if (this.#held === held) this.#drop()
      return gone
    }
  }

  #drop(): void {
    this.#held = undefined
    const file = this.#file
    this.#file = undefined
    void file?.close()
    if (!this.#place.exists) return
    failpoint("snapshot.drop.before")
    this.#place.remove()
    failpoint("snapshot.drop.after")
  }
}

const gone: NotGiven = { code: "no-copy", detail: "this copy is gone" }

export async function readChunk(file: FileHandle, copy: Pick<SnapshotManifest, "bytes" | "chunkBytes">, index: number): Promise<Uint8Array> {
  const [from, end] = chunkRange(copy, index)
  const chunk = new Uint8Array(end - from)
  for (let read = 0; read < chunk.length; ) {
    const { bytesRead } = await file.read(chunk, read, chunk.length - read, from + read)
    if (bytesRead === 0) return chunk.subarray(0, read)
    read += bytesRead
  }
  return chunk
}
