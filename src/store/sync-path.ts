// Makes a file, or the names in a directory, durable.
import { closeSync, fsyncSync, openSync } from "node:fs"
import { dirname, resolve } from "node:path"

/** Throws where the disk says that it cannot. */
export function syncPath(path: string): void {
  const file = openSync(path, "r")
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Of a directory that may be new; then whoever made it may read its parent. */
export function syncParent(directory: string): void {
  try {
    syncPath(dirname(resolve(directory)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error
  }
}
