// The one way to write: a synchronous LMDB transaction. When it returns, data and meta page are on disk.
// Nothing is ever awaited inside; any error out of it means that the process must end and recover from the disk.
import type { RootDatabase } from "lmdb"

/** LMDB or the disk beneath it failed. Never retried: an fsync that failed once may have lost what it covered. */
export class DiskError extends Error {
  constructor(cause: unknown) {
    super(`the disk failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = "DiskError"
  }
}

/**
 * Runs `write` in one durable transaction. The block body matters: lmdb-js takes a callback that returns a promise for
 * an asynchronous one, and does not commit it. Having changed nothing, throws DiskError where LMDB or the disk failed,
 * and whatever `write` itself threw.
 */
export function transact(environment: RootDatabase, write: () => void): void {
  let own: { readonly error: unknown } | undefined
  try {
    environment.transactionSync(() => {
      try {
        const returned: unknown = write()
        if (isThenable(returned)) throw new TypeError("a write transaction must not return a promise")
      } catch (error) {
        if (!isOfLmdb(error)) own = { error }
        throw error
      }
    })
  } catch (error) {
    throw own === undefined ? new DiskError(error) : own.error
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
}

/** Its errors carry its number or that of the system. */
function isOfLmdb(error: unknown): boolean {
  return error instanceof Error && typeof (error as { code?: unknown }).code === "number"
}
