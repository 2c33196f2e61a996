// The connections of an import, one after the other: each sends, from the first line without an answer on, what the
// window holds, as fast as it is taken, and reads the answers in order.
import { type Api, unreachable } from "./api.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, fieldsOf, isFields, numberField, textField } from "./fields.ts"
import { sourceLines } from "./import-lines.ts"
import { ImportWindow, type Sent } from "./import-window.ts"
import { failureOf } from "./problem-failure.ts"

export class ImportStream {
  readonly #api: Api
  readonly #query: string
  readonly #window: ImportWindow
  readonly #onAnswer: (answer: Fields) => void

  constructor(api: Api, query: string, source: AsyncIterable<Sent>, onAnswer: (answer: Fields) => void) {
    this.#api = api
    this.#query = query
    this.#window = new ImportWindow(source)
    this.#onAnswer = onAnswer
  }

  /** Returns when every line is answered. Throws with exit code 75 where another connection may go on, else for good. */
  async connection(): Promise<void> {
    const over = new AbortController()
    try {
      const answers = await this.#api.stream(`/do/stream?${this.#query}`, this.#body(over.signal), over.signal)
      if (answers !== null) await this.#readAnswers(answers)
    } catch (error) {
      throw error instanceof CommandFailed ? error : unreachable(this.#api.url, error)
    } finally {
      over.abort()
    }
    // Also where all that was read is answered: more may have followed.
    if (!this.#window.done) throw unreachable(this.#api.url, new Error("the connection was cut"))
    if (this.#window.failure !== undefined) throw this.#window.failure
  }

  #body(over: AbortSignal): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    let place = this.#window.firstPlace
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const lines = await this.#window.from(place, over)
          if (over.aborted) return
          place += lines.length
          if (lines.length === 0) controller.close()
          else controller.enqueue(encoder.encode(lines.map(({ body }) => body).join("")))
        },
      },
      { highWaterMark: 0 },
    )
  }

  async #readAnswers(answers: ReadableStream<Uint8Array>): Promise<void> {
    let next = 1
    for await (const { text } of sourceLines(answers)) {
      const value: unknown = JSON.parse(text)
      if (!isFields(value)) throw new CommandFailed("The node answered something else than a line for a line.")
      const line = numberField(value, "line")
      // Were a line passed over, all that follow would be taken for the ones before them.
      if (line !== next) throw new CommandFailed(`The node answered line ${line ?? "?"} of the connection where line ${next} was next.`)
      const { first } = this.#window
      if ("problem" in value) throw refused(fieldsOf(value, "problem"), first)
      if (first === undefined || numberField(value, "version") === undefined) throw new CommandFailed("The node answered a line that was not sent.")
      this.#window.answered()
      this.#onAnswer(value)
      next += 1
    }
  }
}

function refused(problem: Fields, line: Sent | undefined): CommandFailed {
  const failure = failureOf(problem)
  const where = line === undefined ? "" : `Line ${line.number}: `
  const hint = textField(problem, "code") === "key-reused" ? knownOtherwise : failure.hint
  return new CommandFailed(`${where}${failure.message}`, { exitCode: failure.exitCode, hint })
}

const knownOtherwise = "It was imported before, and otherwise: with or without --keep-times or --collection, or as another line with the same `key`."
