// Encoded pieces of the change feed, each made once for all readers of the same view: a chunk goes on behind a version and ends
// at a multiple of versions at the latest, so that readers who began anywhere soon share theirs. Kept within a bound.
import { bounds } from "../../bounds.ts"
import { type FeedItem, feedPage } from "../../operations/feed.ts"
import type { FeedView } from "../../operations/feed-view.ts"
import type { Reader } from "../../store/store.ts"
import { changeEvents } from "./event-stream.ts"

export class FeedChunk {
  readonly items: readonly FeedItem[]
  /** Everything up to and including this version has been looked at. */
  readonly last: number
  /** How many streams are sending it piece by piece. */
  holders = 0
  #events: Uint8Array | undefined

  constructor(items: readonly FeedItem[], last: number) {
    this.items = items
    this.last = last
  }

  /** As text/event-stream. */
  get events(): Uint8Array {
    return (this.#events ??= changeEvents(this.items))
  }
}

export class FeedChunks {
  readonly #reader: Reader
  /** The least recently used first. */
  readonly #kept = new Map<string, FeedChunk>()
  #keptBytes = 0
  #heldBytes = 0

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** What follows `after`, up to `committed` at most. */
  behind(view: FeedView, after: number, committed: number): FeedChunk {
    // What a session or the public is shown depends on the rules of now, and mostly on who it is.
    if (view.reach !== undefined) return this.#make(view, after, committed)
    const key = `${after} ${view.key}`
    const known = this.#kept.get(key)
    if (known !== undefined) {
      this.#kept.delete(key)
      this.#kept.set(key, known)
      return known
    }
    const chunk = this.#make(view, after, committed)
    this.#kept.set(key, chunk)
    this.#keptBytes += sizeOf(chunk)
    this.#forget()
    return chunk
  }

  #make(view: FeedView, after: number, committed: number): FeedChunk {
    const recordsMax = bounds.feedChunkVersions - (after % bounds.feedChunkVersions)
    const { items, last } = feedPage(this.#reader, view, { after, to: committed, itemsMax: recordsMax, recordsMax, bytesMax: bounds.feedChunkBytesMax })
    return new FeedChunk(items, last)
  }

  /** Whether the chunk may be sent piece by piece now: those under way are in memory until their readers have taken them. */
  hold(chunk: FeedChunk): boolean {
    if (chunk.holders === 0) {
      if (this.#heldBytes > 0 && this.#heldBytes + chunk.events.length > bounds.feedHeldBytesMax) return false
      this.#heldBytes += chunk.events.length
    }
    chunk.holders++
    return true
  }

  release(chunk: FeedChunk): void {
    chunk.holders--
    if (chunk.holders === 0) this.#heldBytes -= chunk.events.length
  }

  /** All but the newest, where it alone is larger than what is kept. */
  #forget(): void {
    for (const [key, chunk] of this.#kept) {
      if (this.#keptBytes <= bounds.feedCacheBytesMax || this.#kept.size === 1) return
      this.#kept.delete(key)
      this.#keptBytes -= sizeOf(chunk)
    }
  }
}

/** Its text and its events, about, and what an empty one costs. */
function sizeOf({ items }: FeedChunk): number {
  return items.reduce((bytes, { text }) => bytes + 2 * text.length + 128, 256)
}
