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

/** What the query leaves of a list whose keys begin with `prefix`. No key is equal to one of the two ends. */
export function rangeOf(prefix: Buffer, { from, to, after, reverse }: WalkQuery): Range {
  let low = from === undefined ? prefix : edge(prefix, from.value, !from.inclusive)
  let high = to === undefined ? endOfPrefix(prefix) : edge(prefix, to.value, to.inclusive)
  if (after !== undefined) {
    const place = Buffer.concat([prefix, orderOf(after).subarray(0, -1)])
    if (!reverse) low = [low, Buffer.concat([place, behind])].sort(Buffer.compare)[1] ?? low
    else high = [high, place].sort(Buffer.compare)[0] ?? high
  }
  return reverse ? { start: high, end: low, reverse } : { start: low, end: high }
}

/** Whether a key is in a range that goes up. */
export function isWithin(key: Buffer, { start, end }: Range): boolean {
  return (start === undefined || key.compare(start) >= 0) && (end === undefined || key.compare(end) < 0)
}

const nul = Buffer.from([0])
/** No part has a byte that is less, but for the NUL at its end. */
const behind = Buffer.from([1])

/** Before all keys of a value, or behind them. */
function edge(prefix: Buffer, value: Uint8Array, isAfter: boolean): Buffer {
  return isAfter ? Buffer.concat([prefix, value, behind]) : Buffer.concat([prefix, value])
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

/** Several ordered lists as one. They are few, and most of them end soon. */
class Merge {
  readonly #lists: { readonly iterator: Iterator<WalkEntry>; entry: WalkEntry }[] = []
  readonly #sign: number

  constructor(lists: readonly Iterable<WalkEntry>[], reverse: boolean) {
    this.#sign = reverse ? -1 : 1
    for (const list of lists) {
      const iterator = list[Symbol.iterator]()
      const { done, value } = iterator.next()
      if (done !== true) this.#lists.push({ iterator, entry: value })
    }
  }

  next(): WalkEntry | undefined {
    let [least] = this.#lists
    for (const list of this.#lists) if (least !== undefined && this.#sign * list.entry.order.compare(least.entry.order) < 0) least = list
    if (least === undefined) return undefined
    const { iterator, entry } = least
    const { done, value } = iterator.next()
    if (done === true) this.#lists.splice(this.#lists.indexOf(least), 1)
    else least.entry = value
    return entry
  }

  /** Lets go of what the engine holds for lists that were not read to their end. */
  close(): void {
    for (const { iterator } of this.#lists) iterator.return?.()
  }
}
