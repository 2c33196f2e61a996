// A stream of bytes as lines. Holds one line at a time, never more than a line may have.
import { type Refusal, refuse } from "../refusal.ts"

export interface Line {
  /** From 1; empty lines count and are not given out. */
  readonly number: number
  readonly bytes: Uint8Array | Refusal
}

const newline = 0x0a

export class LineReader {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>
  readonly #bytesMax: number
  #chunk: Uint8Array = new Uint8Array()
  #offset = 0
  #number = 0
  #ended = false

  constructor(stream: ReadableStream<Uint8Array>, bytesMax: number) {
    this.#source = stream.getReader()
    this.#bytesMax = bytesMax
  }

  /** The next line that is not empty; undefined at the end. After a line that is too long nothing more is read. */
  async next(): Promise<Line | undefined> {
    for (;;) {
      const line = this.#fromChunk() ?? (await this.#acrossChunks())
      if (line === undefined) return undefined
      if (isEmpty(line)) continue
      if (line.length <= this.#bytesMax) return { number: this.#number, bytes: line }
      this.#ended = true
      return { number: this.#number, bytes: refuse("too-large", `The line is longer than ${this.#bytesMax} bytes.`) }
    }
  }

  /** Stops reading; what was sent and not read is dropped. */
  async cancel(): Promise<void> {
    this.#ended = true
    await this.#source.cancel().catch(() => undefined)
  }

  /** A line that lies wholly in the chunk at hand: the usual case, without a copy. */
  #fromChunk(): Uint8Array | undefined {
    if (this.#ended) return undefined
    const end = this.#chunk.indexOf(newline, this.#offset)
    if (end < 0) return undefined
    const line = this.#chunk.subarray(this.#offset, end)
    this.#offset = end + 1
    this.#number += 1
    return line
  }

  async #acrossChunks(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined
    const parts = [this.#chunk.subarray(this.#offset)]
    let length = parts[0]?.length ?? 0
    for (;;) {
      if (length > this.#bytesMax) return this.#lineOf(parts, length)
      const { done, value } = await this.#read()
      if (done) {
        const cut = this.#ended
        this.#ended = true
        this.#chunk = new Uint8Array()
        this.#offset = 0
        return length === 0 || cut ? undefined : this.#lineOf(parts, length)
      }
      const end = value.indexOf(newline)
      parts.push(end < 0 ? value : value.subarray(0, end))
      length += end < 0 ? value.length : end
      if (end < 0) continue
      this.#chunk = value
      this.#offset = end + 1
      return this.#lineOf(parts, length)
    }
  }

  /** A connection that is cut ends the lines; the one it was cut in is not given out. */
  async #read(): Promise<{ readonly done: true; readonly value?: undefined } | { readonly done: false; readonly value: Uint8Array }> {
    try {
      const { done, value } = await this.#source.read()
      return done ? { done } : { done, value }
    } catch {
      this.#ended = true
      return { done: true }
    }
  }

  #lineOf(parts: readonly Uint8Array[], length: number): Uint8Array {
    this.#number += 1
    return Buffer.concat(parts, length)
  }
}

/** Nothing, or the white space that editors and Windows leave behind. */
function isEmpty(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}
