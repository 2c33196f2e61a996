// A directory with a copy, whole or in the making: the data file, and beside it what it should consist of. The giving node has one, and
// the one that fetches. The manifest is durable before it can be seen: where it is not there, the file is worth nothing.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { digestFromText, digestText } from "../protocol/digest.ts"
import { type SnapshotManifest, whyNoManifest } from "../protocol/snapshot.ts"
import { fileName } from "../store/new-environment.ts"
import { syncPath } from "../store/sync-path.ts"

const manifestName = "manifest.json"
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const stored = v.strictObject({ id: v.string(), version: count, headDigest: v.string(), bytes: count, chunkBytes: count, digests: v.pipe(v.string(), v.hexadecimal()) })

export class SnapshotPlace {
  readonly directory: string
  readonly #manifestPath: string

  constructor(dataDirectory: string, name: "snapshot" | "fetching") {
    this.directory = join(dataDirectory, name)
    this.#manifestPath = join(this.directory, manifestName)
  }

  get dataPath(): string {
    return join(this.directory, fileName)
  }

  get exists(): boolean {
    return existsSync(this.directory)
  }

  /** Anew and empty. */
  make(): void {
    this.remove()
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    syncPath(dirname(this.directory))
  }

  /** Durably; what is there of the data file should be durable before where it is whole. */
  putManifest(manifest: SnapshotManifest): void {
    const { id, version, headDigest, bytes, chunkBytes, digests } = manifest
    const made = `${this.#manifestPath}.new`
    writeFileSync(made, JSON.stringify({ id, version, headDigest: digestText(headDigest), bytes, chunkBytes, digests: Buffer.from(digests).toString("hex") }), { mode: 0o600 })
    syncPath(made)
    renameSync(made, this.#manifestPath)
    syncPath(this.directory)
  }

  /** Undefined where there is none, or none that makes sense. */
  manifest(): SnapshotManifest | undefined {
    try {
      const { headDigest, digests, ...rest } = v.parse(stored, JSON.parse(readFileSync(this.#manifestPath, "utf8")))
      const digest = digestFromText(headDigest)
      if (digest === undefined) return undefined
      const manifest = { ...rest, headDigest: digest, digests: Buffer.from(digests, "hex") }
      return whyNoManifest(manifest, bounds.snapshotChunkBytes) === undefined ? manifest : undefined
    } catch {
      return undefined
    }
  }

  /** Without its manifest nothing of it counts, so that goes first. */
  remove(): void {
    if (!this.exists) return
    rmSync(this.#manifestPath, { force: true })
    rmSync(this.directory, { recursive: true, force: true })
  }
}
