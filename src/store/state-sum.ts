// The digest of the state: the sum, mod 2^128, of a digest of each live newest row and its key. Every write moves it by what it changes,
// and taking versions back moves it back, so it is known at every head for next to nothing: equal on two nodes at one head, and equal to
// what a walk through all rows adds up to. Trimming does not change it.
import { digestOf } from "../protocol/digest.ts"
import { rowDeleted } from "./row.ts"
import { keyAfter } from "./turns.ts"

export const stateBytes = 16

/** As four numbers of 32 bits, the lowest first. */
class Sum {
  readonly #parts = new Uint32Array(stateBytes / 4)

  add(digest: Buffer, sign: 1 | -1): void {
    let carry = 0
    for (let n = 0; n < this.#parts.length; n++) {
      const part = (this.#parts[n] ?? 0) + sign * digest.readUInt32LE(4 * n) + carry
      this.#parts[n] = part
      carry = Math.floor(part / 2 ** 32)
    }
  }

  get bytes(): Buffer {
    return Buffer.from(this.#parts.slice().buffer)
  }

  set bytes(bytes: Buffer) {
    for (let n = 0; n < this.#parts.length; n++) this.#parts[n] = bytes.readUInt32LE(4 * n)
  }
}

/** Adds up what a walk through all rows comes upon, in the order of their keys, while rows change. */
export class StateWalk {
  readonly #sum = new Sum()
  /** What is before it is behind the walk. */
  #place: Buffer | undefined

  /** No row before this key will be visited any more. */
  reach(key: Buffer): void {
    this.#place = key
  }

  /** The row that is there now. */
  visit(key: Buffer, row: Buffer): void {
    this.#place = keyAfter(key)
    if (!rowDeleted(row)) this.#sum.add(rowDigest(key, row), 1)
  }

  /** What changes behind the walk is accounted for; what is before it is not seen yet. */
  change(key: Buffer, digest: Buffer, sign: 1 | -1): void {
    if (this.#place !== undefined && Buffer.compare(key, this.#place) < 0) this.#sum.add(digest, sign)
  }

  get bytes(): Buffer {
    return this.#sum.bytes
  }

  set bytes(bytes: Buffer) {
    this.#sum.bytes = bytes
  }
}

export class StateSum {
  readonly #sum = new Sum()
  readonly #walks = new Set<StateWalk>()

  constructor(bytes: Buffer = Buffer.alloc(stateBytes)) {
    this.#sum.bytes = bytes
  }

  get bytes(): Buffer {
    return this.#sum.bytes
  }

  /** An entity has another newest row, or none on one side. */
  change(key: Buffer, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    if (before !== undefined && !rowDeleted(before)) this.#move(key, rowDigest(key, before), -1)
    if (after !== undefined && !rowDeleted(after)) this.#move(key, rowDigest(key, after), 1)
  }

  #move(key: Buffer, digest: Buffer, sign: 1 | -1): void {
    this.#sum.add(digest, sign)
    for (const walk of this.#walks) walk.change(key, digest, sign)
  }

  /** What makes everything as it is now, for a transaction that changes nothing in the end. */
  mark(): () => void {
    const { bytes } = this
    const walks = [...this.#walks].map((walk) => [walk, walk.bytes] as const)
    return () => {
      this.#sum.bytes = bytes
      for (const [walk, bytes] of walks) walk.bytes = bytes
    }
  }

  /** Hears of every change until `end` is called. */
  begin(): StateWalk {
    const walk = new StateWalk()
    this.#walks.add(walk)
    return walk
  }

  /** Whether a walk that came to the end found what there should be. */
  end(walk: StateWalk): boolean {
    this.#walks.delete(walk)
    return walk.bytes.equals(this.bytes)
  }
}

function rowDigest(key: Uint8Array, row: Uint8Array): Buffer {
  const size = key.length + row.length
  if (size > scratch.length) scratch = Buffer.alloc(2 * size)
  scratch.set(key)
  scratch.set(row, key.length)
  return digestOf(scratch.subarray(0, size)) as Buffer
}

/** Reused: fresh memory for each costs more than hashing a small row. */
let scratch = Buffer.alloc(64 * 1024)
