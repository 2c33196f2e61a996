// What the disk can do: bytes written in order, and fsynced.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs"

/** Bytes a millisecond. The file is removed. */
export function sequentialRate(path: string, bytes: number): number {
  const chunk = Buffer.alloc(1024 * 1024, 1)
  const startedMs = performance.now()
  const file = openSync(path, "w")
  for (let written = 0; written < bytes; written += chunk.length) writeSync(file, chunk)
  fsyncSync(file)
  closeSync(file)
  const rate = bytes / (performance.now() - startedMs)
  rmSync(path)
  return rate
}
