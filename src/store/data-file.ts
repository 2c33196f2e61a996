// Looks at a data file before LMDB maps it into memory: a page that is not there would end the process with a signal
// instead of an error. Reads a few pages only, unless the file is shorter than its page count. Changes nothing.
//
// Where things are is that of LMDB's `MDB_page_header`, `MDB_meta`, `MDB_db` and `MDB_node` in lmdb-js 3.5.6.
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { StoreDamaged } from "./store-damaged.ts"

/** Throws StoreDamaged where LMDB could not read the file safely. */
export function checkDataFile(path: string): void {
  const descriptor = openSync(path, "r")
  try {
    new DataFile(path, descriptor).check()
  } catch (error) {
    // A number that leads out of a page, or pages that lead to themselves.
    if (error instanceof RangeError) throw new StoreDamaged(`${path} is damaged: its pages contradict each other`)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** The two meta pages, one page of the smallest size each. */
const bytesMin = 8_192
const magic = 0xbeefc0de
const dataVersion = 2
const pageHeaderBytes = 24
const page = { number: 0, flags: 18, lower: 20 } as const
const pageFlag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
/** From the end of a meta page's header. */
const meta = { magic: 0, version: 4, pageBytes: 24, freeRoot: 64, mainRoot: 112, lastPage: 120, transaction: 128, end: 136 } as const
const node = { flags: 4, keyBytes: 6, key: 8 } as const
const nodeFlag = { overflow: 1, tree: 2 } as const
/** In the value of a named table. */
const treeRoot = 40
const noPage = 2n ** 64n - 1n

interface Meta {
  readonly pageBytes: number
  /** Undefined where the tree is empty. */
  readonly freeRoot: number | undefined
  readonly mainRoot: number | undefined
  readonly lastPage: number
  readonly transaction: bigint
}

interface Leaf {
  /** The node's value, or where it is on pages of its own, their number. */
  readonly value: Buffer
  readonly isOverflow: boolean
  readonly isTree: boolean
}

class DataFile {
  readonly #size: number
  #pageBytes = 4_096

  constructor(
    private readonly path: string,
    private readonly descriptor: number,
  ) {
    this.#size = fstatSync(descriptor).size
  }

  check(): void {
    if (this.#size < bytesMin) this.#damaged(`it has ${this.#size} bytes, less than any data file: it is truncated or was never one`)
    const first = this.#meta(0)
    this.#pageBytes = first.pageBytes
    const second = this.#meta(first.pageBytes)
    // As LMDB does: the newest wins.
    const newest = second.transaction > first.transaction ? second : first
    this.#checkSize(newest)
    if (newest.freeRoot !== undefined) this.#page(newest.freeRoot)
    if (newest.mainRoot === undefined) return
    for (const { value, isTree } of this.#leaves(newest.mainRoot)) {
      const root = isTree ? pageNumber(value, treeRoot) : undefined
      if (root !== undefined) this.#page(root)
    }
  }

  #meta(offset: number): Meta {
    const bytes = this.#read(offset, pageHeaderBytes + meta.end)
    const at = (field: number): number => pageHeaderBytes + field
    const found = bytes.readUInt32LE(at(meta.magic))
    if (found !== magic) this.#damaged(`it is no data file: at ${offset} there is ${found.toString(16).padStart(8, "0")}, not LMDB's mark`)
    const version = bytes.readUInt32LE(at(meta.version)) & 0xffff
    if (version !== dataVersion) this.#damaged(`it is of LMDB's data version ${version}, not ${dataVersion}`)
    const pageBytes = bytes.readUInt32LE(at(meta.pageBytes))
    const isSize = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0
    if (!isSize || (bytes.readUInt16LE(page.flags) & pageFlag.meta) === 0) this.#damaged(`its meta page at ${offset} is damaged`)
    return {
      pageBytes,
      freeRoot: pageNumber(bytes, at(meta.freeRoot)),
      mainRoot: pageNumber(bytes, at(meta.mainRoot)),
      lastPage: Number(bytes.readBigUInt64LE(at(meta.lastPage))),
      transaction: bytes.readBigUInt64LE(at(meta.transaction)),
    }
  }

  /**
   * A file may end before its last page, because LMDB does not write pages that a transaction both took and gave up.
   * So where it does, the missing pages must be free; and what the list of free pages lost must be in no tree.
   */
  #checkSize({ lastPage, freeRoot, mainRoot }: Meta): void {
    const missing = Math.floor(this.#size / this.#pageBytes)
    if (lastPage < missing) return
    if (freeRoot !== undefined && covers(this.#freePages(freeRoot, missing), missing, lastPage)) return
    for (const root of [freeRoot, mainRoot]) if (root !== undefined) this.#walk(root)
  }

  /** Runs of free pages that reach `from`: the first and the one after the last. */
  #freePages(root: number, from: number): (readonly [number, number])[] {
    const runs: (readonly [number, number])[] = []
    for (const { value, isOverflow } of this.#leaves(root)) {
      const list = isOverflow ? this.#overflow(value) : value
      const count = Number(list.readBigUInt64LE(0))
      for (let n = 1; n <= count && 8 * n + 8 <= list.length; n++) {
        const entry = Number(list.readBigInt64LE(8 * n))
        // Negative: the length of a run, whose first page follows. Zero: no longer in use.
        const length = entry < 0 ? -entry : 1
        if (entry < 0) n++
        const first = entry < 0 ? Number(list.readBigInt64LE(8 * n)) : entry
        if (entry !== 0 && first + length > from) runs.push([first, first + length])
      }
    }
    return runs
  }

  /** Every page of a tree and of the trees in it; throws where one is not there. */
  #walk(root: number): void {
    for (const { value, isOverflow, isTree } of this.#leaves(root)) {
      if (isOverflow) this.#overflowEnd(value)
      const inner = isTree ? pageNumber(value, treeRoot) : undefined
      if (inner !== undefined) this.#walk(inner)
    }
  }

  *#leaves(root: number): Generator<Leaf> {
    const bytes = this.#page(root)
    const isLeaf = (bytes.readUInt16LE(page.flags) & pageFlag.leaf) !== 0
    const count = bytes.readUInt16LE(page.lower) >> 1
    for (let n = 0; n < count; n++) {
      const at = bytes.readUInt16LE(pageHeaderBytes + 2 * n) + pageHeaderBytes
      const low = bytes.readUInt32LE(at)
      const flags = bytes.readUInt16LE(at + node.flags)
      if (!isLeaf) {
        yield* this.#leaves(low + flags * 2 ** 32)
        continue
      }
      const isOverflow = (flags & nodeFlag.overflow) !== 0
      const from = at + node.key + bytes.readUInt16LE(at + node.keyBytes)
      yield { value: bytes.subarray(from, from + (isOverflow ? 8 : low)), isOverflow, isTree: (flags & nodeFlag.tree) !== 0 }
    }
  }

  /** A branch or leaf page. */
  #page(number: number): Buffer {
    const bytes = this.#read(number * this.#pageBytes, this.#pageBytes)
    const flags = bytes.readUInt16LE(page.flags)
    const isOne = bytes.readBigUInt64LE(page.number) === BigInt(number) && (flags & (pageFlag.branch | pageFlag.leaf)) !== 0
    if (!isOne || bytes.readUInt16LE(page.lower) > this.#pageBytes - pageHeaderBytes) this.#damaged(`its page ${number} is damaged`)
    return bytes
  }

  #overflow(value: Buffer): Buffer {
    const start = Number(value.readBigUInt64LE(0)) * this.#pageBytes
    return this.#read(start + pageHeaderBytes, this.#overflowEnd(value) - start - pageHeaderBytes)
  }

  /** Where the pages of a value end. */
  #overflowEnd(value: Buffer): number {
    const number = Number(value.readBigUInt64LE(0))
    const header = this.#read(number * this.#pageBytes, pageHeaderBytes)
    const end = (number + header.readUInt32LE(page.lower)) * this.#pageBytes
    if ((header.readUInt16LE(page.flags) & pageFlag.overflow) === 0) this.#damaged(`its page ${number} is damaged`)
    if (end > this.#size) this.#truncated(end)
    return end
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    if (offset + length > this.#size || readSync(this.descriptor, bytes, 0, length, offset) < length) this.#truncated(offset + length)
    return bytes
  }

  #truncated(needed: number): never {
    return this.#damaged(`it is truncated: it has ${this.#size} bytes, and refers to what was at ${needed}`)
  }

  #damaged(detail: string): never {
    throw new StoreDamaged(`${this.path} is damaged: ${detail}`)
  }
}

function pageNumber(bytes: Buffer, offset: number): number | undefined {
  const number = bytes.readBigUInt64LE(offset)
  return number === noPage ? undefined : Number(number)
}

/** Whether runs of pages hold every page from `first` to `last`. */
function covers(runs: (readonly [number, number])[], first: number, last: number): boolean {
  let next = first
  for (const [from, end] of runs.sort(([a], [b]) => a - b)) {
    if (from > next) break
    next = Math.max(next, end)
  }
  return next > last
}
