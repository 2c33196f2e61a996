// A data file that is being made: in a directory of its own beside its place, under its name once it is whole and on the disk. A crash
// leaves no half-made file there, and what it leaves elsewhere is removed at the next start.
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { formatKey } from "./checked-table.ts"
import { binary, engineOf, formatVersion, openRoot } from "./lmdb-engine.ts"
import { syncParent, syncPath } from "./sync-path.ts"
import type { Engine } from "./tables.ts"

export const fileName = "data.mdb"
/** Six characters follow. */
const temporaryName = "new-"
const temporary = /^new-\w{6}$/

export class NewEnvironment {
  readonly engine: Engine
  readonly #directory: string
  readonly #place: string
  readonly #made: string

  constructor(directory: string) {
    this.#directory = directory
    this.#place = mkdtempSync(join(directory, temporaryName))
    this.#made = join(this.#place, fileName)
    const root = openRoot(this.#made)
    this.engine = engineOf(this.#made, root, (name) => root.openDB<Buffer, Buffer>({ name, ...binary }))
    this.engine.transact(() => {
      this.engine.tables.hard_state.put(formatKey, Buffer.from(String(formatVersion)))
    })
  }

  /** Takes its place, also that of a file that is there, which nobody may have open. */
  finish(): void {
    void this.engine.close()
    syncPath(this.#made)
    renameSync(this.#made, join(this.#directory, fileName))
    syncPath(this.#directory)
    syncParent(this.#directory)
    rmSync(this.#place, { recursive: true })
  }
}

/** What was killed while it was being made. */
export function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) if (temporary.test(name)) rmSync(join(directory, name), { recursive: true })
}
