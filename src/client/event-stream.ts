// The events of one connection, until it ends, is cut, or says nothing for too long: a node that is there says something
// every fifteen seconds. Never throws what the connection ended with.
import type { Opened } from "./attempt.ts"
import { EventParser, type ServerEvent } from "./event-parser.ts"
import type { Surroundings } from "./surroundings.ts"

/** A stream begins with a first word; where none comes, something in between holds it back. */
const firstMs = 10_000
const silentMs = 45_000

export class EventStream {
  /** Whether anything came at all. */
  heard = false
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #opened: Opened
  readonly #after: Surroundings["after"]

  constructor(opened: Opened, { after }: Surroundings) {
    this.#opened = opened
    this.#after = after
    const isStream = opened.headers.get("content-type")?.startsWith("text/event-stream") === true
    this.#reader = isStream ? opened.body?.getReader() : undefined
  }

  async *events(): AsyncGenerator<ServerEvent, void, undefined> {
    const parser = new EventParser()
    try {
      for (let chunk = await this.#read(); chunk !== undefined; chunk = await this.#read()) {
        this.heard = true
        yield* parser.push(chunk)
      }
    } finally {
      this.#opened.close()
    }
  }

  /** Undefined at the end, whatever it is. Time counts only while somebody waits. */
  #read(): Promise<Uint8Array | undefined> {
    const reader = this.#reader
    if (reader === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const cancel = this.#after(this.heard ? silentMs : firstMs, () => {
        this.#opened.close()
        resolve(undefined)
      })
      const end = (chunk: Uint8Array | undefined): void => {
        cancel()
        resolve(chunk)
      }
      reader.read().then(({ value }) => end(value), () => end(undefined))
    })
  }
}
