// A table whose every value ends with a checksum over table, key and value: what the disk changed is noticed before anybody sees a
// byte of it. LMDB has none of its own. A CRC-32 finds for certain any damage within 32 bits in a row, so any flipped byte; other
// damage but for one case in four billions.
import { crc32 } from "node:zlib"
import { entryName } from "./entry-name.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Range, Table, TableName } from "./tables.ts"

export const checksumBytes = 4

/** Told of a damaged entry instead of an error that is thrown: for who wants to know of all of them. */
export type DamageListener = (table: TableName, key: Buffer) => void

/** Of all tables of an environment: who listens now. */
export interface DamageEar {
  listener: DamageListener | undefined
}

/** The one entry without a checksum: every release must be able to read which format a file has. */
export const formatKey = Buffer.from("format")

export class CheckedTable implements Table {
  readonly #seed: number
  readonly #bare: Buffer | undefined

  constructor(
    private readonly name: TableName,
    private readonly stored: Table,
    private readonly ear: DamageEar,
  ) {
    this.#seed = crc32(name)
    this.#bare = name === "hard_state" ? formatKey : undefined
  }

  /** Throws StoreDamaged, as `getRange` does. */
  get(key: Buffer): Buffer | undefined {
    const stored = this.stored.get(key)
    return stored === undefined ? undefined : this.#checked(key, stored)
  }

  put(key: Buffer, value: Buffer): unknown {
    if (this.#bare?.equals(key) === true) return this.stored.put(key, value)
    const size = value.length + checksumBytes
    if (size > scratch.length) scratch = Buffer.alloc(2 * size)
    scratch.set(value)
    scratch.writeUInt32BE(crc32(value, crc32(key, this.#seed)), value.length)
    return this.stored.put(key, scratch.subarray(0, size))
  }

  remove(key: Buffer): unknown {
    return this.stored.remove(key)
  }

  *getRange(range: Range): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    for (const { key, value } of this.stored.getRange(range)) yield { key, value: this.#checked(key, value) }
  }

  getKeys(range: Range): Iterable<Buffer> {
    return this.stored.getKeys(range)
  }

  #checked(key: Buffer, stored: Buffer): Buffer {
    const end = stored.length - checksumBytes
    if (end >= 0) {
      const value = stored.subarray(0, end)
      if (crc32(value, crc32(key, this.#seed)) === stored.readUInt32BE(end)) return value
    }
    if (this.#bare?.equals(key) === true) return stored
    return this.#damaged(key, stored)
  }

  #damaged(key: Buffer, stored: Buffer): Buffer {
    const { listener } = this.ear
    if (listener === undefined) throw new StoreDamaged(`${entryName(this.name, key)} is damaged: its key and its value do not give its checksum`)
    listener(this.name, key)
    return stored.subarray(0, Math.max(0, stored.length - checksumBytes))
  }
}

/** Reused, because the engine has copied a value when `put` returns. */
let scratch = Buffer.alloc(64 * 1024)
