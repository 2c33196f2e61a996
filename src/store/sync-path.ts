// fsync of a file or a directory by its path.
import { closeSync, fsyncSync, openSync } from "node:fs"

export function syncPath(path: string): void {
  const file = openSync(path, "r")
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
