// Drives the coordinator in a simulated run, as src/node/primary.ts and src/node/writer.ts do in a real one.
import { BatchRun } from "../../src/operations/batch-run.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { acceptsBatch, type CoordinatorEvent, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import type { Effect } from "../../src/protocol/effect.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import type { Asked, Client } from "./clients.ts"
import { type DiskReport, Incarnation, type Reads } from "./incarnation.ts"
import type { World } from "./world.ts"

const timing = { heartbeatMs: 1_000, peerTimeoutMs: 2_000, syncTimeoutMs: 15_000, leaseMs: 4_000 } as const
const tickMs = 100
const retryMs = 1_000
const answerMs = 500

interface Fate {
  /** Of the batch; a replay of an earlier version does not rest on it. */
  readonly first: number
  readonly last: number
  readonly clients: Client[]
}

export class SimulatedPrimary extends Incarnation {
  #state: CoordinatorState
  #appended: Fate | undefined
  #unacknowledged: Fate[] = []
  #inSync = false
  #everInSync = false
  #stuck = false
  #retryAtMs = 0

  constructor(world: World, store: TableStore, session: string) {
    super(world, "a", store, session)
    const { epoch, mode } = store.identity()
    this.#state = startCoordinator({ node: "a", cluster: "cluster", epoch, mode, session, publicUrl: "http://a", timing, logStart: store.logStart(), nowMs: world.schedule.nowMs, ...store.position() })
  }

  start(): void {
    this.#tick()
  }

  get accepts(): boolean {
    return acceptsBatch(this.#state) && !this.paused
  }

  get steady(): boolean {
    return this.#state.phase.name === "steady"
  }

  get #leaseMs(): number {
    return this.#everInSync ? this.#state.heardAtMs + timing.leaseMs - this.world.schedule.nowMs : 0
  }

  reads(): Reads {
    if (this.#inSync && this.#leaseMs > 0) return "newest"
    if (this.world.whenStuck !== "serve-reads" || !this.#everInSync || !this.#stuck) return "none"
    return this.#leaseMs > 0 ? "newest" : "maybe-stale"
  }

  #tick(): void {
    this.whenAwake(() => {
      const { nowMs } = this.world.schedule
      if (this.#stuck && nowMs >= this.#retryAtMs && this.#state.phase.name === "stuck") {
        this.#retryAtMs = nowMs + retryMs
        this.#step({ event: "retry" })
      }
      this.#step({ event: "tick", nowMs })
      this.world.schedule.after(tickMs, () => this.#tick())
    })
  }

  protected report(event: DiskReport): void {
    this.#step(event)
  }

  protected mayTrim(): boolean {
    return this.steady
  }

  protected trimmed(logStart: number): void {
    this.#step({ event: "trimmed", logStart })
  }

  /** Moves the horizon, as src/node/retention.ts does, but not past what a client may still ask for: that is forgotten by then. */
  moveHorizon(before: number): void {
    if (!this.accepts || this.#unacknowledged.length > 0) return
    const unknown = this.world.clients.withUnknownOutcome.flatMap(({ key }) => this.world.disks.a.versionOfKey(key) ?? [])
    const transaction = internalTransaction(retentionTrim, { before: Math.min(before, ...unknown), collections: {} })
    this.submit([{ key: "horizon", transaction }])
  }

  #step(event: CoordinatorEvent): void {
    if (!this.alive) return
    const before = this.#state
    const step = stepCoordinator(before, event)
    this.#state = step.state
    const heeded = step.state !== before || step.effects.length > 0
    if (event.event === "answer" && heeded && isStale(before, event.envelope, event.answer)) this.world.checkers.heededStale("a", event.answer.kind)
    this.world.carryOut(this, step.effects, (effect) => this.#carryOut(effect))
  }

  #carryOut(effect: Effect): void {
    switch (effect.effect) {
      case "ask":
        this.#ask(effect.request)
        return
      case "save":
        this.save(effect)
        return
      case "undo":
        this.undo()
        return
      case "advance":
        this.advance(effect.committed)
        return
      case "load": {
        const records = this.store.records(effect.from, this.store.position().head, this.world.random.between(1, 5), 1_000_000)
        this.soon(() => this.#step({ event: "loaded", records }))
        return
      }
      case "read-digest": {
        const digest = this.store.digest(effect.version) ?? genesisDigest
        this.soon(() => this.#step({ event: "own-digest", version: effect.version, digest }))
        return
      }
      case "decided":
        if (this.#appended !== undefined) this.#unacknowledged.push(this.#appended)
        this.#appended = undefined
        return
      case "acknowledge":
        while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].last <= effect.version) {
          for (const client of this.#unacknowledged.shift()?.clients ?? []) this.world.clients.answered(client, this.store)
        }
        this.world.lookAtOnce()
        return
      case "reject":
        this.#reject()
        return
      case "stuck":
        this.#becomeStuck()
        return
      case "stop":
        this.world.stopped(this, effect)
        return
      case "sync-changed":
        this.#inSync = effect.inSync
        this.#everInSync = true
        this.#stuck = false
        return
      case "notice":
        return
      case "identify":
      case "role-changed":
      case "mode-changed":
      case "handover-refused":
      case "reply":
      case "serve-log":
        throw new Error(`a coordinator asked for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  #becomeStuck(): void {
    this.world.counts.stuck++
    if (this.world.whenStuck === "exit") {
      this.world.crash("a")
      return
    }
    this.#inSync = false
    this.#stuck = true
    this.#retryAtMs = this.world.schedule.nowMs + retryMs
    for (const client of this.#withoutAnswer()) {
      if (client.executed.kind === "refused") this.world.clients.refused(client)
      else this.world.clients.heardNothing(client)
    }
  }

  /** The process is gone, and every connection with it. */
  clientsHearNothing(): void {
    for (const client of this.#withoutAnswer()) this.world.clients.heardNothing(client)
  }

  #withoutAnswer(): Client[] {
    const fates = [...this.#unacknowledged, ...(this.#appended === undefined ? [] : [this.#appended])]
    this.#unacknowledged = []
    this.#appended = undefined
    return fates.flatMap(({ clients }) => clients)
  }

  /** Nothing of the batch is anywhere; a replay of what was committed before it stands. */
  #reject(): void {
    this.world.counts.rejected++
    const { clients = [], first = 0 } = this.#appended ?? {}
    this.#appended = undefined
    for (const client of clients) {
      if (client.executed.kind === "replay" && client.executed.version < first) this.world.clients.answered(client, this.store)
      else this.world.clients.refused(client)
    }
  }

  /** Whether an attempt under this key has no outcome yet: the writer makes a retry wait for it. */
  isUnderWay(key: string): boolean {
    return this.#unacknowledged.some(({ clients }) => clients.some((client) => client.key === key))
  }

  submit(transactions: readonly Asked[]): void {
    const batch = new BatchRun({ reader: this.store, epoch: this.#state.epoch.number, nowMs: this.world.wallMs })
    const clients: Client[] = []
    for (const { key, transaction } of transactions) {
      if (clients.some((client) => client.key === key) || this.isUnderWay(key)) continue
      const client = { key, transaction, executed: batch.execute(transaction) }
      this.world.clients.executed(client)
      clients.push(client)
    }
    const { records } = batch
    const [first, last] = [records[0], records.at(-1)]
    if (first === undefined || last === undefined) {
      this.#answerWithoutRecords(clients)
      return
    }
    this.#appended = { first: first.version, last: last.version, clients }
    this.#step({ event: "propose", nowMs: this.world.schedule.nowMs, records })
  }

  #answerWithoutRecords(clients: readonly Client[]): void {
    const newest = this.#unacknowledged.at(-1)
    if (newest === undefined) for (const client of clients) this.world.clients.answered(client, this.store)
    else newest.clients.push(...clients)
  }

  #ask(request: Request): void {
    const { cluster, node, epoch, session, peerSession, link } = this.#state
    const { world } = this
    const envelope: Envelope = { protocol: protocolVersion, cluster, node, epoch, session, peerSession, link, sentAtMs: world.schedule.nowMs }
    let answered = false
    const lost = (): void => {
      if (!answered) this.whenAwake(() => this.#step({ event: "lost", kind: request.kind }))
    }
    world.bag.keep({ envelope, request })
    world.network.deliver("b", () => {
      const peer = world.nodes.b
      // Nobody listens there: known at once.
      if (peer === undefined) world.network.deliver("a", lost)
      else {
        peer.receive(envelope, request, (back, answer) =>
          this.#answer(back, answer, () => {
            answered = true
          }),
        )
      }
    })
    world.schedule.after(answerMs, lost)
  }

  #answer(envelope: Envelope, answer: Answer, arrived: () => void): void {
    const { bag, network } = this.world
    bag.keepAnswer({ envelope, answer })
    network.deliver("a", () => {
      arrived()
      this.hear(envelope, answer)
    })
  }

  hear(envelope: Envelope, answer: Answer): void {
    this.whenAwake(() => this.#step({ event: "answer", envelope, answer }))
  }
}

/** A refusal may come from a replica that has started anew since; everything else counts on its own link only. */
function isStale({ phase, session, peerSession, link }: CoordinatorState, envelope: Envelope, answer: Answer): boolean {
  if (phase.name === "greeting" || (phase.name === "opening" && answer.kind === "hello")) return false
  if (answer.kind === "refused") return envelope.peerSession !== session
  return envelope.session !== peerSession || envelope.peerSession !== session || envelope.link !== link
}
