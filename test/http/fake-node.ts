// A node without a peer, for the tests of the public app: real operations on the real store in memory, one batch per turn
// of the event loop, and knobs for what a node may say. Must never be used outside of tests.
import { BatchRun } from "../../src/operations/batch-run.ts"
import { Bearers } from "../../src/operations/bearers.ts"
import type { Principal } from "../../src/operations/scope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import type { Asked, NodeService, NodeStatus, Outcome, PromoteDecision, SoloDecision, Standing } from "../../src/node/service.ts"
import { type Refusal, refuse } from "../../src/refusal.ts"
import type { Role } from "../../src/store/store.ts"
import { MemoryStore } from "./memory-store.ts"

interface Waiting {
  readonly transaction: SubmittedTransaction
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

export class FakeNode implements NodeService {
  readonly nodeId = "a"
  readonly reader: MemoryStore
  readonly principals = new Map<string, Principal>()
  notReadable: Refusal | undefined
  notWritable: Refusal | undefined
  stale = false
  roleNow: Role = "primary"
  /** What `waitForVersion` does before it looks. */
  whileWaiting: () => void = () => undefined
  /** Instead of committing. */
  fate: ((transaction: SubmittedTransaction) => Outcome | undefined) | undefined
  nowMs = Date.parse("2026-03-01T12:00:00.000Z")
  readonly batchSizes: number[] = []
  readonly #queue: Waiting[] = []
  readonly #listeners = new Set<() => void>()
  readonly #bearers: Bearers
  #held = false

  constructor(reader: MemoryStore) {
    this.reader = reader
    this.#bearers = new Bearers(reader)
  }

  role = () => this.roleNow
  mode = () => "paired" as const
  epoch = () => ({ number: 1, id: "first" })
  committed = () => this.reader.committed
  primaryUrl = (): string | undefined => undefined
  whyNotReadable = () => this.notReadable
  whyNotWritable = () => this.notWritable
  maybeStale = () => this.stale
  authenticate = (token: string) => this.principals.get(token) ?? this.#bearers.principal(token, this.committed(), this.nowMs)

  /** Queues only, until `release`. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#runSoon()
  }

  get waiting(): number {
    return this.#queue.length
  }

  submit(transaction: SubmittedTransaction): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ transaction, resolve, reject })
      this.#runSoon()
    })
  }

  onAdvanced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** As after a commit. */
  advanced(): void {
    for (const listener of this.#listeners) listener()
  }

  get listeners(): number {
    return this.#listeners.size
  }

  async waitForVersion(version: number): Promise<boolean> {
    this.whileWaiting()
    return this.reader.committed >= version
  }

  /** What was decided here, in order; the answers are those of a node that does what it is told. */
  readonly decided: object[] = []

  promote(decision: PromoteDecision): Promise<Standing> {
    return this.#decide({ promote: decision })
  }

  solo(decision: SoloDecision): Promise<Standing> {
    return this.#decide({ solo: decision })
  }

  handover(decision: Asked): Promise<Standing> {
    return this.#decide({ handover: decision })
  }

  async #decide(decision: object): Promise<Standing> {
    this.decided.push(decision)
    const { head, committed } = this.reader.position()
    return { node: this.nodeId, role: this.roleNow, epoch: this.epoch(), mode: this.mode(), head, committed, primary: undefined }
  }

  status(): NodeStatus {
    const { head, committed } = this.reader.position()
    return {
      node: this.nodeId,
      role: this.roleNow,
      clusterId: "cluster",
      epoch: this.epoch(),
      mode: "paired",
      head,
      committed,
      digest: "",
      inDoubt: head - committed,
      oldestVersion: Math.max(1, this.reader.horizon().oldest),
      oldestVersions: Object.fromEntries(this.reader.horizon().collections),
      release: "0.0.0",
      peer: { node: "b", reachable: true, head, committed, inSync: true, lastHeardAt: null },
      lease: { remainingMs: 1_000 },
      promotion: null,
      decision: null,
      fetching: null,
      disk: { freeBytes: 1, floorBytes: 0, dataBytes: 1 },
      backup: null,
      shipping: null,
      scrub: { endedAt: null, entries: 0 },
      startedAt: "2026-03-01T12:00:00.000Z",
      stuck: null,
    }
  }

  #runSoon(): void {
    setImmediate(() => {
      if (!this.#held && this.#queue.length > 0) this.#runBatch()
    })
  }

  #runBatch(): void {
    const waiting = this.#queue.splice(0)
    this.batchSizes.push(waiting.length)
    this.nowMs += 1_000
    try {
      const run = new BatchRun({ reader: this.reader, epoch: 1, nowMs: this.nowMs })
      const outcomes = waiting.map(({ transaction }) => this.#outcomeOf(run, transaction))
      this.reader.take(run.records)
      this.advanced()
      for (const [n, { resolve }] of waiting.entries()) resolve(outcomes[n] ?? { kind: "unknown", key: undefined })
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  #outcomeOf(run: BatchRun, transaction: SubmittedTransaction): Outcome {
    const fate = this.fate?.(transaction)
    if (fate !== undefined) return fate
    const { chain } = transaction
    if (chain?.stopped) return { kind: "refused", refusal: refuse("unavailable", "An earlier line was refused.") }
    const executed = run.execute(transaction)
    if (executed.kind === "refused" && chain !== undefined) chain.stopped = true
    switch (executed.kind) {
      case "record": {
        const { version, timeMs } = executed.record
        return { kind: "committed", version, timeMs, results: executed.results, replayed: false, secretsOmitted: false }
      }
      case "replay":
        return { ...executed, kind: "committed", replayed: true }
      case "dry-run":
      case "refused":
        return executed
      default:
        return executed satisfies never
    }
  }
}
