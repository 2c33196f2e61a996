// The simulator's engine: ordered tables in memory, changed by atomic transactions. What a transaction has changed is
// "on the disk"; a crash loses everything that is not in here.
import type { Engine, Range, Table, Tables } from "../../src/store/tables.ts"
import { tableNames } from "../../src/store/tables.ts"

export class MemoryEngine implements Engine {
  readonly tables: Tables
  readonly #all: MemoryTable[]

  constructor() {
    this.#all = tableNames.map(() => new MemoryTable())
    this.tables = Object.fromEntries(tableNames.map((name, n) => [name, this.#all[n]])) as unknown as Tables
  }

  transact(write: () => void): void {
    for (const table of this.#all) table.begin()
    try {
      write()
    } catch (error) {
      for (const table of this.#all) table.rollback()
      throw error
    }
    for (const table of this.#all) table.keep()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** A backup: what is in here now, whatever changes later. */
  copy(): MemoryEngine {
    const other = new MemoryEngine()
    for (const [n, table] of this.#all.entries()) other.#all[n]?.take(table)
    return other
  }

  /** The first key at which a table is not the same in another engine. */
  difference(other: MemoryEngine, name: keyof Tables): string | undefined {
    const n = tableNames.indexOf(name)
    return other.#all[n] === undefined ? name : this.#all[n]?.difference(other.#all[n])
  }

  /** Every entry, for comparing whole disks. */
  dump(): string {
    return this.#all.map((table) => table.dump()).join("\n--\n")
  }
}

class MemoryTable implements Table {
  #keys: Buffer[] = []
  #values: Buffer[] = []
  #undo: (() => void)[] | undefined

  begin(): void {
    this.#undo = []
  }

  keep(): void {
    this.#undo = undefined
  }

  rollback(): void {
    for (const step of (this.#undo ?? []).reverse()) step()
    this.#undo = undefined
  }

  get(key: Buffer): Buffer | undefined {
    const { index, found } = this.#find(key)
    // A copy, as the real engine gives: the bytes are the caller's.
    return found ? Buffer.from(this.#values[index] as Buffer) : undefined
  }

  put(key: Buffer, value: Buffer): void {
    if (this.#undo === undefined) throw new Error("a write outside of a transaction")
    const { index, found } = this.#find(key)
    const kept = Buffer.from(value)
    if (found) {
      const before = this.#values[index] as Buffer
      this.#values[index] = kept
      this.#undo.push(() => this.#values.splice(index, 1, before))
      return
    }
    this.#keys.splice(index, 0, Buffer.from(key))
    this.#values.splice(index, 0, kept)
    this.#undo.push(() => this.#drop(index))
  }

  remove(key: Buffer): void {
    if (this.#undo === undefined) throw new Error("a write outside of a transaction")
    const { index, found } = this.#find(key)
    if (!found) return
    const before = this.#values[index] as Buffer
    this.#drop(index)
    this.#undo.push(() => {
      this.#keys.splice(index, 0, key)
      this.#values.splice(index, 0, before)
    })
  }

  *getRange({ start, end, limit, reverse }: Range): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    let left = limit ?? Number.POSITIVE_INFINITY
    if (reverse !== true) {
      for (let n = start === undefined ? 0 : this.#find(start).index; n < this.#keys.length && left > 0; n++, left--) {
        const key = this.#keys[n] as Buffer
        if (end !== undefined && Buffer.compare(key, end) >= 0) return
        yield { key, value: Buffer.from(this.#values[n] as Buffer) }
      }
      return
    }
    const from = start === undefined ? { index: this.#keys.length, found: false } : this.#find(start)
    for (let n = from.found ? from.index : from.index - 1; n >= 0 && left > 0; n--, left--) {
      const key = this.#keys[n] as Buffer
      if (end !== undefined && Buffer.compare(key, end) <= 0) return
      yield { key, value: Buffer.from(this.#values[n] as Buffer) }
    }
  }

  *getKeys(range: Range): Iterable<Buffer> {
    for (const { key } of this.getRange(range)) yield key
  }

  /** Entries are never changed in place, so both tables may have the same ones. */
  take(other: MemoryTable): void {
    this.#keys = [...other.#keys]
    this.#values = [...other.#values]
  }

  difference(other: MemoryTable): string | undefined {
    for (let n = 0; n < Math.max(this.#keys.length, other.#keys.length); n++) {
      const [key, value, otherKey, otherValue] = [this.#keys[n], this.#values[n], other.#keys[n], other.#values[n]]
      if (key === undefined || value === undefined || otherKey === undefined || otherValue === undefined) return (key ?? otherKey)?.toString("latin1")
      if (Buffer.compare(key, otherKey) !== 0 || Buffer.compare(value, otherValue) !== 0) return key.toString("latin1")
    }
    return undefined
  }

  dump(): string {
    return this.#keys.map((key, n) => `${key.toString("hex")} ${(this.#values[n] as Buffer).toString("hex")}`).join("\n")
  }

  #drop(index: number): void {
    this.#keys.splice(index, 1)
    this.#values.splice(index, 1)
  }

  #find(key: Uint8Array): { readonly index: number; readonly found: boolean } {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = Buffer.compare(this.#keys[middle] as Buffer, key)
      if (order === 0) return { index: middle, found: true }
      if (order < 0) low = middle + 1
      else high = middle
    }
    return { index: low, found: false }
  }
}
