// Listings: page by page, all pages as of the first one's version.
import type { CallOptions } from "./transport.ts"

export interface Page<Item, Cursor = string> {
  readonly items: readonly Item[]
  /** What all of its pages are as of. */
  readonly version: number
  /** Where the next page begins; null on the last one. */
  readonly next: Cursor | null
  /** Where it was asked for: how many there are on all pages, or null where that would take too long to say. */
  readonly count?: number | null
  /** In place of a `count` that is null: how many there are at least. */
  readonly countAtLeast?: number
}

export interface PageOptions extends CallOptions {
  /** Items of a page, 500 at most. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** Every item; the next page is fetched when it is needed. */
export async function* eachItem<Item, Cursor>(pageAt: (cursor: Cursor | undefined) => Promise<Page<Item, Cursor>>, from?: Cursor): AsyncGenerator<Item, void, undefined> {
  for (let cursor = from; ; ) {
    const { items, next } = await pageAt(cursor)
    yield* items
    if (next === null) return
    cursor = next
  }
}
