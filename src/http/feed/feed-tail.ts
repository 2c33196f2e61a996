// The end of the change feed, shared by all who wait for changes: one subscription to the node, each version encoded once for
// all readers of the same view, and a share of the node's time while it writes. Keeps nothing for a reader who lags: the log does. Never
// hands over what is not committed, nor anything while the node may not answer reads.
import { bounds } from "../../bounds.ts"
import type { FeedView } from "../../operations/feed-view.ts"
import type { NodeService } from "../../node/service.ts"
import { type FeedChunk, FeedChunks } from "./feed-chunks.ts"

/** One long poll or one stream. */
export interface FeedReader {
  readonly view: FeedView
  /** Everything up to and including this version has been handed over, or is not for this reader. */
  readonly position: number
  /** Whoever has the same is admitted alike: asked once for all of them before something is shown. */
  readonly credentials: string
  admitted(): boolean
  /** Whether it can take something now. */
  ready(): boolean
  /** Moves the position to the chunk's last version; a chunk without items shows nothing. */
  take(chunk: FeedChunk): void
  /** Time goes by; asked only while something may be shown. */
  tick(nowMs: number): void
  /** The reader is to go elsewhere, or ask anew. */
  end(): void
}

export interface FeedTiming {
  readonly heartbeatMs: number
  readonly stallMs: number
  readonly pauseMs: number
  readonly tickMs: number
}

export const feedTiming: FeedTiming = {
  heartbeatMs: bounds.feedHeartbeatMs,
  stallMs: bounds.feedStallMs,
  pauseMs: bounds.feedPauseMs,
  tickMs: bounds.feedTickMs,
}

/** After the last commit, as long as the next one is counted on. */
const writingMs = 50

export class FeedTail {
  readonly timing: FeedTiming
  readonly nowMs: () => number
  readonly chunks: FeedChunks
  readonly #node: NodeService
  readonly #readers = new Set<FeedReader>()
  /** Credentials that were looked at in this slice, within which nothing can change. */
  readonly #admitted = new Map<string, boolean>()
  #sentBytes = 0
  #advancedMs = Number.NEGATIVE_INFINITY
  #isUnderWay = false
  #again = false
  #pausedSinceMs: number | undefined
  #ended = false
  #stopListening: (() => void) | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  /** `nowMs` is a clock that never jumps. */
  constructor(node: NodeService, nowMs: () => number, timing: FeedTiming) {
    this.#node = node
    this.nowMs = nowMs
    this.timing = timing
    this.chunks = new FeedChunks(node.reader)
  }

  /** How many wait. */
  get size(): number {
    return this.#readers.size
  }

  /** Whether nobody more can wait here: there are too many, or the node is stopping. */
  full(): boolean {
    return this.#ended || this.#readers.size >= bounds.feedSubscribersMax
  }

  add(reader: FeedReader): void {
    this.#readers.add(reader)
    this.#stopListening ??= this.#node.onAdvanced(() => {
      this.#advancedMs = this.nowMs()
      this.wake()
    })
    this.#timer ??= setInterval(() => this.wake(), this.timing.tickMs)
    this.wake()
  }

  remove(reader: FeedReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Ends all who wait, and lets nobody wait any more. */
  end(): void {
    this.#ended = true
    for (const reader of this.#readers) reader.end()
  }

  /** Whether there is anything behind a version. */
  isAhead(version: number): boolean {
    return this.#node.committed() > version
  }

  /** Something may be there to hand over. */
  wake(): void {
    this.#again = true
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    setImmediate(() => this.#begin())
  }

  #begin(): void {
    this.#again = false
    if (this.#pause()) this.#finish()
    else this.#serve(this.#readers.values())
  }

  /** True while nothing may be shown. Readers are kept for a while: most often the other node is only starting anew. */
  #pause(): boolean {
    if (this.#node.whyNotReadable() === undefined) {
      this.#pausedSinceMs = undefined
      return false
    }
    this.#pausedSinceMs ??= this.nowMs()
    if (this.nowMs() - this.#pausedSinceMs >= this.timing.pauseMs) for (const reader of this.#readers) reader.end()
    return true
  }

  /** A reader was sent this much: writing it takes the node's time, after the slice in which it was handed over. */
  sent(bytes: number): void {
    this.#sentBytes += bytes
  }

  /** As many as a slice allows; then everything else has its turn, and then the others. */
  #serve(readers: SetIterator<FeedReader>): void {
    const beganMs = this.nowMs()
    this.#sentBytes = 0
    this.#admitted.clear()
    let nowMs = beganMs
    let done = false
    while (!done && nowMs - beganMs < bounds.feedSliceMs && this.#sentBytes < bounds.feedSliceBytesMax) {
      const next = readers.next()
      if (next.done === true) done = true
      else this.#look(next.value, nowMs)
      nowMs = this.nowMs()
    }
    // What was handed over is written by then.
    setImmediate(() => {
      const goOn = done ? () => this.#finish() : () => this.#serve(readers)
      const endMs = this.nowMs()
      const restMs = endMs - this.#advancedMs < writingMs ? bounds.feedRestFactor * (endMs - beganMs) : 0
      if (restMs < 1) goOn()
      else setTimeout(goOn, restMs)
    })
  }

  #finish(): void {
    this.#isUnderWay = false
    if (this.#again && this.#readers.size > 0 && this.#pausedSinceMs === undefined) this.wake()
  }

  #look(reader: FeedReader, nowMs: number): void {
    // Asked each time: what was so when the slice began may have ended since.
    if (this.#node.whyNotReadable() !== undefined) return
    if (!this.#isAdmitted(reader)) return reader.end()
    const committed = this.#node.committed()
    const { position } = reader
    // Retention has overtaken it; where it asks again it hears which version is the oldest.
    if (position < this.#node.reader.horizon().log) return reader.end()
    if (position < committed && reader.ready()) {
      reader.take(this.chunks.behind(reader.view, position, committed))
      // One that could not take it yet is looked at when somebody makes room.
      if (reader.position > position && reader.position < committed) this.#again = true
    }
    reader.tick(nowMs)
  }

  #isAdmitted(reader: FeedReader): boolean {
    const known = this.#admitted.get(reader.credentials)
    if (known !== undefined) return known
    const admitted = reader.admitted()
    this.#admitted.set(reader.credentials, admitted)
    return admitted
  }
}
