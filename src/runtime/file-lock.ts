// An exclusive lock on a file: flock(2) in both runtimes, so that they exclude each other too. The kernel drops it when
// the process ends, however it ends.
import { openSync, writeFileSync } from "node:fs"
import { deno } from "./platform.ts"

export interface FileLock {
  readonly path: string
}

/** The lock, held until the process ends; undefined where another process holds it. */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  const locked = deno === undefined ? await lockUnderBun(path) : deno.openSync(path, { create: true, write: true, mode: 0o600 }).tryLockSync(true)
  if (!locked) return undefined
  // For people only: the lock is the kernel's, and this may be what is left of an earlier process.
  writeFileSync(path, `${process.pid}\n`)
  return { path }
}

const exclusive = 2
const nonBlocking = 4

async function lockUnderBun(path: string): Promise<boolean> {
  const { dlopen, FFIType } = await import("bun:ffi")
  const library = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6"
  const { symbols } = dlopen(library, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } })
  return symbols.flock(openSync(path, "a", 0o600), exclusive | nonBlocking) === 0
}
