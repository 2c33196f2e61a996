// LMDB as the engine of a store, and how its environment is opened. Every table has checksums.
import { statSync } from "node:fs"
import { type DatabaseOptions, open, type RootDatabase } from "lmdb"
import { CheckedTable, type DamageEar, formatKey } from "./checked-table.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { type Engine, type TableName, tableNames, type Table, type Tables } from "./tables.ts"
import { transact } from "./transact.ts"

export const formatVersion = 3

export type Root = RootDatabase<Buffer, Buffer>

export function openRoot(path: string): Root {
  // Never: noSync, noMetaSync, useWritemap, mapAsync, remapChunks, cache, compression, separateFlushed. With
  // overlappingSync on, a failed fsync leaves a rejected write visible.
  return open<Buffer, Buffer>({
    path,
    noSubdir: true,
    overlappingSync: false,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: tableNames.length + 1,
    permissionsMode: 0o600,
  } as Parameters<typeof open>[0]) as Root
}

export const binary = { encoding: "binary", keyEncoding: "binary" } as const

/** Of the file at `path`; `table` opens one of the environment's. */
export function engineOf(path: string, root: Root, table: (name: TableName) => Table): Engine {
  let copies = 0
  const ear: DamageEar = { listener: undefined }
  return {
    tables: Object.fromEntries(tableNames.map((name) => [name, new CheckedTable(name, table(name), ear)])) as unknown as Tables,
    transact: (write) => transact(root, write),
    listen(listener) {
      ear.listener = listener
      return () => {
        ear.listener = undefined
      }
    },
    copyTo: async (path) => {
      copies++
      try {
        // Compacted: a copy of all pages as they are holds the writers up, for as long as it takes.
        await root.backup(path, true)
      } finally {
        copies--
      }
    },
    sizeBytes: () => statSync(path).size,
    // A copy cannot be stopped, and one whose source is closed ends the process with a signal. Nothing that is durable needs the closing.
    close: async () => {
      if (copies === 0) await root.close()
    },
  }
}

/** Undefined where the file says nothing that this release understands. */
export function formatOf(path: string, root: Root): number | undefined {
  const stored = existing(path, root, "hard_state").get(formatKey)
  return stored === undefined || !/^\d{1,9}$/.test(stored.toString("utf8")) ? undefined : Number(stored.toString("utf8"))
}

/** As it is stored, without its checksums. Never makes a table: that would write to a file that is not ours. */
export function existing(path: string, root: Root, name: TableName): Table {
  // `create` is missing in the types of lmdb-js.
  const options: DatabaseOptions & { readonly name: string; readonly create: boolean } = { name, ...binary, create: false }
  try {
    const table: Table | undefined = root.openDB<Buffer, Buffer>(options)
    if (table !== undefined) return table
  } catch (error) {
    throw new StoreDamaged(`${path} is damaged: its table ${name} cannot be opened: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw new StoreDamaged(`${path} is of an unknown format: it has no table ${name}`)
}
