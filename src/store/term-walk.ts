// A page of a walk along one index. Its entries come from several lists, each in the order of value and id, and are merged here.
import { endOfPrefix } from "./keys.ts"
import type { WalkPage, WalkPlace, WalkQuery } from "./store.ts"
import type { Range } from "./tables.ts"

/** An entry of a list, by the part of its key that gives the order: value NUL id NUL. */
export interface WalkEntry {
  readonly order: Buffer
  /** Whether the entity had the value as of the version that was asked for. */
  readonly isHeld: boolean
}

/** Looks at `scanMax` entries at most. */
export function walkPage(lists: readonly Iterable<WalkEntry>[], { reverse, limit, after }: WalkQuery, scanMax: number): WalkPage {
  const entries: WalkPlace[] = []
  const start = after === undefined ? undefined : orderOf(after)
  let last: Buffer | undefined
  let looked = 0
  const merge = new Merge(lists, reverse)
  try {
    for (let entry = merge.next(); entry !== undefined; entry = merge.next()) {
      // Of one place there may be entries in several lists: it is not left before all of them were seen.
      if (looked >= scanMax && last !== undefined && !entry.order.equals(last)) return { entries, looked, next: placeOf(last) }
      last = entry.order
      looked++
      if (!entry.isHeld || (start !== undefined && !isBehind(entry.order, start, reverse))) continue
      if (entries.length === limit) return { entries, looked, next: entries.at(-1) }
      entries.push(placeOf(entry.order))
    }
  } finally {
    merge.close()
  }
  return { entries, looked, next: undefined }
}

/** What a query leaves of lists, whatever their keys begin with. No key is equal to one of the two ends. */
export class WalkRange {
  readonly #low: Buffer
  readonly #high: Buffer | undefined
  readonly #reverse: boolean

  constructor({ from, to, after, reverse }: WalkQuery) {
    const low = from === undefined ? nothing : edge(from.value, !from.inclusive)
    const high = to === undefined ? undefined : edge(to.value, to.inclusive)
    const place = after === undefined ? undefined : orderOf(after).subarray(0, -1)
    const behindPlace = place === undefined || reverse ? nothing : Buffer.concat([place, behind])
    this.#low = behindPlace.compare(low) > 0 ? behindPlace : low
    this.#high = place !== undefined && reverse && (high === undefined || place.compare(high) < 0) ? place : high
    this.#reverse = reverse
  }

  of(prefix: Buffer): Range {
    const low = Buffer.concat([prefix, this.#low])
    const high = this.#high === undefined ? endOfPrefix(prefix) : Buffer.concat([prefix, this.#high])
    return this.#reverse ? { start: high, end: low, reverse: true } : { start: low, end: high }
  }
}

/** Whether a key is in a range that goes up. */
export function isWithin(key: Buffer, { start, end }: Range): boolean {
  return (start === undefined || key.compare(start) >= 0) && (end === undefined || key.compare(end) < 0)
}

const nothing = Buffer.alloc(0)
export const nul = Buffer.from([0])
/** No part has a byte that is less, but for the NUL at its end. */
const behind = Buffer.from([1])

/** Before all keys of a value, or behind them. */
function edge(value: Uint8Array, isAfter: boolean): Buffer {
  return isAfter ? Buffer.concat([value, behind]) : Buffer.from(value)
}

/** Ranges are by keys, and those of unique values have no id: they may be on either side of the place. */
function isBehind(order: Buffer, start: Buffer, reverse: boolean): boolean {
  const compared = order.compare(start)
  return reverse ? compared < 0 : compared > 0
}

function orderOf({ value, id }: WalkPlace): Buffer {
  return Buffer.concat([value, nul, Buffer.from(id, "utf8"), nul])
}

function placeOf(order: Buffer): WalkPlace {
  const valueEnd = order.indexOf(0)
  return { value: order.subarray(0, valueEnd), id: order.toString("utf8", valueEnd + 1, order.length - 1) }
}

interface List {
  readonly iterator: Iterator<WalkEntry>
  entry: WalkEntry
}

/** Several ordered lists as one. */
class Merge {
  /** By their next entries. */
  readonly #lists: List[] = []
  readonly #sign: number

  constructor(lists: readonly Iterable<WalkEntry>[], reverse: boolean) {
    this.#sign = reverse ? -1 : 1
    for (const list of lists) {
      const iterator = list[Symbol.iterator]()
      const { done, value } = iterator.next()
      if (done !== true) this.#lists.push({ iterator, entry: value })
    }
    this.#lists.sort((a, b) => this.#compare(a, b))
  }

  next(): WalkEntry | undefined {
    const [list] = this.#lists
    if (list === undefined) return undefined
    const { iterator, entry } = list
    const { done, value } = iterator.next()
    if (done === true) this.#lists.shift()
    else {
      list.entry = value
      this.#settle(list)
    }
    return entry
  }

  /** Puts the first list where it belongs now. */
  #settle(first: List): void {
    const lists = this.#lists
    let place = 0
    for (let other = lists[1]; other !== undefined && this.#compare(other, first) < 0; other = lists[place + 1]) lists[place++] = other
    lists[place] = first
  }

  #compare(a: List, b: List): number {
    return this.#sign * a.entry.order.compare(b.entry.order)
  }

  /** Lets go of what the engine holds for lists that were not read to their end. */
  close(): void {
    for (const { iterator } of this.#lists) iterator.return?.()
  }
}
