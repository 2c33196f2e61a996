// A copy of a store's data file that is whole and on the disk, made while the store is written to. Nothing waits for it.
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { open } from "node:fs/promises"
import { dirname, join } from "node:path"
import { syncPath } from "./sync-path.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Engine } from "./tables.ts"

export const copyName = "data.mdb"

/** A copy that is being made, in a directory of its own: removing that is all there is to clean up, whenever it ends. */
export class Copy {
  /** Holds nothing but the copy, as a data directory does. */
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  get path(): string {
    return join(this.directory, copyName)
  }

  /** `beside`: the directory that it is to be moved into; `mark` begins its name, and six characters follow. */
  static async of(engine: Engine, beside: string, mark: string): Promise<Copy> {
    if (engine.copyTo === undefined) throw new StoreDamaged("this engine has no file to copy")
    const copy = new Copy(mkdtempSync(join(beside, mark)))
    try {
      await engine.copyTo(copy.path)
      await copy.sync()
    } catch (error) {
      copy.remove()
      throw error
    }
    return copy
  }

  /** Off the thread that writes: a large file takes its time. */
  async sync(): Promise<void> {
    const file = await open(this.path, "r+")
    try {
      await file.chmod(0o600)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Under its name it is whole. On the same file system only. */
  moveTo(path: string): void {
    renameSync(this.path, path)
    syncPath(dirname(path))
    this.remove()
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Removes what was killed while it was being made. Only for whose mark it is. */
export function removeCopies(directory: string, mark: string): void {
  for (const name of readdirSync(directory)) if (name.startsWith(mark) && name.length === mark.length + 6) rmSync(join(directory, name), { recursive: true })
}
