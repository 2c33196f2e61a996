// Brings a data file of an earlier format to this release's: into a new file, which takes the place of the old one once it is whole,
// compared with it, and on the disk. Killed before that, the old file is as it was, and the next start begins anew.
//
//   2 → 3: every value gets its checksum, and the position the digest of the state.
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../bounds.ts"
import { formatKey } from "./checked-table.ts"
import { checkDataFile } from "./data-file.ts"
import { existing, formatOf, formatVersion, openRoot, type Root } from "./lmdb-engine.ts"
import { fileName, NewEnvironment, removeUnfinished } from "./new-environment.ts"
import { StateSum } from "./state-sum.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { type Table, type TableName, tableNames } from "./tables.ts"
import { keyAfter } from "./turns.ts"

export const oldestFormat = 2
const positionKey = Buffer.from("position")

export interface MigrationHooks {
  readonly notice: (line: string) => void
  /** Of the data directory's file system. */
  readonly freeBytes: () => number
  /** Where a test may have the process die. */
  readonly reached: (place: "chunk" | "rename.before" | "rename.after") => void
}

/** There is no room for a second file beside the first. Nothing was changed. */
export class NoRoomToMigrate extends Error {}

/** Of a data directory, which the caller has locked. Does nothing where there is no file, or one of another format than the earlier ones. Throws StoreDamaged, NoRoomToMigrate. */
export async function migrateFormat(directory: string, hooks: MigrationHooks): Promise<void> {
  const path = join(directory, fileName)
  if (!existsSync(path)) return
  removeUnfinished(directory)
  checkDataFile(path)
  const root = openRoot(path)
  try {
    const format = formatOf(path, root)
    if (format === undefined || format < oldestFormat || format >= formatVersion) return
    refuseWithoutRoom(path, format, hooks)
    hooks.notice(`brings its data from format ${format} to format ${formatVersion}; earlier releases cannot read it then`)
    const made = await new Migration(path, root, directory, hooks).run()
    await root.close()
    hooks.reached("rename.before")
    made.finish()
    hooks.reached("rename.after")
    hooks.notice(`its data has format ${formatVersion} now`)
  } finally {
    await root.close()
  }
}

/** What a second file takes at most: checksums are a little more, and pages are filled as well as they were. */
function refuseWithoutRoom(path: string, format: number, { freeBytes }: MigrationHooks): void {
  const needed = Math.ceil(1.25 * statSync(path).size) + bounds.diskFloorBytes
  const free = freeBytes()
  if (free >= needed) return
  throw new NoRoomToMigrate(`${path} has format ${format} and needs ${needed} bytes of free space beside it to be brought to format ${formatVersion}; there are ${free}. Nothing was changed: make room, then start again`)
}

interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

class Migration {
  readonly #target: NewEnvironment
  readonly #sources: ReadonlyMap<TableName, Table>
  readonly #hooks: MigrationHooks
  readonly #total: number
  #done = 0
  #shownTenths = 0
  readonly #state = new StateSum()

  constructor(path: string, root: Root, directory: string, hooks: MigrationHooks) {
    this.#sources = new Map(tableNames.map((name) => [name, existing(path, root, name)]))
    this.#target = new NewEnvironment(directory)
    this.#hooks = hooks
    // Copied, then compared.
    this.#total = 2 * Math.max(1, statSync(path).size)
  }

  async run(): Promise<NewEnvironment> {
    for (const [name, source] of this.#sources) {
      await this.#inChunks(source, (entries) => {
        if (name === "rows") for (const { key, value } of entries) this.#state.change(key, undefined, value)
        this.#target.engine.transact(() => {
          for (const { key, value } of entries) this.#target.engine.tables[name].put(key, this.#migrated(name, key, value))
        })
        this.#hooks.reached("chunk")
      })
    }
    for (const [name, source] of this.#sources) await this.#inChunks(source, (entries, after) => this.#compare(name, entries, after))
    return this.#target
  }

  /** Rows are read before hard state. */
  #migrated(name: TableName, key: Buffer, value: Buffer): Buffer {
    return name === "hard_state" && key.equals(positionKey) ? Buffer.concat([value, this.#state.bytes]) : value
  }

  /** The copy must have the same entries, one after the other. */
  #compare(name: TableName, entries: readonly Entry[], after: Buffer | undefined): void {
    const copied = this.#target.engine.tables[name].getRange(after === undefined ? {} : { start: keyAfter(after) })[Symbol.iterator]()
    for (const { key, value } of entries) {
      let copy = copied.next()
      if (copy.done !== true && copy.value.key.equals(formatKey)) copy = copied.next()
      if (copy.done === true || !copy.value.key.equals(key) || !copy.value.value.equals(this.#migrated(name, key, value))) {
        throw new StoreDamaged(`the table ${name} cannot be copied as it is: its entries are not in the order of their keys, or the copy is not what was written`)
      }
    }
    copied.return?.()
  }

  /** The mark of the format is the file's own. */
  async #inChunks(source: Table, take: (entries: readonly Entry[], after: Buffer | undefined) => void): Promise<void> {
    for (let after: Buffer | undefined; ; ) {
      const { entries, last } = chunkOf(source, after)
      if (last === undefined) return
      take(entries, after)
      after = last
      for (const { key, value } of entries) this.#done += key.length + value.length
      this.#progress()
      // The watchdog sees that the thread is alive.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #progress(): void {
    const tenths = Math.floor((10 * this.#done) / this.#total)
    if (tenths <= this.#shownTenths) return
    this.#shownTenths = tenths
    this.#hooks.notice(`format ${formatVersion}: ${10 * tenths} %`)
  }
}

/** Entries from behind a key on, and the last key that was looked at; undefined at the end. */
function chunkOf(source: Table, after: Buffer | undefined): { readonly entries: readonly Entry[]; readonly last: Buffer | undefined } {
  const entries: Entry[] = []
  let bytes = 0
  let last: Buffer | undefined
  for (const { key, value } of source.getRange(after === undefined ? {} : { start: keyAfter(after) })) {
    if (!key.equals(formatKey)) entries.push({ key, value })
    last = key
    bytes += value.length
    if (entries.length >= bounds.migrateEntriesMax || bytes >= bounds.migrateBytesMax) break
  }
  return { entries, last }
}
