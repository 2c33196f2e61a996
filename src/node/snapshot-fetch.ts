// Fetches a whole copy of the other node's data, and puts it in the place of this node's own. Must never put there what is not wholly
// checked, and never change what is there before.
//
// What happens, and what a kill leaves behind for the next start, which goes on from there:
//   1. The manifest is stored in `fetching`, then chunks are written beside it, in any order, each only after its digest was compared.
//      What is there is read and compared anew after a kill. Another manifest: everything is begun anew.
//   2. The whole file is synced and checked as a node's data is, in full. In the copy this node's own identity is stored.
//   3. The file there was is kept as `replaced.mdb`, until the pair is in sync; then the copy is renamed to its place.
// Between 1 and 3 the node still has the data that it had.
import { existsSync, renameSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { bounds } from "../bounds.ts"
import { sameDigest } from "../protocol/digest.ts"
import type { Epoch } from "../protocol/epoch.ts"
import { type Answer, type Envelope, protocolVersion, type SnapshotRequest } from "../protocol/messages.ts"
import { chunkCount, chunkRange, isChunk, type SnapshotManifest, whyNoManifest } from "../protocol/snapshot.ts"
import { failpoint } from "../runtime/failpoint.ts"
import { writeWhole } from "../runtime/write-whole.ts"
import { fileName } from "../store/new-environment.ts"
import { linkOrCopy } from "../store/link-or-copy.ts"
import { openLmdbStore } from "../store/lmdb-store.ts"
import { syncPath } from "../store/sync-path.ts"
import { type Identity, nobody } from "../store/store.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { verifyStore } from "../store/verify.ts"
import type { DecodedAnswer } from "./peer-wire.ts"
import { readChunk } from "./snapshot-holder.ts"
import { SnapshotPlace } from "./snapshot-place.ts"

export const replacedName = "replaced.mdb"

export interface SnapshotFetchParts {
  readonly dataDirectory: string
  readonly nodeId: string
  readonly cluster: string
  readonly epoch: Epoch
  readonly session: string
  readonly ask: (envelope: Envelope, request: SnapshotRequest) => Promise<DecodedAnswer>
  /** Under which name what was here is kept; for good, unless that is `replacedName`. */
  readonly keptAs?: string
  /** What this node is to be with the copy, in what is not of the node that it comes from. */
  readonly identity: Partial<Identity>
  readonly freeBytes: () => number
  readonly floorBytes: number
  readonly monotonicMs: () => number
  readonly notice: (line: string) => void
}

export interface FetchProgress {
  /** Null while the other node makes the copy. */
  readonly version: number | null
  readonly bytes: number
  readonly totalBytes: number
}

/** It cannot be fetched now; another start may do better. */
export class FetchFailed extends Error {
  override readonly name = "FetchFailed"
}

export class FetchCancelled extends Error {}

/** The copy is not given any more, or is damaged: another one is asked for. */
class AnotherCopy extends Error {}

export class SnapshotFetch {
  readonly #parts: SnapshotFetchParts
  readonly #place: SnapshotPlace
  #progress: FetchProgress = { version: null, bytes: 0, totalBytes: 0 }
  #cancelled = false
  #lastNotice = ""
  #toldPercent = 0
  #beganMs = 0
  #beganBytes = 0

  constructor(parts: SnapshotFetchParts) {
    this.#parts = parts
    this.#place = new SnapshotPlace(parts.dataDirectory, "fetching")
  }

  get progress(): FetchProgress {
    return this.#progress
  }

  /** From now on nothing is put in place any more. */
  cancel(): void {
    this.#cancelled = true
  }

  /** Resolves with the copy's version once it is in place: nothing of the data that was open may be used any more. Throws FetchFailed and FetchCancelled. */
  async run(): Promise<number> {
    for (let tries = 1; ; tries++) {
      try {
        const manifest = await this.#askManifest()
        await this.#fetch(manifest)
        await this.#check(manifest)
        this.#goOn()
        this.#install()
        return manifest.version
      } catch (error) {
        if (!(error instanceof AnotherCopy)) throw error
        this.#notice(error.message)
        if (tries >= bounds.snapshotTriesMax) throw new FetchFailed(`${error.message}, ${tries} times`)
        await sleep(bounds.snapshotRetryMs)
      }
    }
  }

  #goOn(): void {
    if (this.#cancelled) throw new FetchCancelled()
  }

  async #askManifest(): Promise<SnapshotManifest> {
    for (;;) {
      const answer = await this.#ask({ kind: "snapshot-manifest" })
      if (answer?.kind === "snapshot-manifest") {
        const why = whyNoManifest(answer, bounds.snapshotChunkBytes)
        if (why !== undefined) throw new FetchFailed(`what the other node says of its copy makes no sense: ${why}`)
        return answer
      }
      if (answer?.kind === "refused") this.#notice(`waits for a copy: ${answer.detail}`)
      await sleep(bounds.snapshotRetryMs)
    }
  }

  async #fetch(manifest: SnapshotManifest): Promise<void> {
    if (this.#place.manifest()?.id !== manifest.id) this.#begin(manifest)
    const file = await open(this.#place.dataPath, existsSync(this.#place.dataPath) ? "r+" : "w+", 0o600)
    try {
      this.#progress = { version: manifest.version, bytes: 0, totalBytes: manifest.bytes }
      const missing = await this.#missing(manifest, file)
      this.#beganMs = this.#parts.monotonicMs()
      this.#beganBytes = this.#progress.bytes
      this.#notice(`fetches a copy of version ${manifest.version}, ${manifest.bytes} bytes${this.#beganBytes === 0 ? "" : `, of which ${this.#beganBytes} are here`}`)
      await Promise.all(Array.from({ length: bounds.snapshotAsksMax }, () => this.#fetchFrom(missing, manifest, file)))
      await file.truncate(manifest.bytes)
      await file.sync()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw code === "ENOSPC" || code === "EDQUOT" ? new FetchFailed(`there is no room for a copy of ${manifest.bytes} bytes`) : error
    } finally {
      await file.close()
    }
    failpoint("snapshot.whole.after")
  }

  #begin(manifest: SnapshotManifest): void {
    failpoint("snapshot.begin.before")
    this.#place.remove()
    const { freeBytes, floorBytes } = this.#parts
    const free = freeBytes()
    if (free - manifest.bytes < floorBytes) {
      throw new FetchFailed(`there is no room for a copy of ${manifest.bytes} bytes beside what is here: ${free} bytes are free, and ${floorBytes} are to stay so`)
    }
    this.#place.make()
    this.#place.putManifest(manifest)
    failpoint("snapshot.begin.after")
  }

  /** Chunks that are not here, or not as they should be. */
  async #missing(manifest: SnapshotManifest, file: FileHandle): Promise<number[]> {
    const missing: number[] = []
    const { size } = await file.stat()
    for (let index = 0; index < chunkCount(manifest); index++) {
      const isHere = chunkRange(manifest, index)[0] < size && isChunk(manifest, index, await readChunk(file, manifest, index))
      if (isHere) this.#gained(manifest, index)
      else missing.push(index)
    }
    return missing
  }

  async #fetchFrom(missing: number[], manifest: SnapshotManifest, file: FileHandle): Promise<void> {
    for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
      try {
        await this.#write(file, chunkRange(manifest, index)[0], await this.#chunk(manifest, index))
      } catch (error) {
        // The others end with what they are at.
        missing.length = 0
        throw error
      }
      this.#gained(manifest, index)
      this.#tell()
    }
  }

  async #chunk(manifest: SnapshotManifest, index: number): Promise<Uint8Array> {
    const { id } = manifest
    for (let damaged = 0; ; ) {
      const answer = await this.#ask({ kind: "snapshot-chunk", id, index })
      if (answer?.kind === "refused" && answer.code === "no-copy") throw new AnotherCopy(`asks for another copy: ${answer.detail}`)
      if (answer?.kind === "snapshot-chunk" && answer.id === id && answer.index === index) {
        if (isChunk(manifest, index, answer.bytes)) return answer.bytes
        if (++damaged >= bounds.snapshotTriesMax) throw new AnotherCopy(`asks for another copy: chunk ${index} is not what it should be`)
        this.#notice(`chunk ${index} came damaged, and is asked for again`)
        continue
      }
      await sleep(bounds.snapshotRetryMs)
    }
  }

  async #write(file: FileHandle, at: number, bytes: Uint8Array): Promise<void> {
    failpoint("snapshot.write-chunk.before")
    await writeWhole(file, bytes, at)
    failpoint("snapshot.write-chunk.after")
  }

  /** As a node's data is checked, and more: all of it, before anything of it is used. */
  async #check({ version, headDigest }: SnapshotManifest): Promise<void> {
    const { nodeId, identity, cluster } = this.#parts
    this.#notice("checks the copy")
    try {
      const store = openLmdbStore(this.#place.directory, nobody)
      try {
        const position = store.position()
        if (position.head !== version || position.committed !== version || !sameDigest(position.headDigest, headDigest)) throw new StoreDamaged("it is of another version than it should be")
        if (store.identity().clusterId !== cluster) throw new StoreDamaged("it is of another cluster")
        // Who stays the primary may not take a later reign for its own: the other node was promoted since that was decided.
        const { epoch } = store.identity()
        if (identity.role === "primary" && epoch.id !== this.#parts.epoch.id) throw new FetchFailed(`the copy is of epoch ${epoch.number}, and the other node said epoch ${this.#parts.epoch.number}: run it again`)
        const [problem] = (await verifyStore(store, () => undefined)).problems
        if (problem !== undefined) throw new StoreDamaged(`${problem.where}: ${problem.what}`)
        failpoint("snapshot.verified.after")
        await store.saveIdentity({ ...identity, nodeId })
      } finally {
        await store.close()
      }
    } catch (error) {
      if (!(error instanceof StoreDamaged)) throw error
      this.#place.remove()
      throw new AnotherCopy(`asks for another copy: the one that came is damaged: ${error.message}`)
    }
    syncPath(this.#place.dataPath)
    failpoint("snapshot.identity.after")
  }

  #install(): void {
    const { dataDirectory, keptAs = replacedName } = this.#parts
    const [own, replaced] = [join(dataDirectory, fileName), join(dataDirectory, keptAs)]
    // What is there already is older, and what this node had by itself.
    if (!existsSync(replaced)) linkOrCopy(own, replaced)
    if (keptAs !== replacedName) this.#notice(`keeps what was here as ${replaced}: it is of an earlier reign, and may hold what nobody else has`)
    syncPath(dataDirectory)
    failpoint("snapshot.keep.after")
    renameSync(this.#place.dataPath, own)
    syncPath(dataDirectory)
    failpoint("snapshot.rename.after")
    this.#place.remove()
  }

  /** Undefined where there is no answer now. */
  async #ask(request: SnapshotRequest): Promise<Answer | undefined> {
    this.#goOn()
    const { cluster, nodeId: node, epoch, session, monotonicMs, ask } = this.#parts
    const envelope: Envelope = { protocol: protocolVersion, cluster, node, epoch, session, peerSession: null, link: 0, sentAtMs: monotonicMs() }
    try {
      return (await ask(envelope, request)).message
    } catch (error) {
      this.#notice(`the other node gives no copy now: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }

  #gained(manifest: SnapshotManifest, index: number): void {
    const [from, end] = chunkRange(manifest, index)
    this.#progress = { ...this.#progress, bytes: this.#progress.bytes + end - from }
  }

  /** Each tenth of it. */
  #tell(): void {
    const { bytes, totalBytes } = this.#progress
    const percent = Math.floor((10 * bytes) / totalBytes) * 10
    if (percent <= this.#toldPercent) return
    this.#toldPercent = percent
    const perSecond = (1_000 * (bytes - this.#beganBytes)) / Math.max(1, this.#parts.monotonicMs() - this.#beganMs)
    this.#notice(`has ${percent} % of the copy, at ${(perSecond / 1e6).toFixed(1)} MB/s; ${Math.ceil((totalBytes - bytes) / perSecond)} s to go`)
  }

  /** Once, until there is something else to say. */
  #notice(line: string): void {
    if (line === this.#lastNotice) return
    this.#lastNotice = line
    this.#parts.notice(line)
  }
}
