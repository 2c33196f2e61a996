// The lines of an import that have no answer yet: read ahead as far as there is room, and kept to be sent again over the
// next connection. Every line has its place in the whole import, so that a connection that is over, and may still be
// waiting for a line here, cannot disturb the one that follows it.
import { bounds } from "../bounds.ts"

export interface Sent {
  /** In the source. */
  readonly number: number
  readonly body: string
}

/** Twice what the node takes on at once, so that it never waits for us. */
const countMax = 2 * bounds.streamInFlightMax
const bytesMax = 16 * 1024 * 1024
/** Lines that are sent together: each chunk costs a system call. */
const chunkCountMax = 64
const chunkBytesMax = 64 * 1024

export class ImportWindow {
  readonly #source: AsyncIterator<Sent>
  /** In order, from the first one without an answer on. */
  readonly #lines: Sent[] = []
  #bytes = 0
  #answered = 0
  #fills = false
  #ended = false
  #failure: unknown
  #changed = Promise.withResolvers<void>()

  constructor(source: AsyncIterable<Sent>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Place of the first line without an answer. */
  get firstPlace(): number {
    return this.#answered
  }

  /** The first line without an answer, where one is read. */
  get first(): Sent | undefined {
    return this.#lines[0]
  }

  /** All is read and answered. */
  get done(): boolean {
    return this.#ended && this.#lines.length === 0
  }

  /** A broken line ends the source, after what comes before it. */
  get failure(): unknown {
    return this.#failure
  }

  /** The lines that are there from this place on, at least one, some at most; none at the end, or once `over`. */
  async from(place: number, over: AbortSignal): Promise<readonly Sent[]> {
    this.#startFilling()
    for (;;) {
      const known = over.aborted ? [] : this.#known(place)
      if (known.length > 0 || this.#ended || over.aborted) return known
      await this.#changed.promise
    }
  }

  answered(): void {
    const line = this.#lines.shift()
    if (line === undefined) return
    this.#answered += 1
    this.#bytes -= line.body.length
    this.#wake()
  }

  #known(place: number): readonly Sent[] {
    const start = place - this.#answered
    let end = start
    for (let bytes = 0; end < this.#lines.length && end - start < chunkCountMax && bytes < chunkBytesMax; end += 1) {
      bytes += this.#lines[end]?.body.length ?? 0
    }
    return this.#lines.slice(start, end)
  }

  #startFilling(): void {
    if (this.#fills) return
    this.#fills = true
    void this.#fill()
  }

  async #fill(): Promise<void> {
    try {
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
        this.#lines.push(next.value)
        this.#bytes += next.value.body.length
        this.#wake()
        while (!this.#hasRoom()) await this.#changed.promise
      }
    } catch (error) {
      this.#failure = error
    }
    this.#ended = true
    this.#wake()
  }

  #hasRoom(): boolean {
    return this.#lines.length < countMax && this.#bytes < bytesMax
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
