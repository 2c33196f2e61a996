// Reads a stream of events as EventSource does: an event ends with an empty line, and what has no end is none.

export interface ReadEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

export class EventReader {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })
  readonly #events: ReadEvent[] = []
  #text = ""
  /** What an id or `retry` set, as the reader would keep it. */
  lastId: string | undefined
  retryMs: number | undefined

  constructor(body: ReadableStream<Uint8Array>) {
    this.#source = body.getReader()
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<ReadEvent | undefined> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#source.read()
      if (done) return undefined
      this.#text += this.#decoder.decode(value, { stream: true })
      const blocks = this.#text.split("\n\n")
      this.#text = blocks.pop() ?? ""
      for (const block of blocks) this.#take(block)
    }
    return this.#events.shift()
  }

  /** The next event of this name; undefined at the end of the stream. */
  async nextOf(name: string): Promise<ReadEvent | undefined> {
    for (let found = await this.next(); found !== undefined; found = await this.next()) if (found.event === name) return found
    return undefined
  }

  async cancel(): Promise<void> {
    await this.#source.cancel().catch(() => undefined)
  }

  #take(block: string): void {
    const fields = new Map<string, string>()
    for (const line of block.split("\n")) {
      const colon = line.indexOf(": ")
      if (colon <= 0) throw new Error(`no field of an event: ${line.slice(0, 80)}`)
      fields.set(line.slice(0, colon), line.slice(colon + 2))
    }
    const id = fields.get("id")
    if (id !== undefined) this.lastId = id
    const retry = fields.get("retry")
    if (retry !== undefined) this.retryMs = Number(retry)
    const data = fields.get("data")
    if (data !== undefined) this.#events.push({ event: fields.get("event") ?? "message", id, data })
  }
}
