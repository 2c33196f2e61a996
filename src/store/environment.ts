// Opens the LMDB environment of a node, after looking at the file: LMDB maps it into memory, and a damaged one would
// end the process with a signal instead of an error. A file that is refused here is left untouched.
import { closeSync, existsSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { open, type RootDatabase } from "lmdb"
import { type Engine, tableNames, type Tables } from "./tables.ts"
import { transact } from "./transact.ts"

/** What is on disk is not what this release wrote: damaged, or of another format. */
export class StoreDamaged extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = "StoreDamaged"
  }
}

export const formatVersion = 1
const fileName = "data.mdb"

/** The engine of a data directory; makes the file where there is none. Throws StoreDamaged. */
export function openEnvironment(directory: string): Engine {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, fileName)
  if (existsSync(path)) checkFile(path)
  else create(directory, path)
  const environment = openFile(path)
  const stored = environment.tables.hard_state.get(formatKey)
  const version = stored === undefined ? undefined : Number(stored.toString("utf8"))
  if (version !== formatVersion) {
    throw new StoreDamaged(`${path} has format ${version ?? "unknown"}; this release reads format ${formatVersion}`)
  }
  return environment
}

const formatKey = Buffer.from("format")

function openFile(path: string): Engine {
  // Never: noSync, noMetaSync, useWritemap, mapAsync, remapChunks, cache, compression, separateFlushed. With
  // overlappingSync on, a failed fsync leaves a rejected write visible.
  const root = open<Buffer, Buffer>({
    path,
    noSubdir: true,
    overlappingSync: false,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: tableNames.length + 1,
    permissionsMode: 0o600,
  } as Parameters<typeof open>[0]) as RootDatabase<Buffer, Buffer>
  const opened = tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })])
  return {
    tables: Object.fromEntries(opened) as Tables,
    transact: (write) => transact(root, write),
    close: () => root.close(),
  }
}

/** First commit in a temporary directory, then a rename: a crash leaves no half-made file under the real name. */
function create(directory: string, path: string): void {
  const temporary = mkdtempSync(join(directory, "new-"))
  const made = join(temporary, fileName)
  const environment = openFile(made)
  environment.transact(() => {
    environment.tables.hard_state.put(formatKey, Buffer.from(String(formatVersion)))
  })
  void environment.close()
  syncPath(made)
  renameSync(made, path)
  syncPath(dirname(path))
  rmSync(temporary, { recursive: true })
}

function syncPath(path: string): void {
  const file = openSync(path, "r")
  fsyncSync(file)
  closeSync(file)
}

const magic = 0xbeefc0de
/** A meta page begins with the page header of this LMDB. */
const pageHeaderBytes = 24
/** Two meta pages. */
const bytesMin = 8_192

function checkFile(path: string): void {
  const { size } = statSync(path)
  if (size < bytesMin) throw new StoreDamaged(`${path} has ${size} bytes, less than any data file: it is truncated or was never one`)
  const head = Buffer.alloc(pageHeaderBytes + 32)
  const file = openSync(path, "r")
  readSync(file, head, 0, head.length, 0)
  closeSync(file)
  const found = head.readUInt32LE(pageHeaderBytes)
  if (found !== magic) throw new StoreDamaged(`${path} is no data file: it begins with ${found.toString(16).padStart(8, "0")}, not with LMDB's mark`)
}
