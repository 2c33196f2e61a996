// Runs transactions one after another on the state at head plus the batch so far, and collects their records.
// A transaction that is refused leaves no trace. Nothing is durable yet: that is the replicated log's work.
import { bounds } from "../bounds.ts"
import { invariant } from "../protocol/invariant.ts"
import { openRecord, type Record, type RecordMeta, sealRecord, type SealedRecord } from "../protocol/record.ts"
import { sameDigest } from "../protocol/digest.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { uuidv7 } from "../runtime/random.ts"
import type { Reader } from "../store/store.ts"
import { rowText } from "../store/row.ts"
import type { Result } from "./operation.ts"
import { checkResolved } from "./operation-data.ts"
import { Past } from "./past.ts"
import { quoted } from "./quoted.ts"
import { isServer } from "./scope.ts"
import { EarlierResults, resolveReferences } from "./references.ts"
import type { SubmittedOperation, SubmittedTransaction } from "./transaction.ts"
import { liveSession } from "./session.ts"
import { Overlay } from "./overlay.ts"
import { TransactionView } from "./transaction-view.ts"

export type Executed =
  | { readonly kind: "record"; readonly record: SealedRecord; readonly results: string }
  | { readonly kind: "replay"; readonly version: number; readonly timeMs: number; readonly results: string; readonly secretsOmitted: boolean }
  | { readonly kind: "dry-run"; readonly version: number; readonly timeMs: number; readonly results: string }
  | { readonly kind: "refused"; readonly refusal: Refusal }

export interface BatchRunOptions {
  readonly reader: Reader
  readonly epoch: number
  readonly nowMs: number
}

export class BatchRun {
  readonly records: SealedRecord[] = []
  /** What the disk is to write for it, nearly: records, and what they supersede. */
  bytes = 0
  readonly #options: BatchRunOptions
  readonly #overlay = new Overlay()
  readonly #past: Past
  readonly #keys = new Map<string, SealedRecord>()
  #head: number
  #headDigest: Uint8Array
  #timeMs: number
  #textOfTime = { timeMs: -1, text: "" }

  constructor(options: BatchRunOptions) {
    this.#options = options
    const { head, headDigest, committed } = options.reader.position()
    // What runs here is answered by what it sees, so nothing that it sees may be taken back.
    invariant(committed === head, "I5", `a batch would be run while versions ${committed + 1} to ${head} are in doubt`)
    this.#past = new Past(options.reader, this.records)
    this.#head = head
    this.#headDigest = headDigest
    this.#timeMs = options.reader.record(head)?.timeMs ?? 0
  }

  execute(transaction: SubmittedTransaction): Executed {
    const replay = this.#replay(transaction)
    if (replay !== undefined) return replay
    const refusal = this.#whyNot(transaction)
    if (refusal !== undefined) return { kind: "refused", refusal }
    const version = this.#head + 1
    const timeMs = transaction.atMs ?? Math.max(this.#options.nowMs, this.#timeMs)
    const view = new TransactionView(this.#options.reader, this.#overlay, version, this.#timeText(timeMs), () => uuidv7(this.#options.nowMs), this.#past, transaction.principal)
    const results = whySessionEnded(view) ?? run(transaction, view)
    if (isRefusal(results)) return { kind: "refused", refusal: results }
    const answer = `[${results.map((result) => result.shown).join(",")}]`
    const record = this.#seal(transaction, view, results, timeMs)
    if (record.bytes.length > bounds.recordBytesMax) return { kind: "refused", refusal: tooLarge() }
    if (transaction.dryRun) return { kind: "dry-run", version, timeMs, results: answer }
    this.#take(transaction, view, record)
    return { kind: "record", record, results: answer }
  }

  /** Most transactions of a batch have one time. */
  #timeText(timeMs: number): string {
    if (timeMs !== this.#textOfTime.timeMs) this.#textOfTime = { timeMs, text: new Date(timeMs).toISOString() }
    return this.#textOfTime.text
  }

  #seal(transaction: SubmittedTransaction, view: TransactionView, results: readonly Ran[], timeMs: number): SealedRecord {
    const { key, note, principal, operationsText } = transaction
    const meta: RecordMeta = {
      principal: principal.name,
      ...(note === undefined ? {} : { note }),
      ...(key === undefined ? {} : { key: key.text }),
    }
    const writes = view.writes()
    return sealRecord({
      version: view.version,
      epoch: this.#options.epoch,
      timeMs,
      parent: this.#headDigest,
      key,
      meta,
      operations: operationsText,
      results: `[${results.map((result) => storedResult(result, writes)).join(",")}]`,
      writes: writes.map(({ write }) => write),
    })
  }

  #take({ key }: SubmittedTransaction, view: TransactionView, record: SealedRecord): void {
    this.#overlay.merge(view.own)
    this.#head = record.version
    this.#headDigest = record.digest
    this.#timeMs = record.timeMs
    if (key !== undefined) this.#keys.set(Buffer.from(key.hash).toString("latin1"), record)
    this.records.push(record)
    this.bytes += record.bytes.length + view.superseded
  }

  /** What a known idempotency key stands for. */
  #replay({ key }: SubmittedTransaction): Executed | undefined {
    if (key === undefined) return undefined
    const { reader } = this.#options
    let sealed = this.#keys.get(Buffer.from(key.hash).toString("latin1"))
    if (sealed === undefined) {
      const version = reader.versionOfKey(key.hash)
      if (version === undefined) return undefined
      sealed = reader.record(version)
      if (sealed === undefined) throw new Error(`a key names version ${version}, which is not in the log`)
    }
    const record = openRecord(sealed.bytes)
    if (record.key === undefined || !sameDigest(record.key.fingerprint, key.fingerprint)) {
      return { kind: "refused", refusal: refuse("key-reused", "This idempotency key belongs to another request.", { key: key.text, version: record.version }) }
    }
    return { kind: "replay", version: record.version, timeMs: record.timeMs, ...resultsOfRecord(record) }
  }

  #whyNot({ ifVersion, atMs }: SubmittedTransaction): Refusal | undefined {
    if (ifVersion !== undefined && ifVersion !== this.#head) {
      return refuse("precondition-failed", `The store is at version ${this.#head}, not ${ifVersion}.`, { pointer: "/ifVersion", version: this.#head })
    }
    if (atMs === undefined) return undefined
    if (atMs < this.#timeMs) return refuse("invalid", `\`at\` is earlier than the newest record, ${new Date(this.#timeMs).toISOString()}.`, { pointer: "/at", hint: "Times never go back, so an import that keeps them comes before everything else. What it needs, its collections say, is a line of it, with an `at` of its own." })
    if (atMs > this.#options.nowMs) return refuse("invalid", "`at` lies in the future.", { pointer: "/at" })
    return undefined
  }
}

interface Ran {
  readonly result: Result
  /** JSON text as the client gets it. */
  readonly shown: string
  /** The same without what is shown once. */
  readonly kept: string
}

function run(transaction: SubmittedTransaction, view: TransactionView): Ran[] | Refusal {
  const ran: Ran[] = []
  const earlier = new EarlierResults()
  for (const [index, one] of transaction.operations.entries()) {
    const result = runOne(one, view, earlier, index)
    if (isRefusal(result)) return refusedAt(result, index)
    if (view.bytes > bounds.recordBytesMax) return { ...tooLarge(), operation: index }
    if (view.superseded > bounds.supersededBytesMax) return { ...tooMuchSuperseded(), operation: index }
    const kept = result.kind === "entity" ? view.text(result.collection, result.id) : JSON.stringify(result.value)
    const shown = one.once === undefined ? kept : JSON.stringify({ ...(JSON.parse(kept) as object), ...one.once })
    if (one.as !== undefined) earlier.add(one.as, kept)
    ran.push({ result, kept, shown })
  }
  return ran
}

/** It was there when the request came. What was revoked since does nothing any more, also where that is in the same batch. */
function whySessionEnded(view: TransactionView): Refusal | undefined {
  const { sessionId } = view.principal
  if (sessionId === undefined || liveSession(view, sessionId) !== undefined) return undefined
  return refuse("unauthenticated", "The session has ended.")
}

/** Names the operation, as what is checked before the transaction runs does. */
function refusedAt(refusal: Refusal, operation: number): Refusal {
  const { issues } = refusal
  return issues === undefined ? { ...refusal, operation } : { ...refusal, operation, issues: issues.map((issue) => ({ operation, ...issue })) }
}

function tooMuchSuperseded(): Refusal {
  return refuse("too-large", `The transaction would change or delete entities of more than ${bounds.supersededBytesMax} bytes.`, { hint: "Split it." })
}

function tooLarge(): Refusal {
  return refuse("too-large", `The transaction would write more than ${bounds.recordBytesMax} bytes.`, { hint: "Split it, or the documents it changes." })
}

function runOne(one: SubmittedOperation, view: TransactionView, earlier: EarlierResults, index: number): Result | Refusal {
  let { data } = one
  if (one.hasReferences) {
    const resolved = resolveReferences(data, earlier)
    if (isRefusal(resolved)) return resolved
    const checked = checkResolved(one.operation, resolved.value, index)
    if ("issues" in checked) {
      const [first] = checked.issues
      return refuse("invalid", `The data of operation ${index} is invalid: ${quoted(first?.pointer ?? "")} ${first?.message}.`, { pointer: first?.pointer ?? "", issues: checked.issues })
    }
    data = checked.data
  }
  if (isServer(view.principal)) return runWhereMet(one, data, view)
  const { forUsers } = one.operation
  if (forUsers === undefined) throw new Error(`${one.operation.name} was let through for ${view.principal.name}`)
  return forUsers(data, view, (given) => runWhereMet(one, given, view), one.sealed, one.checked)
}

function runWhereMet(one: SubmittedOperation, data: unknown, view: TransactionView): Result | Refusal {
  return whyConditionUnmet(one, data, view) ?? one.operation.run(data, view, one.sealed)
}

function whyConditionUnmet({ condition, operation }: SubmittedOperation, data: unknown, view: TransactionView): Refusal | undefined {
  if (condition === undefined) return undefined
  const target = operation.target?.(data)
  const version = target === undefined ? undefined : view.versionOf(target.collection, target.id)
  const met = "version" in condition ? version === condition.version : "absent" in condition ? version === undefined : version !== undefined
  if (met) return undefined
  const state = version === undefined ? "it is not there" : `it is at version ${version}`
  return refuse("precondition-failed", `The condition \`${JSON.stringify(condition)}\` is not met: ${state}.`, { pointer: "/if", ...(version === undefined ? {} : { version }) })
}

/** `{"write": n}` where the n-th write's body is the result; otherwise the value itself. */
function storedResult({ result, kept, shown }: Ran, writes: readonly { readonly write: { readonly collection: string; readonly id: string }; readonly body: string }[]): string {
  if (result.kind === "entity") {
    const n = writes.findIndex(({ write, body }) => write.id === result.id && write.collection === result.collection && body === kept)
    if (n >= 0) return `{"write":${n}}`
  }
  return shown === kept ? `{"value":${kept}}` : `{"value":${kept},"secretsOmitted":true}`
}

/** The answer of a transaction as its record keeps it: what a retry is told. */
export function resultsOfRecord(record: Record): { readonly results: string; readonly secretsOmitted: boolean } {
  const stored = JSON.parse(record.results) as ({ readonly write: number } | { readonly value: unknown; readonly secretsOmitted?: true })[]
  const texts = stored.map((result) => {
    if (!("write" in result)) return JSON.stringify(result.value)
    const row = record.writes[result.write]?.row
    return row === undefined ? "null" : rowText(row)
  })
  return { results: `[${texts.join(",")}]`, secretsOmitted: stored.some((result) => "secretsOmitted" in result) }
}
