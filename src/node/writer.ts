// The writer: takes queued transactions in order, runs them as one batch on the state at head, hands the batch to the
// replicated log and answers every client when its outcome is known, never before.
import { bounds } from "../bounds.ts"
import { BatchRun, type Executed } from "../operations/batch-run.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import { type Refusal, refuse } from "../refusal.ts"
import type { Reader } from "../store/store.ts"
import { BatchPace } from "./batch-pace.ts"
import type { Fate, ReplicatedLog } from "./replicated-log.ts"
import type { Outcome } from "./service.ts"

interface Queued {
  readonly transaction: SubmittedTransaction
  readonly settle: (outcome: Outcome) => void
}

interface Run {
  readonly queued: Queued
  readonly executed: Executed
}

export interface WriterParts {
  readonly reader: Reader
  readonly log: ReplicatedLog
  readonly wallMs: () => number
  readonly monotonicMs: () => number
  readonly epoch: () => number
  /** Why nothing may be written now, if so: asked before a transaction queues and before a batch begins. */
  readonly whyNotWritable: () => Refusal | undefined
}

export class Writer {
  readonly #parts: WriterParts
  #queue: Queued[] = []
  #queueBytes = 0
  #scheduled = false
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #pace = new BatchPace()
  /** The newest batch that was appended and not acknowledged: later answers without records wait for it. */
  #newest: Run[] | undefined
  #inFlight = 0
  /** Keys of transactions without an outcome, each with what came under the same key since and waits for it. */
  readonly #underWay = new Map<string, Queued[]>()
  #waitingForKey = 0

  constructor(parts: WriterParts) {
    this.#parts = parts
    parts.log.onReady(() => this.#schedule())
  }

  /** Transactions queued or without an outcome. */
  get pending(): number {
    return this.#queue.length + this.#inFlight + this.#waitingForKey
  }

  submit(transaction: SubmittedTransaction): Promise<Outcome> {
    const why = this.#parts.whyNotWritable()
    if (why) return Promise.resolve({ kind: "refused", refusal: why })
    if (this.#queue.length + this.#waitingForKey >= bounds.queueCountMax || this.#queueBytes + transaction.bytes > bounds.queueBytesMax) {
      const refusal = refuse("unavailable", "Too many transactions wait already; this one was not run.", { retryAfter: 1 })
      return Promise.resolve({ kind: "refused", refusal })
    }
    return new Promise((settle) => {
      if (transaction.key === undefined || transaction.chain !== undefined) this.#enqueue({ transaction, settle })
      else this.#enqueueKeyed(transaction, Buffer.from(transaction.key.hash).toString("latin1"), settle)
    })
  }

  #enqueue(queued: Queued): void {
    this.#queue.push(queued)
    this.#queueBytes += queued.transaction.bytes
    this.#schedule()
  }

  /**
   * One transaction of a key at a time: were a retry run beside the first attempt, one could be refused and said to be
   * definitely not committed while the other commits (I10). The lines of a stream need no such care, they run in order.
   */
  #enqueueKeyed(transaction: SubmittedTransaction, key: string, settle: (outcome: Outcome) => void): void {
    const queued: Queued = {
      transaction,
      settle: (outcome) => {
        settle(outcome)
        if (outcome.kind === "unknown") this.#abandon(key, outcome)
        else this.#next(key)
      },
    }
    const waiting = this.#underWay.get(key)
    if (waiting === undefined) {
      this.#underWay.set(key, [])
      this.#enqueue(queued)
    } else {
      waiting.push(queued)
      this.#waitingForKey++
    }
  }

  #next(key: string): void {
    const waiting = this.#underWay.get(key)?.shift()
    if (waiting === undefined) {
      this.#underWay.delete(key)
      return
    }
    this.#waitingForKey--
    this.#enqueue(waiting)
  }

  /** The attempt that these waited for may yet commit, so none of them may be told that nothing was committed (I10). */
  #abandon(key: string, unknown: Outcome): void {
    const waiting = this.#underWay.get(key) ?? []
    this.#underWay.delete(key)
    this.#waitingForKey -= waiting.length
    for (const queued of waiting) queued.settle(unknown)
  }

  /** Everything that waits is told that it was not run; what was appended keeps its own fate. */
  refuseQueued(refusal: Refusal): void {
    // Again and again: what waited for a refused attempt under its key comes into the queue.
    while (this.#queue.length > 0) {
      const waiting = this.#queue
      this.#queue = []
      this.#queueBytes = 0
      for (const queued of waiting) queued.settle({ kind: "refused", refusal })
    }
  }

  /** A batch of full size begins at once; any other when the last one is answered and its clients had time to come back. */
  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0 || !this.#parts.log.ready()) return
    if (this.#queue.length < bounds.batchCountMax && this.#queueBytes < bounds.batchBytesMax) {
      if (this.#newest !== undefined) return
      const holdMs = this.#pace.holdMs(this.#queue.length, this.#parts.monotonicMs())
      if (holdMs > 0) return this.#scheduleIn(holdMs)
    }
    this.#scheduled = true
    // A turn of the event loop: what arrives together becomes one batch.
    setImmediate(() => {
      this.#scheduled = false
      this.#runBatch()
    })
  }

  #scheduleIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#schedule()
    }, ms)
  }

  #runBatch(): void {
    const { log, reader, epoch, wallMs, whyNotWritable } = this.#parts
    if (this.#queue.length === 0 || !log.ready()) return
    const why = whyNotWritable()
    if (why) {
      this.refuseQueued(why)
      return
    }
    const batch = new BatchRun({ reader, epoch: epoch(), nowMs: wallMs() })
    const runs: Run[] = []
    let taken = 0
    for (const queued of this.#queue) {
      if (runs.length >= bounds.batchCountMax) break
      if (taken > 0 && batch.bytes + queued.transaction.bytes > bounds.batchBytesMax) break
      taken++
      this.#queueBytes -= queued.transaction.bytes
      runs.push({ queued, executed: execute(batch, queued.transaction) })
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken)
    if (batch.records.length === 0) this.#answerWithoutRecords(runs)
    else this.#append(batch, runs)
    this.#schedule()
  }

  /** Refusals and replays rest on what is decided; where that is not acknowledged yet, they wait with it. */
  #answerWithoutRecords(runs: readonly Run[]): void {
    if (this.#newest === undefined) for (const run of runs) run.queued.settle(outcomeOf(run))
    else {
      this.#newest.push(...runs)
      this.#inFlight += runs.length
    }
  }

  #append(batch: BatchRun, runs: Run[]): void {
    const { log, monotonicMs } = this.#parts
    this.#newest = runs
    this.#inFlight += runs.length
    this.#pace.began(monotonicMs())
    const done = (outcome: (run: Run) => Outcome): void => {
      if (this.#newest === runs) this.#newest = undefined
      this.#inFlight -= runs.length
      for (const run of runs) run.queued.settle(outcome(run))
      this.#pace.answered(runs.length, this.#queue.length, monotonicMs())
      this.#schedule()
    }
    const fate: Fate = {
      decided: () => this.#schedule(),
      acknowledged: () => done(outcomeOf),
      // A replay of what was committed before this batch stands; everything else rested on the batch.
      rejected: (refusal) => done((run) => (isEarlier(run, batch) ? outcomeOf(run) : { kind: "refused", refusal })),
      unknown: () => done(unknownOutcomeOf),
    }
    log.append(batch.records, fate)
  }
}

function isEarlier({ executed }: Run, batch: BatchRun): boolean {
  const first = batch.records[0]
  return executed.kind === "replay" && first !== undefined && executed.version < first.version
}

function execute(batch: BatchRun, transaction: SubmittedTransaction): Executed {
  const { chain } = transaction
  if (chain?.stopped === true) {
    return { kind: "refused", refusal: refuse("unavailable", "An earlier line of this stream was refused; this one was not run.") }
  }
  const executed = batch.execute(transaction)
  if (chain !== undefined && executed.kind === "refused") chain.stopped = true
  return executed
}

function outcomeOf({ executed }: Run): Outcome {
  switch (executed.kind) {
    case "record": {
      const { version, timeMs } = executed.record
      return { kind: "committed", version, timeMs, results: executed.results, replayed: false, secretsOmitted: false }
    }
    case "replay": {
      const { version, timeMs, results, secretsOmitted } = executed
      return { kind: "committed", version, timeMs, results, replayed: true, secretsOmitted }
    }
    case "dry-run":
      return executed
    case "refused":
      return executed
    default:
      return executed satisfies never
  }
}

/** Only what reached a record is unknown; the others left no trace, but what they rest on may have gone. */
function unknownOutcomeOf({ executed, queued }: Run): Outcome {
  if (executed.kind === "record" || executed.kind === "replay") return { kind: "unknown", key: queued.transaction.key?.text }
  return { kind: "refused", refusal: refuse("unavailable", "This node lost its replica; the transaction was not committed.", { retryAfter: 1 }) }
}
