// Backups of a running node. A copy is called one only after a process of its own has checked all of it, and it is on the disk; only
// then older ones make room. Writes go on meanwhile, and no failure here ends the node.
import { mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../bounds.ts"
import { backupMark, backupName, pruneBackups } from "../store/backup-name.ts"
import { copyEnvironment } from "../store/copy.ts"
import { CopyPlace, removeCopyPlaces } from "../store/copy-place.ts"
import type { TableStore } from "../store/table-store.ts"
import { type CopyReport, checkCopy } from "../runtime/check-copy.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { BackupSettings } from "./settings.ts"

export interface Backup extends CopyReport {
  /** Where it is. */
  readonly path: string
  readonly bytes: number
}

export interface TemporaryBackup extends Backup {
  /** What it should be called. */
  readonly name: string
  readonly remove: () => void
}

export interface BackupStatus {
  /** Of the newest backup that this process made. */
  readonly version: number | null
  readonly at: string | null
  /** Why the last one came to nothing, if it did. */
  readonly error: string | null
}

export interface BackupsParts {
  readonly store: TableStore
  readonly settings: BackupSettings | undefined
  readonly dataDirectory: string
  /** What is to stay free where the data is. */
  readonly floorBytes: number
  readonly freeBytes: (path: string) => number
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly notice: (line: string) => void
}

export class Backups {
  readonly #parts: BackupsParts
  #status: BackupStatus = { version: null, at: null, error: null }
  #nextMs: number
  #running: Promise<unknown> | undefined

  constructor(parts: BackupsParts) {
    this.#parts = parts
    this.#nextMs = parts.monotonicMs() + Math.min(bounds.backupFirstMs, parts.settings?.everyMs ?? 0)
  }

  get status(): BackupStatus | null {
    return this.#parts.settings === undefined && this.#status.at === null ? null : this.#status
  }

  /** Called often: makes one where it is time. */
  tick(): void {
    const { settings, monotonicMs } = this.#parts
    if (settings === undefined || this.#running !== undefined || monotonicMs() < this.#nextMs) return
    this.#nextMs = monotonicMs() + settings.everyMs
    void this.#scheduled(settings)
  }

  async #scheduled({ directory, keep }: BackupSettings): Promise<void> {
    const { notice } = this.#parts
    try {
      const { path, version, bytes } = await this.into(directory, keep)
      notice(`backup of version ${version}: ${path}, ${bytes} bytes, checked`)
    } catch (error) {
      notice(`no backup: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Into a directory, under a name that says what it is of. Throws with the reason where it came to nothing; one at a time. */
  async into(directory: string, keep: number): Promise<Backup> {
    const { store, wallMs } = this.#parts
    const mark = backupMark(store.identity().nodeId)
    return this.#alone(async () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      removeCopyPlaces(directory, mark)
      const { place, report } = await this.#checked(directory, mark, bounds.diskFloorBytes)
      const path = join(directory, backupName(store.identity(), report.version, wallMs()))
      place.moveTo(path)
      place.remove()
      failpoint("backup.rename.after")
      pruneBackups(directory, keep, store.identity())
      return { ...report, path, bytes: statSync(path).size }
    })
  }

  /** For who takes it elsewhere: it is in the data directory, where the next start removes it, until `remove`. */
  async temporary(): Promise<TemporaryBackup> {
    const { store, wallMs, dataDirectory, floorBytes } = this.#parts
    return this.#alone(async () => {
      const { place, report } = await this.#checked(dataDirectory, "new-", floorBytes)
      return { ...report, path: place.path, bytes: statSync(place.path).size, name: backupName(store.identity(), report.version, wallMs()), remove: () => place.remove() }
    })
  }

  async #checked(beside: string, mark: string, floorBytes: number): Promise<{ readonly place: CopyPlace; readonly report: CopyReport }> {
    const { store, freeBytes } = this.#parts
    failpoint("backup.copy.before")
    const place = new CopyPlace(beside, mark)
    try {
      await copyEnvironment(store, place.path, { freeBytes, floorBytes })
      failpoint("backup.copy.after")
      const report = await checkCopy(place.directory)
      failpoint("backup.check.after")
      return { place, report }
    } catch (error) {
      place.remove()
      throw error
    }
  }

  async #alone<Made extends Pick<Backup, "version">>(make: () => Promise<Made>): Promise<Made> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    const running = make()
    this.#running = running
    try {
      const made = await running
      this.#status = { version: made.version, at: new Date(this.#parts.wallMs()).toISOString(), error: null }
      return made
    } catch (error) {
      this.#status = { ...this.#status, error: error instanceof Error ? error.message : String(error) }
      throw error
    } finally {
      this.#running = undefined
    }
  }
}
