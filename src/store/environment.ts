// Opens the LMDB environment of a node, after looking at the file: LMDB maps it into memory, and a damaged one would
// end the process with a signal instead of an error. A file that is refused here is left untouched.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { type DatabaseOptions, open, type RootDatabase } from "lmdb"
import { checkDataFile } from "./data-file.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { syncPath } from "./sync-path.ts"
import { type Engine, tableNames, type Table, type Tables } from "./tables.ts"
import { transact } from "./transact.ts"

export const formatVersion = 2
export const fileName = "data.mdb"
/** A data file is made in a directory of its own, whose name begins so; six characters follow. */
const temporaryName = "new-"
const temporary = /^new-\w{6}$/

/** The engine of a data directory, which the caller has locked; makes the file where there is none. Throws StoreDamaged. */
export function openEnvironment(directory: string): Engine {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  removeUnfinished(directory)
  const path = join(directory, fileName)
  if (!existsSync(path)) create(directory, path)
  checkDataFile(path)
  const root = openRoot(path)
  try {
    checkFormat(path, root)
    return engineOf(path, root, (name) => existing(path, root, name))
  } catch (error) {
    void root.close()
    throw error
  }
}

const formatKey = Buffer.from("format")

function openRoot(path: string): RootDatabase<Buffer, Buffer> {
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
  } as Parameters<typeof open>[0]) as RootDatabase<Buffer, Buffer>
}

const binary = { encoding: "binary", keyEncoding: "binary" } as const

function engineOf(path: string, root: RootDatabase<Buffer, Buffer>, table: (name: string) => Table): Engine {
  let copies = 0
  return {
    tables: Object.fromEntries(tableNames.map((name) => [name, table(name)])) as Tables,
    transact: (write) => transact(root, write),
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

/** Before anything else is opened: what another release wrote may have other tables. */
function checkFormat(path: string, root: RootDatabase<Buffer, Buffer>): void {
  const stored = existing(path, root, "hard_state").get(formatKey)
  const version = stored === undefined ? undefined : Number(stored.toString("utf8"))
  if (version !== formatVersion) {
    throw new StoreDamaged(`${path} has format ${version ?? "unknown"}; this release reads format ${formatVersion}`)
  }
}

/** Never makes a table: that would write to a file that is not ours. */
function existing(path: string, root: RootDatabase<Buffer, Buffer>, name: string): Table {
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

/** First commit in a temporary directory, then a rename: a crash leaves no half-made file under the real name. */
function create(directory: string, path: string): void {
  const place = mkdtempSync(join(directory, temporaryName))
  const made = join(place, fileName)
  const root = openRoot(made)
  const engine = engineOf(made, root, (name) => root.openDB<Buffer, Buffer>({ name, ...binary }))
  engine.transact(() => {
    engine.tables.hard_state.put(formatKey, Buffer.from(String(formatVersion)))
  })
  void engine.close()
  syncPath(made)
  renameSync(made, path)
  syncPath(directory)
  syncParent(directory)
  rmSync(place, { recursive: true })
}

/** What a creation that was killed left behind. */
function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) if (temporary.test(name)) rmSync(join(directory, name), { recursive: true })
}

/** The directory may be new as well; then whoever made it may read its parent. */
function syncParent(directory: string): void {
  try {
    syncPath(dirname(directory))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error
  }
}
