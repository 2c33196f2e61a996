// Free space of the file system that holds a path.
import { statfsSync } from "node:fs"

/** Bytes that this process may still write there. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
