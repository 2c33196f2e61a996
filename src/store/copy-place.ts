// A directory of its own for a copy that is not finished, as a data directory is: removing it is all there is to clean up, whenever
// its maker ends.
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileName } from "./new-environment.ts"
import { syncPath } from "./sync-path.ts"

export class CopyPlace {
  readonly directory: string

  /** `beside`: the directory that the copy is to be moved into; `mark` begins the name, and six characters follow. */
  constructor(beside: string, mark: string) {
    this.directory = mkdtempSync(join(beside, mark))
  }

  get path(): string {
    return join(this.directory, fileName)
  }

  /** Under its name it is whole, and on the disk. On the same file system only. */
  moveTo(path: string): void {
    renameSync(this.path, path)
    syncPath(dirname(path))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Removes what was killed while it was being made. Only for whose mark it is. */
export function removeCopyPlaces(directory: string, mark: string): void {
  for (const name of readdirSync(directory)) if (name.startsWith(mark) && name.length === mark.length + 6) rmSync(join(directory, name), { recursive: true })
}
