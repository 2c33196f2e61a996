// The data of a node that does not run: locked for as long as a command uses it, opened, and closed again.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../runtime/exit.ts"
import { lockFile } from "../runtime/file-lock.ts"
import { nobody } from "../store/store.ts"
import type { TableStore } from "../store/table-store.ts"
import { CommandFailed } from "./command-failed.ts"
import type { Terminal } from "./terminal.ts"
import { withAddon } from "./with-addon.ts"

export async function withStoppedNode<T>(data: string, terminal: Terminal, use: (store: TableStore) => Promise<T>, hint = "Stop it first."): Promise<T> {
  await lockStopped(data, hint)
  return openLocked(data, terminal, use)
}

/** Until the process ends. */
export async function lockStopped(data: string, hint: string): Promise<void> {
  // Opening would make a new one.
  if (!existsSync(join(data, "data.mdb"))) throw new CommandFailed(`There is no node's data in ${data}.`)
  const lock = await lockFile(join(data, "lock"))
  if (lock === undefined) throw new CommandFailed(`${data} is in use by a running node.`, { exitCode: exitCodes.locked, hint })
}

/** Of a data directory that this process has locked. */
export async function openLocked<T>(data: string, terminal: Terminal, use: (store: TableStore) => Promise<T>): Promise<T> {
  const { openLmdbStore } = await withAddon(() => import("../store/lmdb-store.ts"), terminal)
  try {
    const store = openLmdbStore(data, nobody)
    const result = await use(store)
    // Not after an error: what failed on a disk may never close.
    await store.close()
    return result
  } catch (error) {
    throw asFailure(error)
  }
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (error.name === "StoreDamaged") return new CommandFailed(error.message, { exitCode: exitCodes.damaged })
  return error.name === "DiskError" ? new CommandFailed(error.message, { exitCode: exitCodes.disk }) : error
}
