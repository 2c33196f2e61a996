// One connection's worth of an import: sends lines as fast as they are taken, reads the answers in order, and keeps what
// is not answered yet, to send it again over the next connection. Sends no line twice over one connection.
import { bounds } from "../bounds.ts"
import { type Api, unreachable } from "./api.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, fieldsOf, isFields, numberField } from "./fields.ts"
import { sourceLines } from "./import-lines.ts"
import { failureOf } from "./problem-failure.ts"

export interface Sent {
  /** In the source. */
  readonly number: number
  readonly body: string
}

/** Twice what the node takes on at once, so that it never waits for us. */
const unansweredMax = 2 * bounds.streamInFlightMax
const unansweredBytesMax = 16 * 1024 * 1024

export class ImportStream {
  readonly #api: Api
  readonly #query: string
  readonly #source: AsyncIterator<Sent>
  readonly #onAnswer: (answer: Fields) => void
  /** Sent or to be sent, in order, from the first unanswered one on. */
  #unanswered: Sent[] = []
  #unansweredBytes = 0
  /** How many of those went over this connection. */
  #sentHere = 0
  #sourceEnded = false
  /** A broken source line ends the import, after what comes before it. */
  #sourceFailure: unknown
  #wake: (() => void) | undefined

  constructor(api: Api, query: string, source: AsyncIterable<Sent>, onAnswer: (answer: Fields) => void) {
    this.#api = api
    this.#query = query
    this.#source = source[Symbol.asyncIterator]()
    this.#onAnswer = onAnswer
  }

  /** Returns when every line is answered. Throws with exit code 75 where another connection may go on, else for good. */
  async connection(): Promise<void> {
    this.#sentHere = 0
    const cut = new AbortController()
    try {
      const answer = await this.#api.request(`/do/stream?${this.#query}`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: this.#body(),
        signal: cut.signal,
        duplex: "half",
      } as RequestInit)
      await this.#readAnswers(answer)
    } catch (error) {
      throw error instanceof CommandFailed ? error : unreachable(this.#api.url, error)
    } finally {
      cut.abort()
    }
    if (this.#sourceFailure !== undefined) throw this.#sourceFailure
    if (this.#unanswered.length > 0) throw unreachable(this.#api.url, new Error("the connection was cut"))
  }

  #body(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const text = await this.#nextText()
          if (text === undefined) controller.close()
          else controller.enqueue(encoder.encode(text))
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Some lines at once: each chunk costs a system call. */
  async #nextText(): Promise<string | undefined> {
    let text = ""
    for (let n = 0; n < 64 && text.length < 64 * 1024; n += 1) {
      const next = this.#unanswered[this.#sentHere] ?? (await this.#fromSource(text === ""))
      if (next === undefined) break
      this.#sentHere += 1
      text += next.body
    }
    return text === "" ? undefined : text
  }

  /** Undefined at the end, or where it would have to wait and shall not. */
  async #fromSource(mayWait: boolean): Promise<Sent | undefined> {
    while (!this.#hasRoom()) {
      if (!mayWait) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#sourceEnded) return undefined
    try {
      const { value, done } = await this.#source.next()
      if (done !== true) {
        this.#unanswered.push(value)
        this.#unansweredBytes += value.body.length
        return value
      }
    } catch (error) {
      this.#sourceFailure = error
    }
    this.#sourceEnded = true
    return undefined
  }

  #hasRoom(): boolean {
    return this.#unanswered.length === 0 || (this.#unanswered.length < unansweredMax && this.#unansweredBytes < unansweredBytesMax)
  }

  async #readAnswers(answer: Response): Promise<void> {
    if (answer.body === null) return
    for await (const { text } of sourceLines(answer.body)) {
      const value: unknown = JSON.parse(text)
      if (!isFields(value)) throw new CommandFailed("The node answered something else than a line for a line.")
      const line = this.#unanswered[0]
      if ("problem" in value) throw refused(fieldsOf(value, "problem"), line)
      if (line === undefined || numberField(value, "version") === undefined) throw new CommandFailed("The node answered a line that was not sent.")
      this.#unanswered.shift()
      this.#unansweredBytes -= line.body.length
      this.#sentHere -= 1
      this.#onAnswer(value)
      this.#wake?.()
    }
  }
}

function refused(problem: Fields, line: Sent | undefined): CommandFailed {
  const failure = failureOf(problem)
  const where = line === undefined ? "" : `Line ${line.number}: `
  return new CommandFailed(`${where}${failure.message}`, { exitCode: failure.exitCode, hint: failure.hint })
}
