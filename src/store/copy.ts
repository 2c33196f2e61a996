// A copy of a store that is open and being written: a plain data file of its own, as of one version, with nothing in doubt.
//
// What happens, and what a crash leaves behind:
//   1. A directory with a temporary name is made beside the copy's place, and LMDB copies what it has at one moment into it.
//   2. The copy is looked at (LMDB maps it into memory) and opened. What it has in doubt is settled by what the store knows by now: it
//      was committed since, or it is taken back, in the copy only.
//   3. The copy is made durable, renamed to its place, and the directory is made durable.
// Before the rename there is the temporary name only, in a directory that is its owner's to take away; after it there is the copy.
//
// A copy is not a backup before all of it was verified (verify.ts). Must never change the store that is copied.
import { chmodSync, existsSync, statSync } from "node:fs"
import { open } from "node:fs/promises"
import { dirname } from "node:path"
import { type Digest, sameDigest } from "../protocol/digest.ts"
import { CopyPlace } from "./copy-place.ts"
import { openLmdbStore } from "./lmdb-store.ts"
import type { Identity } from "./store.ts"
import type { TableStore } from "./table-store.ts"

export interface Copied {
  /** Head and committed version of the copy: at least what was committed when it was asked for. */
  readonly version: number
  readonly headDigest: Digest
  readonly bytes: number
  readonly identity: Identity
}

export const copySteps = ["copied", "settled", "synced", "renamed"] as const
export type CopyStep = (typeof copySteps)[number]

export interface CopyOptions {
  /** Of the file system that holds a path. */
  readonly freeBytes: (path: string) => number
  /** What is to stay free beside the copy. */
  readonly floorBytes: number
  /** No node runs on the store: what is in doubt in it was never refused, and may have been acknowledged, so it counts. */
  readonly isStopped?: boolean
  /** Called when a step is done. */
  readonly at?: (step: CopyStep) => void
}

/** There is no copy, and the store that was to be copied is as it was. */
export class CopyFailed extends Error {
  constructor(detail: string, cause?: unknown) {
    super(detail, { cause })
    this.name = "CopyFailed"
  }
}

/** Begins the temporary name. */
export const copyMark = "copy-"

/** Copies to a path where nothing is yet. Throws CopyFailed. */
export async function copyEnvironment(store: TableStore, path: string, options: CopyOptions): Promise<Copied> {
  const directory = dirname(path)
  // What is freed while the copy is made cannot be used again before it is done, so nothing is taken away meanwhile; and `settle`
  // needs the newest digests.
  const release = store.pauseTrimming()
  let place: CopyPlace | undefined
  try {
    if (existsSync(path)) throw new CopyFailed(`${path} is there already`)
    checkRoom(store, directory, options)
    place = new CopyPlace(directory, copyMark)
    return await copyInto(place, store, path, options)
  } catch (error) {
    throw error instanceof CopyFailed ? error : new CopyFailed(`the copy failed: ${error instanceof Error ? error.message : String(error)}`, error)
  } finally {
    release()
    place?.remove()
  }
}

function checkRoom(store: TableStore, directory: string, { freeBytes, floorBytes }: CopyOptions): void {
  const free = freeBytes(directory)
  const needed = store.engine.sizeBytes?.() ?? 0
  if (free - needed >= floorBytes) return
  throw new CopyFailed(`there is no room for a copy of ${needed} bytes in ${directory}: ${free} bytes are free, and ${floorBytes} are to stay so`)
}

async function copyInto(place: CopyPlace, store: TableStore, path: string, { at = () => undefined, isStopped = false }: CopyOptions): Promise<Copied> {
  const { committed: before, head } = store.position()
  if (store.engine.copyTo === undefined) throw new CopyFailed("a store in memory cannot be copied")
  await store.engine.copyTo(place.path)
  chmodSync(place.path, 0o600)
  at("copied")
  const copied = await settle(place.directory, store, isStopped ? () => head : (copy) => commonVersion(copy, store, before))
  at("settled")
  await syncLater(place.path)
  at("synced")
  place.moveTo(path)
  at("renamed")
  return { ...copied, bytes: statSync(path).size }
}

/** Opens the copy, which checks it, and leaves nothing in doubt in it. */
async function settle(directory: string, store: TableStore, committedOf: (copy: TableStore) => number): Promise<Omit<Copied, "bytes">> {
  const copy = openLmdbStore(directory, store.identity())
  try {
    copy.commit(committedOf(copy))
    await copy.undo()
    await copy.flush()
    const { head, headDigest } = copy.position()
    return { version: head, headDigest, identity: copy.identity() }
  } finally {
    await copy.close()
  }
}

/** The highest version of the copy that is known to be committed: what it had in doubt may have been taken back, and others followed. */
function commonVersion(copy: TableStore, store: TableStore, before: number): number {
  const version = Math.min(copy.position().head, store.position().committed)
  const [there, here] = [copy.digest(version), store.digest(version)]
  return there !== undefined && here !== undefined && sameDigest(there, here) ? version : before
}

/** Not in this thread: a large file takes a while. */
async function syncLater(path: string): Promise<void> {
  const file = await open(path, "r+")
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
