// Tells in a fixed amount of memory which versions of entities, and which terms that fills added to them, were counted on one
// side only: each falls into one of many buckets, and a bucket where both sides differ is looked at again.
import type { Term } from "./row.ts"

const bucketCount = 65_536

export class Tally {
  readonly #buckets = new Int32Array(bucketCount)

  /** What the log has. */
  add(entity: Uint8Array, version: number): void {
    const bucket = bucketOf(entity, version)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
  }

  /** What the tables have. */
  take(entity: Uint8Array, version: number): void {
    const bucket = bucketOf(entity, version)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) - 1
  }

  /** Whether a version may be on one side only. */
  differs(entity: Uint8Array, version: number): boolean {
    return this.#buckets[bucketOf(entity, version)] !== 0
  }

  get even(): boolean {
    return this.#buckets.every((count) => count === 0)
  }
}

/** What stands for a term that a fill added to an entity, counted with the fill's version. */
export function fillKey(entity: Uint8Array, { field, value, unique }: Term): Buffer {
  return Buffer.concat([entity, Buffer.from(`${field}\0${unique ? 1 : 0}`, "utf8"), value])
}

/** FNV-1a. */
function bucketOf(entity: Uint8Array, version: number): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < entity.length; n++) hash = Math.imul(hash ^ (entity[n] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (version >>> 0), 0x01000193)
  hash ^= hash >>> 15
  return (hash >>> 0) % bucketCount
}
