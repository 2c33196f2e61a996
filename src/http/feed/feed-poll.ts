// A long poll of the change feed: waits for the first change its view shows, and answers then, or empty once its time is over.
import type { FeedItem } from "../../operations/feed.ts"
import type { FeedView } from "../../operations/feed-view.ts"
import type { Exchange } from "../exchange.ts"
import type { FeedChunk } from "./feed-chunks.ts"
import type { FeedReader, FeedTail } from "./feed-tail.ts"

export interface Awaited {
  readonly items: readonly FeedItem[]
  /** What the next request goes on behind. */
  readonly last: number
}

export interface PollOptions {
  readonly view: FeedView
  readonly after: number
  readonly limit: number
  readonly waitMs: number
}

/** Resolves early, without items, where its client is gone, may read no more, or is to go elsewhere. */
export function awaitChanges(exchange: Exchange, tail: FeedTail, options: PollOptions): Promise<Awaited> {
  return new Promise((resolve) => {
    const poll = new Poll(exchange, tail, options, resolve)
    tail.add(poll)
    exchange.whenGone(() => poll.end())
  })
}

class Poll implements FeedReader {
  readonly view: FeedView
  readonly credentials: string
  readonly #exchange: Exchange
  readonly #tail: FeedTail
  readonly #limit: number
  readonly #resolve: (awaited: Awaited) => void
  readonly #timer: ReturnType<typeof setTimeout>
  #position: number

  constructor(exchange: Exchange, tail: FeedTail, { view, after, limit, waitMs }: PollOptions, resolve: (awaited: Awaited) => void) {
    this.view = view
    this.credentials = exchange.credentials
    this.#exchange = exchange
    this.#tail = tail
    this.#limit = limit
    this.#resolve = resolve
    this.#position = after
    this.#timer = setTimeout(() => this.end(), waitMs)
  }

  get position(): number {
    return this.#position
  }

  admitted(): boolean {
    return this.#exchange.readmit() === undefined
  }

  ready(): boolean {
    return true
  }

  take(chunk: FeedChunk): void {
    const items = chunk.items.slice(0, this.#limit)
    this.#position = items.length < chunk.items.length ? (items.at(-1)?.version ?? this.#position) : chunk.last
    if (items.length > 0) this.#settle(items)
  }

  tick(): void {}

  end(): void {
    this.#settle([])
  }

  #settle(items: readonly FeedItem[]): void {
    clearTimeout(this.#timer)
    this.#tail.remove(this)
    this.#resolve({ items, last: this.#position })
  }
}
