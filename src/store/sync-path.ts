// Makes a file, or the names in a directory, durable.
import { closeSync, fsyncSync, openSync } from "node:fs"

/** Throws where the disk says that it cannot. */
export function syncPath(path: string): void {
  const file = openSync(path, "r")
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
