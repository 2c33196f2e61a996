// From a backup to a data directory that a node can be started on. Refuses to overwrite, and leaves nothing half-made under its name.
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../bounds.ts"
import { failpoint } from "../runtime/failpoint.ts"
import { CopyPlace, removeCopyPlaces } from "../store/copy-place.ts"
import { openLmdbStore } from "../store/lmdb-store.ts"
import { fileName } from "../store/new-environment.ts"
import { type LoggedDecision, nobody } from "../store/store.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { syncParent, syncPath } from "../store/sync-path.ts"
import type { TableStore } from "../store/table-store.ts"
import { verifyStore } from "../store/verify.ts"
import { chainOf, type Goal, replay, ReplayRefused } from "./replay.ts"
import type { ShipTarget } from "./ship-target.ts"

export interface RestoreOptions {
  /** The backup. */
  readonly from: string
  /** Made where it is missing; the caller has locked it. */
  readonly data: string
  readonly nodeId: string
  /** The pair that the backup is of is lost for good, and goes on from here: whoever is left of it is fenced. */
  readonly sameCluster: boolean
  /** Undefined is all that the backup holds. */
  readonly to: Goal
  /** The log that was shipped, to go further than the backup. */
  readonly log: ShipTarget | undefined
  readonly newId: () => string
  readonly onProgress: (done: number, total: number) => void
  /** How many versions of the log were replayed so far. */
  readonly onReplay: (versions: number) => void
}

export interface Restored {
  readonly version: number
  /** Of the record of that version; null where there is none. */
  readonly time: string | null
  readonly clusterId: string
  readonly epoch: number
}

/** With a sentence, and what would help. */
export class RestoreRefused extends Error {
  constructor(
    detail: string,
    readonly hint: string | undefined,
    readonly damaged = false,
  ) {
    super(detail)
  }
}

export async function restore(options: RestoreOptions): Promise<Restored> {
  const { from, data, nodeId } = options
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const path = join(data, fileName)
  if (existsSync(path)) throw new RestoreRefused(`${data} holds a node's data already, and it is not overwritten`, "Restore into an empty directory, or move what is there away.")
  const mark = `restoring-${nodeId}-`
  removeCopyPlaces(data, mark)
  const place = new CopyPlace(data, mark)
  try {
    copyFileSync(from, place.path)
    // With the mode of the backup, which others may read, or nobody may write.
    chmodSync(place.path, 0o600)
    const store = openedCopy(place, from)
    let time: string | null
    try {
      await checkBackup(store, options)
      const epochMax = await goOn(store, options)
      await bringTo(store, options)
      await rename(store, options, epochMax)
      const { committed } = store.position()
      time = committed === 0 ? null : new Date(store.timeOf(committed)).toISOString()
    } finally {
      await store.close()
    }
    failpoint("restore.rename.before")
    syncPath(place.path)
    place.moveTo(path)
    syncParent(data)
    const { clusterId = "", epoch } = store.identity()
    return { version: store.position().committed, time, clusterId, epoch: epoch.number }
  } finally {
    place.remove()
  }
}

/** What is wrong with it is said of the backup, not of a copy that is gone then. */
function openedCopy(place: CopyPlace, from: string): TableStore {
  try {
    return openLmdbStore(place.directory, nobody)
  } catch (error) {
    if (error instanceof StoreDamaged) throw new RestoreRefused(error.message.replaceAll(place.path, from), "Take another backup.", true)
    throw error
  }
}

async function checkBackup(store: TableStore, { from, log, onProgress }: RestoreOptions): Promise<void> {
  if (store.identity().clusterId === undefined) throw new RestoreRefused(`${from} is of a node that belonged to no pair yet`, undefined)
  const { problems } = await verifyStore(store, onProgress)
  const [first] = problems
  if (first !== undefined) throw new RestoreRefused(`${from} is damaged: ${first.where}: ${first.what}`, "Take another backup.", true)
  // Of a plain copy of a stopped node's data: it was never refused, and may have been acknowledged. Where there is a log, that knows.
  if (log === undefined) store.commit(store.position().head)
  else await store.undo()
}

/** By the log, where the backup does not reach far enough. Gives the highest epoch that the log knows. */
async function goOn(store: TableStore, { log, to, onReplay }: RestoreOptions): Promise<number> {
  if (log === undefined) return 0
  try {
    const { head } = store.position()
    if (isReached(store, to)) return (await chainOf(store, log)).epochMax
    return await replay(store, log, to, (version) => onReplay(version - head))
  } catch (error) {
    if (error instanceof ReplayRefused) throw new RestoreRefused(error.message, error.hint, error.damaged)
    throw error
  } finally {
    failpoint("restore.replay.after")
  }
}

/** Whether the backup alone is enough. */
function isReached(store: TableStore, to: Goal): boolean {
  const { committed } = store.position()
  if (to === undefined) return false
  return "version" in to ? to.version <= committed : to.timeMs < store.timeOf(committed)
}

async function bringTo(store: TableStore, { from, to, log }: RestoreOptions): Promise<void> {
  if (to === undefined) return
  const { committed } = store.position()
  const version = "version" in to ? to.version : store.versionAtTime(to.timeMs, committed)
  if (version > committed) throw new RestoreRefused(`${from} ends at version ${committed}, before version ${version}`, log === undefined ? "Take a later backup, or add the log that was shipped with --log." : "Take a later backup.")
  const refusal = await store.undoTo(version)
  if (refusal !== undefined) throw new RestoreRefused(`${from} cannot be taken back to version ${version}: ${refusal.detail}`, "Take an earlier backup.")
}

/**
 * Another pair, or the same one, under a new reign: above all that its log tells of, or a decision would pass for one that is logged, and
 * a segment that is missing for one of a reign before. Of the same pair what is left may have seen later reigns than backup and log.
 */
async function rename(store: TableStore, { nodeId, sameCluster, newId }: RestoreOptions, epochMax: number): Promise<void> {
  const { clusterId, epoch: last } = store.identity()
  const epoch = { number: Math.max(last.number, epochMax) + (sameCluster ? bounds.restoredEpochGap : 1), id: newId() }
  const decision: LoggedDecision = { what: "restore", by: "tandem restore", reason: sameCluster ? "the pair was lost" : "a new pair from a backup", forced: false, epoch: epoch.number, serial: 1 }
  await store.saveIdentity({ nodeId, role: "primary", clusterId: sameCluster ? (clusterId ?? newId()) : newId(), epoch, mode: "alone", lacking: false, leaseMs: 0, decisions: [decision] })
  await store.flush()
}
