// Changes bytes of a data file where an entry is, as a disk would: behind the back of whoever has the file mapped.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs"
import { open } from "lmdb"
import type { TableName } from "../../src/store/tables.ts"

export interface StoredEntry {
  readonly key: Buffer
  /** With its checksum. */
  readonly value: Buffer
}

/** The entries of one table as they are stored, of a file that nobody writes to now. */
export async function storedEntries(path: string, name: TableName): Promise<StoredEntry[]> {
  const root = open<Buffer, Buffer>({ path, noSubdir: true, overlappingSync: false, readOnly: true, maxDbs: 8, encoding: "binary", keyEncoding: "binary" } as Parameters<typeof open>[0])
  const table = root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })
  const entries = [...table.getRange({})].map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }))
  await root.close()
  return entries
}

/** Turns one bit of byte `at` of key and value, wherever pages have the entry, also those of earlier versions. Gives how many do. */
export function flip(path: string, { key, value }: StoredEntry, at: number): number {
  const bytes = readFileSync(path)
  const entry = Buffer.concat([key, value])
  const file = openSync(path, "r+")
  let count = 0
  for (let found = bytes.indexOf(entry); found >= 0; found = bytes.indexOf(entry, found + 1)) {
    writeSync(file, Buffer.from([(entry[at] ?? 0) ^ 0x10]), 0, 1, found + at)
    count++
  }
  closeSync(file)
  return count
}
