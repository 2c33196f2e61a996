// Listings: page by page, all pages as of the first one's version.
import type { CallOptions } from "./transport.ts"

export interface Page<Item> {
  readonly items: readonly Item[]
  /** What all of its pages are as of. */
  readonly version: number
  /** The next page's cursor; null on the last one. */
  readonly next: string | null
}

export interface PageOptions extends CallOptions {
  /** Items of a page, 500 at most. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** Every item; the next page is fetched when it is needed. */
export async function* eachItem<Item>(pageAt: (cursor: string | undefined) => Promise<Page<Item>>, from?: string): AsyncGenerator<Item, void, undefined> {
  for (let cursor = from; ; ) {
    const { items, next } = await pageAt(cursor)
    yield* items
    if (next === null) return
    cursor = next
  }
}
