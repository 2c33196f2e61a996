// POST /do/stream: many transactions as JSON lines, executed strictly in order, committed in full batches. Lines are
// submitted without waiting for the ones before; the chain they share lets none commit that follows a refused one.
// A cut connection leaves a committed prefix: what was submitted finishes, nothing more is read.
import { bounds } from "../bounds.ts"
import type { Outcome } from "../node/service.ts"
import { parseTransaction } from "../operations/envelope.ts"
import { parseJson } from "../operations/json-rules.ts"
import { allows } from "../operations/scope.ts"
import type { SubmittedTransaction, TransactionChain } from "../operations/transaction.ts"
import { isRefusal, type Refusal, type RefusalCode, refuse } from "../refusal.ts"
import { checkContentType, notUtf8, textOf } from "./body.ts"
import { outcomeOf } from "./do.ts"
import { lineAnswerShape } from "./do-shape.ts"
import type { Exchange } from "./exchange.ts"
import { keyOf } from "./idempotency.ts"
import { type Line, LineReader } from "./lines.ts"
import { verifyLogin } from "./login.ts"
import { outcomeUnknown } from "./outcome-unknown.ts"
import { problemJson } from "./problem.ts"
import { choice, flag } from "./parameter.ts"
import type { Query } from "./query.ts"
import type { About } from "./route.ts"
import { type Answered, StreamAnswers } from "./stream-answers.ts"

interface StreamOptions {
  readonly results: boolean
  readonly keepTimes: boolean
  readonly continues: boolean
}

export function postStream(exchange: Exchange): Response {
  const { node, request } = exchange
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const options = optionsOf(query)
  if (isRefusal(options)) return exchange.problem(options)
  const wrongType = checkContentType(request, "application/x-ndjson")
  if (wrongType !== undefined) return exchange.problem(wrongType)
  if (keyOf(request) !== undefined) {
    return exchange.problem(refuse("malformed", "A stream has no Idempotency-Key header; each line has its own `key`."))
  }
  if (options.keepTimes && !allows(exchange.principal, "admin")) {
    return exchange.problem(refuse("forbidden", "Keeping times needs a key with the scope admin.", { pointer: "/keepTimes" }))
  }
  const why = node.whyNotWritable()
  if (why !== undefined) return exchange.problem(why)

  exchange.takesTime()
  const stream = new TransactionStream(exchange, options)
  return exchange.fresh(stream.answers(), node.committed(), undefined, "application/x-ndjson")
}

const resultsParameter = flag({ name: "results", description: "Answers with the results of each line." })
const keepTimesParameter = flag({ name: "keepTimes", description: "Takes the time of each record from its line's `at`. Needs the scope admin." })
const onErrorParameter = choice(["stop", "continue"], { name: "onError", description: "Whether the lines behind one that is refused are run." })

function optionsOf(query: Query): StreamOptions | Refusal {
  const results = resultsParameter.of(query)
  if (isRefusal(results)) return results
  const keepTimes = keepTimesParameter.of(query)
  if (isRefusal(keepTimes)) return keepTimes
  const onError = onErrorParameter.of(query)
  if (isRefusal(onError)) return onError
  return { results, keepTimes, continues: onError === "continue" }
}

const encoder = new TextEncoder()

/** Refusals of the node's state, not of the line: going on would skip lines that would be accepted a little later. */
const endsEvery: ReadonlySet<RefusalCode> = new Set(["unavailable", "not-primary", "disk-full", "too-many-requests", "outcome-unknown"])

class TransactionStream {
  readonly #exchange: Exchange
  readonly #options: StreamOptions
  readonly #answers = new StreamAnswers()
  readonly #chain: TransactionChain = { stopped: false }
  readonly #lines: LineReader
  #stopped = false

  constructor(exchange: Exchange, options: StreamOptions) {
    this.#exchange = exchange
    this.#options = options
    this.#lines = new LineReader(exchange.request.body ?? emptyStream(), bounds.streamLineBytesMax)
  }

  /** The body of the response. Reading of lines starts with it, and goes on only as far as answers are taken. */
  answers(): ReadableStream<Uint8Array> {
    const { inFlight } = this.#exchange.shared
    inFlight.enter()
    void this.#submitAll().finally(() => inFlight.leave())
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const text = await this.#answers.take()
        if (text === undefined) controller.close()
        else controller.enqueue(encoder.encode(text))
      },
      cancel: () => this.#stop(),
    })
  }

  async #submitAll(): Promise<void> {
    // The connection itself may be idle for as long as it likes, so that a client can read and send at its own pace.
    const idle = setTimeout(() => this.#stop(), this.#exchange.shared.streamIdleMs)
    try {
      for (let line = await this.#lines.next(); line !== undefined && !this.#stopped; line = await this.#lines.next()) {
        idle.refresh()
        await this.#answers.room(sizeOf(line))
        if (this.#stopped) break
        await this.#submit(line)
      }
    } catch (error) {
      this.#exchange.shared.unexpected(error, "POST /do/stream")
    } finally {
      clearTimeout(idle)
      await this.#lines.cancel()
      this.#answers.close()
    }
  }

  /** Waits for secrets to be sealed, so that no later line overtakes this one; never for the outcome. */
  async #submit(line: Line): Promise<void> {
    const parsed = this.#parse(line)
    const transaction = parsed instanceof Promise ? await parsed : parsed
    if (this.#stopped) return
    const bytes = sizeOf(line)
    if (isRefusal(transaction)) {
      const answered = this.#refused(line.number, transaction)
      this.#answers.add(bytes, answered)
      return this.#stopAfter(answered)
    }
    const chained = this.#options.continues ? transaction : { ...transaction, chain: this.#chain }
    const answered = outcomeOf(this.#exchange, chained).then((outcome) => this.#answer(line.number, outcome))
    this.#answers.add(bytes, answered)
    void answered.then((known) => this.#stopAfter(known))
  }

  #parse(line: Line): SubmittedTransaction | Refusal | Promise<SubmittedTransaction | Refusal> {
    if (isRefusal(line.bytes)) return line.bytes
    const text = textOf(line.bytes)
    if (text === undefined) return notUtf8()
    const json = parseJson(text)
    if (isRefusal(json)) return json
    return parseTransaction(json.value, {
      principal: this.#exchange.principal,
      line: true,
      reader: this.#exchange.node.reader,
      allowTimes: this.#options.keepTimes,
      hashPassword: this.#exchange.shared.passwords.hash,
    verifyLogin: (credentials) => verifyLogin(this.#exchange, credentials),
    })
  }

  #answer(line: number, outcome: Outcome): Answered {
    switch (outcome.kind) {
      case "committed": {
        const replayed = outcome.replayed ? ',"replayed":true' : ""
        const omitted = outcome.secretsOmitted ? ',"secretsOmitted":true' : ""
        return this.#done(line, `"version":${outcome.version}${replayed}${omitted}`, outcome.results)
      }
      case "dry-run":
        return this.#done(line, `"dryRun":true,"version":${outcome.version}`, outcome.results)
      case "refused":
        return this.#refused(line, outcome.refusal)
      case "unknown":
        return this.#refused(line, outcomeUnknown(outcome.key))
      default:
        return outcome satisfies never
    }
  }

  #done(line: number, facts: string, results: string): Answered {
    const shown = this.#options.results ? `,"results":${results}` : ""
    return { text: `{"line":${line},${facts}${shown}}\n`, last: false }
  }

  #refused(line: number, refusal: Refusal): Answered {
    const last = !this.#options.continues || endsEvery.has(refusal.code)
    return { text: `{"line":${line},"problem":${problemJson(refusal)}}\n`, last }
  }

  #stopAfter(answered: Answered): void {
    if (answered.last) this.#stop()
  }

  #stop(): void {
    this.#stopped = true
    // Wakes the loop, whether it waits for the client's next line or for room.
    void this.#lines.cancel()
    this.#answers.close()
  }
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}

function sizeOf(line: Line): number {
  return isRefusal(line.bytes) ? 0 : line.bytes.length
}

const lines = [
  { op: "document.create", data: { collection: "goals", id: "g2", value: { title: "Fly" } }, key: "line-1" },
  { op: "document.delete", data: { collection: "goals", id: "g2" }, key: "line-2" },
]

export const streamAbout: About = {
  name: "doStream",
  summary: "Many transactions, as JSON lines: each line is one, in order.",
  details:
    "The body is a transaction in each line, which may have a `key` of its own; the answer is a line for each, in the same order. It ends at the first that is refused, " +
    "unless `onError=continue`. A connection that is cut leaves a committed prefix: the same lines under the same keys go on behind it.",
  query: [resultsParameter, keepTimesParameter, onErrorParameter],
  headers: [],
  body: { type: "application/x-ndjson", schema: { component: "Line" } },
  answer: lineAnswerShape,
  answerType: "application/x-ndjson",
  codes: ["unsupported-media-type", "forbidden", "not-primary", "disk-full"],
  example: {
    path: "/do/stream",
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    answer: '{"line":1,"version":5}\n{"line":2,"version":6}\n',
  },
}
