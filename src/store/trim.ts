// Takes away what lies below the horizon, a bounded number of keys at a time. It goes through the log, oldest first: what a
// version superseded is not needed any more once that version is not above the horizon. So its cost is that of what it takes
// away, however much there is beside it. How far it has come is stored in the same transaction: it can end anywhere.
//
// What reads as of the horizon and above need stays: of each entity the newest row that is not above the horizon, unless that is
// a tombstone. Both nodes have the same in the end, in whatever steps they came there. The log keeps the record at the horizon,
// whose parent is what is known of the one before it.
import { digestBytes } from "../protocol/digest.ts"
import { openWrites, type Write } from "../protocol/record.ts"
import { bounds } from "../bounds.ts"
import { type Horizon, horizonOfRow, horizonRow, oldestOf } from "./horizon.ts"
import type { Log } from "./log.ts"
import { rowChanged, rowDeleted, rowFill } from "./row.ts"
import type { RowsAndHistory } from "./rows-and-history.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Table } from "./tables.ts"
import type { TermIndex } from "./term-index.ts"

/** How far collections have come: everything before `version`, and that many of its writes. */
export interface Place {
  readonly version: number
  readonly writes: number
}

export interface Trimmed {
  /** The first version that the log has; 1 from the beginning. */
  readonly log: number
  /** Of the collections that the horizon does not name. */
  readonly others: Place
  readonly collections: { readonly [collection: string]: Place }
}

const key = Buffer.from("trimmed")
const untouched: Trimmed = { log: 1, others: { version: 1, writes: 0 }, collections: {} }

export function readTrimmed(hardState: Table): Trimmed {
  const value = hardState.get(key)
  if (value === undefined) return untouched
  try {
    return JSON.parse(value.toString("utf8")) as Trimmed
  } catch {
    throw new StoreDamaged("how far the store was trimmed is damaged: it is no JSON")
  }
}

/** Inside a transaction. */
export function putTrimmed(hardState: Table, trimmed: Trimmed): void {
  hardState.put(key, Buffer.from(JSON.stringify(trimmed)))
}

export interface Trimmable {
  readonly rows: RowsAndHistory
  readonly index: TermIndex
  readonly log: Log
}

/** One walk through the log: of the collections that share a horizon. */
interface Walk {
  readonly oldest: number
  readonly place: Place
  readonly takes: (collection: string) => boolean
}

/** Whether there is anything below the horizon. */
export function canTrim(trimmed: Trimmed, horizon: Horizon): boolean {
  return trimmed.log < logEnd(trimmed, horizon) || walksOf(trimmed, horizon).some(({ place, oldest }) => place.version <= oldest)
}

/** The oldest version that a store can go back to, where that is not `version`. The horizon goes back, too: what it says can be read then must be there. */
export function oldestInsteadOf(version: number, { rows }: Pick<Trimmable, "rows">, trimmed: Trimmed): number | undefined {
  const { collection, id } = horizonRow
  if (isCovered(trimmed, horizonOfRow(rows.at(collection, id, version)))) return undefined
  const newest = rows.newest(collection, id)
  return newest === undefined ? trimmed.log : rowChanged(newest)
}

/** Whether everything that was taken away lies below the horizon. */
export function isCovered({ log, others, collections }: Trimmed, horizon: Horizon): boolean {
  const places = [{ place: others, oldest: horizon.oldest }, ...Object.entries(collections).map(([name, place]) => ({ place, oldest: oldestOf(horizon, name) }))]
  return log <= Math.max(1, horizon.log) && places.every(({ place, oldest }) => (place.writes > 0 ? place.version : place.version - 1) <= oldest)
}

/** One chunk. `committed` is the version that the horizon was read as of. */
export class Trim {
  readonly #store: Trimmable
  readonly #horizon: Horizon
  readonly #committed: number
  #keysLeft: number
  #bytesLeft: number = bounds.trimBytesMax

  constructor(store: Trimmable, horizon: Horizon, committed: number, keysMax: number = bounds.trimKeysMax) {
    this.#store = store
    this.#horizon = horizon
    this.#committed = committed
    this.#keysLeft = keysMax
  }

  /** Inside a transaction. Gives how far it came. */
  run(trimmed: Trimmed): Trimmed {
    const [others, ...named] = walksOf(trimmed, this.#horizon).map((walk) => this.#walk(walk))
    const names = [...this.#horizon.collections.keys()]
    const collections = Object.fromEntries(names.map((name, n) => [name, named[n] ?? untouched.others]))
    const rows = { log: trimmed.log, others: others ?? trimmed.others, collections }
    return { ...rows, log: this.#trimLog(rows) }
  }

  get #spent(): boolean {
    return this.#keysLeft <= 0 || this.#bytesLeft <= 0
  }

  #walk({ oldest, place, takes }: Walk): Place {
    let { version, writes: from } = place
    for (; version <= oldest && !this.#spent; version++, from = 0) {
      const value = this.#record(version)
      const { writes } = openWrites(value.subarray(digestBytes))
      for (let n = from; n < writes.length; n++) {
        const write = writes[n] as Write
        // One at least: the record alone may be larger than what a chunk looks at.
        if (n > from && this.#spent) return { version, writes: n }
        if (takes(write.collection) && !this.#supersede(version, write)) return { version, writes: n }
      }
    }
    return { version, writes: from }
  }

  #record(version: number): Buffer {
    const value = this.#store.log.stored(version)
    if (value === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
    this.#bytesLeft -= value.length
    this.#keysLeft--
    return value
  }

  /** What this write followed on goes. False where it has to wait for a batch in doubt. */
  #supersede(version: number, { collection, id, row }: Write): boolean {
    const { rows, index } = this.#store
    // It makes no version.
    if (rowFill(row)) return true
    if (rowDeleted(row) && !this.#forgetTombstone(version, collection, id)) return false
    const before = rows.forget(collection, id, version - 1)
    if (before === undefined) return true
    this.#keysLeft -= 1 + index.forget({ collection, id, version, before, row })
    return true
  }

  /** It says what its absence says. Where a batch in doubt follows on it, that batch's undo may need it. */
  #forgetTombstone(version: number, collection: string, id: string): boolean {
    const { rows } = this.#store
    const newest = rows.newest(collection, id)
    if (newest === undefined) return true
    const changed = rowChanged(newest)
    if (changed === version) rows.forgetNewest(collection, id)
    else {
      const last = changed > this.#committed ? rows.superseded(collection, id, this.#committed) : undefined
      if (last !== undefined && rowChanged(last) === version) return false
      rows.forgetVersion(collection, id, version)
    }
    this.#keysLeft--
    return true
  }

  #trimLog(trimmed: Trimmed): number {
    let first = trimmed.log
    for (const end = logEnd(trimmed, this.#horizon); first < end && !this.#spent; first++) {
      this.#bytesLeft -= this.#store.log.forget(first)
      this.#keysLeft -= 2
    }
    return first
  }
}

/** The first version that the log has to keep: for reads, and for walks that have not passed it. */
function logEnd(trimmed: Trimmed, horizon: Horizon): number {
  return Math.min(horizon.log, ...walksOf(trimmed, horizon).map(({ place }) => place.version))
}

/** A collection that is named for the first time goes on where the others are: until now it was one of them. */
function walksOf({ others, collections }: Trimmed, horizon: Horizon): Walk[] {
  const named = [...horizon.collections].map(([name, oldest]): Walk => {
    const place = Object.hasOwn(collections, name) ? collections[name] : undefined
    return { oldest, place: place ?? others, takes: (collection) => collection === name }
  })
  return [{ oldest: horizon.oldest, place: others, takes: (collection) => !horizon.collections.has(collection) }, ...named]
}
