// Both drivers over stores in memory, with the network between them and both disks in the test's hands: a request waits
// where its kind is held, and a disk that is held does not come back. The clock stands unless the test moves it.
import type { DriverParts } from "../../src/node/driver-parts.ts"
import { Primary } from "../../src/node/primary.ts"
import { Replica } from "../../src/node/replica.ts"
import type { DecodedAnswer } from "../../src/node/peer-wire.ts"
import type { Timing } from "../../src/protocol/coordinator-state.ts"
import type { Envelope, Request } from "../../src/protocol/messages.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import type { Refusal } from "../../src/refusal.ts"
import type { Batch, FirstIdentity, Identity } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { recordAfter } from "./peer-messages.ts"

/** A store whose disk waits for the test, refuses, or fails. */
export class DrivenStore extends TableStore {
  readonly done: string[] = []
  refusal: Refusal | undefined
  failure: Error | undefined
  #held: Promise<void> | undefined
  #release: () => void = () => undefined

  hold(): void {
    this.#held = new Promise((resolve) => (this.#release = resolve))
  }

  release(): void {
    this.#held = undefined
    this.#release()
  }

  async #disk(what: string): Promise<void> {
    await this.#held
    if (this.failure !== undefined) throw this.failure
    this.done.push(what)
  }

  override async prepare(batch: Batch): Promise<Refusal | undefined> {
    await this.#disk("prepare")
    const { refusal } = this
    this.refusal = undefined
    return refusal ?? this.prepareNow(batch)
  }

  override async undo(): Promise<void> {
    await this.#disk("undo")
    await super.undo()
  }

  override async flush(): Promise<void> {
    await this.#disk("flush")
    await super.flush()
  }

  override async saveIdentity(change: Partial<Identity>): Promise<void> {
    await this.#disk("identify")
    await super.saveIdentity(change)
  }
}

export interface Side {
  readonly store: DrivenStore
  readonly notices: string[]
  readonly stops: string[]
  readonly fatals: unknown[]
  readonly advanced: number[]
  /** Each that it changed to. */
  readonly roles: string[]
}

interface Held {
  readonly kind: Request["kind"]
  deliver(): void
  lose(): void
}

export interface DrivenPairOptions {
  readonly timing?: Partial<Timing>
  /** Records that a disk holds already. */
  readonly primaryLog?: readonly SealedRecord[]
  readonly replicaLog?: readonly SealedRecord[]
  /** The replica belongs to no pair yet. */
  readonly fresh?: boolean
  readonly joining?: boolean
  readonly replicaCluster?: string
}

const epoch = { number: 1, id: "first" }

export class DrivenPair {
  nowMs = 1_000
  /** Requests of these kinds wait for the test. */
  readonly holding = new Set<Request["kind"]>()
  readonly held: Held[] = []
  /** Why no request arrives. */
  down: Error | undefined
  full: string | undefined
  readonly asked: Request["kind"][] = []
  readonly stuck: string[] = []
  readonly a: Side
  readonly b: Side
  readonly primary: Primary
  replica: Replica
  #replicaSessions = 0
  readonly #joining: boolean

  constructor({ timing, primaryLog = [], replicaLog = [], fresh = false, joining = false, replicaCluster = "cluster" }: DrivenPairOptions = {}) {
    this.#joining = joining
    this.a = sideOf({ clusterId: "cluster", nodeId: "a", role: "primary", epoch }, primaryLog)
    const clusterId = fresh ? undefined : replicaCluster
    this.b = sideOf({ clusterId, nodeId: "b", role: "replica", epoch: fresh ? { number: 0, id: "" } : epoch }, replicaLog)
    this.replica = this.#newReplica()
    this.primary = new Primary({
      ...this.#parts(this.a, "session-of-a"),
      client: { ask: (envelope, request) => this.#ask(envelope, request) },
      timing: { heartbeatMs: 1_000, peerTimeoutMs: 5_000, syncTimeoutMs: 30_000, leaseMs: 10_000, ...timing },
      stuck: (reason) => this.stuck.push(reason),
    })
  }

  start(): this {
    this.primary.start()
    this.replica.start()
    return this
  }

  [Symbol.dispose](): void {
    this.primary.stop()
    this.replica.stop()
  }

  /** The replica's process ends and starts again on the same disk. */
  restartReplica(): void {
    this.replica.stop()
    this.replica = this.#newReplica()
    this.replica.start()
  }

  /** The next request of this kind that is held. */
  take(kind: Request["kind"]): Held {
    const at = this.held.findIndex((one) => one.kind === kind)
    const [found] = at < 0 ? [] : this.held.splice(at, 1)
    if (found === undefined) throw new Error(`no ${kind} is held`)
    return found
  }

  #newReplica(): Replica {
    this.#replicaSessions++
    return new Replica({ ...this.#parts(this.b, `session-${this.#replicaSessions}-of-b`), joining: this.#joining, ownLeaseMs: 10_000, fetchSnapshot: () => undefined, whyNoSpace: () => this.full })
  }

  #parts(side: Side, session: string): DriverParts {
    return {
      store: side.store,
      session,
      publicUrl: "http://a.test",
      monotonicMs: () => this.nowMs,
      wallMs: () => Date.parse("2026-03-01T12:00:00Z"),
      notice: (line) => side.notices.push(line),
      stop: (reason, detail) => side.stops.push(`${reason}: ${detail}`),
      fatal: (error) => side.fatals.push(error),
      roleChanged: () => side.roles.push(side.store.identity().role),
      advanced: (committed) => side.advanced.push(committed),
    }
  }

  async #ask(envelope: Envelope, request: Request): Promise<DecodedAnswer> {
    this.asked.push(request.kind)
    if (this.holding.has(request.kind)) {
      await new Promise<void>((deliver, reject) => this.held.push({ kind: request.kind, deliver, lose: () => reject(new Error("lost")) }))
    }
    if (this.down !== undefined) throw this.down
    const { envelope: from, answer } = await this.replica.receive({ envelope, message: request })
    return { envelope: from, message: answer }
  }
}

function sideOf(identity: FirstIdentity, log: readonly SealedRecord[]): Side {
  const store = new DrivenStore(new MemoryEngine(), identity)
  for (const record of log) {
    store.prepareNow({ records: [record], committed: store.position().head })
    store.commit(record.version)
  }
  return { store, notices: [], stops: [], fatals: [], advanced: [], roles: [] }
}

/** A log of `count` records, or one that goes another way after `common` of them. */
export function logOf(count: number, common = count): readonly SealedRecord[] {
  const log: SealedRecord[] = []
  while (log.length < count) log.push(recordAfter(log.at(-1), log.length < common ? 10 : 20))
  return log
}

/** What a batch came to, in order. */
export class FateSeen {
  readonly seen: string[] = []
  decided = () => void this.seen.push("decided")
  acknowledged = () => void this.seen.push("acknowledged")
  rejected = (refusal: Refusal) => void this.seen.push(`rejected: ${refusal.code}`)
  unknown = () => void this.seen.push("unknown")
}
