// A stream of the change feed: every change its view shows as an event, in order, and heartbeats between. Holds one queue of
// bounded size; a reader who takes nothing for long is told so and cut, and goes on with the last id it has.
import { bounds } from "../../bounds.ts"
import type { FeedView } from "../../operations/feed-view.ts"
import { heartbeatEvent, opening, overflowEvent } from "./event-stream.ts"
import type { Exchange } from "../exchange.ts"
import type { FeedChunk } from "./feed-chunks.ts"
import type { FeedReader, FeedTail } from "./feed-tail.ts"

interface Pieces {
  readonly chunk: FeedChunk
  sent: number
}

export class FeedStream implements FeedReader {
  readonly view: FeedView
  readonly credentials: string
  readonly body: ReadableStream<Uint8Array>
  readonly #exchange: Exchange
  readonly #tail: FeedTail
  #position: number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** A chunk that is too large for one piece, while its reader has not taken all of it. */
  #pieces: Pieces | undefined
  #sentAtMs: number
  /** Since when its reader has taken nothing of what waits for it. */
  #blockedSinceMs: number | undefined

  constructor(exchange: Exchange, tail: FeedTail, view: FeedView, after: number) {
    this.view = view
    this.credentials = exchange.credentials
    this.#exchange = exchange
    this.#tail = tail
    this.#position = after
    this.#sentAtMs = tail.nowMs()
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          controller.enqueue(opening)
        },
        pull: () => this.#taken(),
        cancel: () => this.#leave(),
      },
      { highWaterMark: bounds.feedQueueBytesMax, size: (piece) => piece?.length ?? 0 },
    )
    tail.add(this)
    // Not every way in which a client goes away cancels the body.
    exchange.whenGone(() => this.#leave())
  }

  get position(): number {
    return this.#position
  }

  admitted(): boolean {
    return this.#exchange.readmit() === undefined
  }

  ready(): boolean {
    return this.#pieces === undefined && this.#hasRoom()
  }

  take(chunk: FeedChunk): void {
    if (chunk.items.length > 0) {
      if (chunk.events.length <= bounds.feedPieceBytesMax) this.#send(chunk.events)
      else if (!this.#tail.chunks.hold(chunk)) return
      else this.#sendPiece({ chunk, sent: 0 })
    }
    this.#position = chunk.last
  }

  tick(nowMs: number): void {
    if (!this.ready()) {
      this.#blockedSinceMs ??= nowMs
      if (nowMs - this.#blockedSinceMs >= this.#tail.timing.stallMs) this.#overflow()
    } else if (nowMs - this.#sentAtMs >= this.#tail.timing.heartbeatMs) this.#send(heartbeatEvent(this.#position))
  }

  end(): void {
    this.#leave()
    // In the middle of an event, too: what has no end is no event to who reads it.
    this.#controller?.close()
    this.#controller = undefined
  }

  #hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  #send(piece: Uint8Array): void {
    this.#sentAtMs = this.#tail.nowMs()
    this.#tail.sent(piece.length)
    this.#controller?.enqueue(piece)
  }

  #sendPiece(pieces: Pieces): void {
    const { chunk, sent } = pieces
    const piece = chunk.events.subarray(sent, sent + bounds.feedPieceBytesMax)
    pieces.sent += piece.length
    this.#pieces = pieces
    if (pieces.sent === chunk.events.length) this.#release()
    this.#send(piece)
  }

  /** The connection has taken something and has room for more. */
  #taken(): void {
    this.#blockedSinceMs = undefined
    if (this.#pieces !== undefined && this.#hasRoom()) this.#sendPiece(this.#pieces)
    else if (this.#tail.isAhead(this.#position)) this.#tail.wake()
  }

  #overflow(): void {
    // Within an event nothing else can be said.
    if (this.#pieces === undefined) this.#send(overflowEvent(this.#position))
    this.end()
  }

  #release(): void {
    if (this.#pieces === undefined) return
    this.#tail.chunks.release(this.#pieces.chunk)
    this.#pieces = undefined
    // Somebody may have waited for that.
    this.#tail.wake()
  }

  #leave(): void {
    this.#release()
    this.#tail.remove(this)
  }
}
