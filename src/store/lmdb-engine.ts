// LMDB as the engine of a store, and how its environment is opened. Every table has checksums.
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

/** `table` opens one of the environment's. */
export function engineOf(root: Root, table: (name: TableName) => Table): Engine {
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
    close: () => root.close(),
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
