// Reads an event stream (text/event-stream) from chunks that may end anywhere: within a line end, a character, an event.
// Follows "Server-sent events" of the HTML standard; an event that is not complete when the stream ends is none.

export interface ServerEvent {
  /** `message` where the stream does not say. */
  readonly type: string
  readonly data: string
}

export class EventParser {
  // Takes a byte order mark away, and keeps the start of a character whose end is in the next chunk.
  readonly #decoder = new TextDecoder()
  /** The start of a line whose end is in a later chunk. */
  #line = ""
  /** The last chunk ended in a carriage return: a line feed that follows ends no other line. */
  #sawReturn = false
  #type = ""
  #data: string[] = []

  /** The events that end in this chunk. */
  push(chunk: Uint8Array): readonly ServerEvent[] {
    const decoded = this.#decoder.decode(chunk, { stream: true })
    if (decoded === "") return []
    const text = this.#sawReturn && decoded.startsWith("\n") ? decoded.slice(1) : decoded
    this.#sawReturn = decoded.endsWith("\r")
    const lines = text.split(/\r\n|\r|\n/)
    const unended = lines.pop() ?? ""
    const events: ServerEvent[] = []
    for (const line of lines) {
      const event = this.#take(this.#line + line)
      this.#line = ""
      if (event !== undefined) events.push(event)
    }
    this.#line += unended
    return events
  }

  /** An empty line ends an event. */
  #take(line: string): ServerEvent | undefined {
    if (line !== "") return void this.#field(line)
    const event = this.#data.length === 0 ? undefined : { type: this.#type === "" ? "message" : this.#type, data: this.#data.join("\n") }
    this.#type = ""
    this.#data = []
    return event
  }

  /** A line that begins with a colon is a comment; ids and unknown fields are passed over. */
  #field(line: string): void {
    const colon = line.indexOf(":")
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    if (name === "data") this.#data.push(value)
    else if (name === "event") this.#type = value
  }
}
