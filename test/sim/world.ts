// A simulated pair: the real protocol, operations and store, over simulated disks, network, clocks and crashes.
import { BatchRun, type Executed } from "../../src/operations/batch-run.ts"
import { parseTransaction } from "../../src/operations/envelope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { acceptsBatch, type CoordinatorEvent, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import type { Effect } from "../../src/protocol/effect.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { type ParticipantEvent, type ParticipantState, startParticipant } from "../../src/protocol/participant-state.ts"
import { stepParticipant } from "../../src/protocol/participant.ts"
import { isRefusal } from "../../src/refusal.ts"
import type { Identity } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed, Checkers, type NodeName } from "./checkers.ts"
import { MemoryEngine } from "./memory-engine.ts"
import { Network, type Weather } from "./network.ts"
import { Random } from "./random.ts"
import { Schedule } from "./schedule.ts"

const timing = { heartbeatMs: 1_000, peerTimeoutMs: 2_000, syncTimeoutMs: 15_000, leaseMs: 4_000 } as const
const tickMs = 100
const epoch = { number: 1, id: "first" }

export interface Faults {
  readonly weather: Weather
  /** Chance of a crash before each effect. */
  readonly crash: number
  /** Chance that a disk refuses a batch for lack of space. */
  readonly full: number
}

/** Crashes exactly before the n-th effect of a node, counted from the start of the run. */
export interface CrashPoint {
  readonly node: NodeName
  readonly effect: number
}

interface Running {
  readonly store: TableStore
  readonly incarnation: number
  coordinator?: CoordinatorState
  participant?: ParticipantState
  /** A write that the disk has not finished. */
  disk?: () => void
}

interface Client {
  readonly transaction: SubmittedTransaction
  readonly key: string
  readonly executed: Executed
}

interface Fate {
  readonly first: number
  readonly version: number
  readonly clients: readonly Client[]
}

export class World {
  readonly random: Random
  readonly schedule = new Schedule()
  readonly network: Network
  readonly engines = { a: new MemoryEngine(), b: new MemoryEngine() }
  readonly checkers: Checkers
  readonly nodes: { [Name in NodeName]: Running | undefined } = { a: undefined, b: undefined }
  readonly effects: { [Name in NodeName]: number } = { a: 0, b: 0 }
  faults: Faults
  crashes = 0
  #incarnations = 0
  #tickets = 0
  #keys = 0
  #appended: Fate | undefined
  #unacknowledged: Fate[] = []
  readonly #unknown = new Map<string, SubmittedTransaction>()
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #crashPoint: CrashPoint | undefined

  constructor(seed: number, faults: Faults, crashPoint?: CrashPoint) {
    this.random = new Random(seed)
    this.faults = faults
    this.#crashPoint = crashPoint
    this.network = new Network(this.random, this.schedule, faults.weather)
    this.checkers = new Checkers({ a: { engine: this.engines.a }, b: { engine: this.engines.b } })
    this.#start("b")
    this.#start("a")
  }

  #start(name: NodeName): void {
    const first: Identity = { clusterId: name === "a" ? "cluster" : undefined, nodeId: name, role: name === "a" ? "primary" : "replica", epoch: name === "a" ? epoch : { number: 0, id: "" } }
    const store = new TableStore(this.engines[name], first)
    const incarnation = ++this.#incarnations
    const identity = store.identity()
    const start = { node: name, epoch: identity.epoch, session: `${name}${incarnation}`, ...store.position() }
    const running: Running = { store, incarnation }
    this.nodes[name] = running
    if (name === "b") {
      running.participant = startParticipant({ ...start, cluster: identity.clusterId ?? null, joining: false })
      return
    }
    this.#appended = undefined
    this.#unacknowledged = []
    running.coordinator = startCoordinator({ ...start, cluster: "cluster", publicUrl: "http://a", timing, nowMs: this.schedule.nowMs })
    this.#tick(incarnation)
  }

  #tick(incarnation: number): void {
    if (this.nodes.a?.incarnation !== incarnation) return
    this.#coordinate({ event: "tick", nowMs: this.schedule.nowMs })
    this.schedule.after(tickMs, () => this.#tick(incarnation))
  }

  /** Everything volatile is lost; a write under way is on the disk wholly or not at all. */
  crash(name: NodeName): void {
    const running = this.nodes[name]
    if (running === undefined) return
    this.crashes++
    this.nodes[name] = undefined
    if (running.disk !== undefined && this.random.chance(0.5)) running.disk()
    if (name === "a") {
      for (const fate of [...this.#unacknowledged, ...(this.#appended ? [this.#appended] : [])]) this.#clientsHearNothing(fate)
      this.#appended = undefined
      this.#unacknowledged = []
    }
    this.schedule.after(this.random.between(10, 3_000), () => this.#start(name))
  }

  #clientsHearNothing(fate: Fate): void {
    for (const { key, transaction, executed } of fate.clients) if (executed.kind !== "refused") this.#unknown.set(key, transaction)
  }

  #survives(name: NodeName): boolean {
    this.effects[name]++
    const chosen = this.#crashPoint?.node === name && this.#crashPoint.effect === this.effects[name]
    if (!chosen && !this.random.chance(this.faults.crash)) return true
    this.crash(name)
    return false
  }

  #coordinate(event: CoordinatorEvent): void {
    const running = this.nodes.a
    if (running?.coordinator === undefined) return
    const step = stepCoordinator(running.coordinator, event)
    running.coordinator = step.state
    for (const effect of step.effects) {
      if (!this.#survives("a")) return
      this.#carryOutForPrimary(running, effect)
    }
  }

  #participate(event: ParticipantEvent): void {
    const running = this.nodes.b
    if (running?.participant === undefined) return
    const step = stepParticipant(running.participant, event)
    if (event.event === "request" && isStale(running.participant, event.envelope, event.request)) this.checkers.stale("b", step.effects)
    running.participant = step.state
    for (const effect of step.effects) {
      if (!this.#survives("b")) return
      this.#carryOutForReplica(running, effect)
    }
  }

  #carryOutForPrimary(running: Running, effect: Effect): void {
    switch (effect.effect) {
      case "ask":
        this.#ask(running, effect.request)
        return
      case "save":
        this.#save("a", running, effect, (event) => this.#coordinate(event))
        return
      case "undo":
        this.#undo("a", running, () => this.#coordinate({ event: "undone" }))
        return
      case "advance":
        this.#advance("a", running, effect.committed)
        return
      case "load": {
        const records = running.store.records(effect.from, running.store.position().head, this.random.between(1, 5), 1_000_000)
        this.#soon(running, () => this.#coordinate({ event: "loaded", records }))
        return
      }
      case "read-digest": {
        const digest = running.store.record(effect.version)?.digest ?? genesisDigest
        this.#soon(running, () => this.#coordinate({ event: "own-digest", version: effect.version, digest }))
        return
      }
      case "decided":
        if (this.#appended !== undefined) this.#unacknowledged.push(this.#appended)
        this.#appended = undefined
        return
      case "acknowledge":
        this.#acknowledge(running, effect.version)
        return
      case "reject":
        this.#rejected()
        return
      case "stuck":
        this.crash("a")
        return
      case "stop":
        throw new CheckFailed("stop", `the primary stopped: ${effect.detail}`)
      case "sync-changed":
      case "notice":
        return
      case "reply":
      case "serve-log":
      case "identify":
        throw new Error(`a coordinator asked for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  #carryOutForReplica(running: Running, effect: Effect): void {
    switch (effect.effect) {
      case "reply": {
        const { answer } = effect
        if (answer.kind === "vote" && answer.vote.prepared) {
          const { lastRound } = running.participant as ParticipantState
          if (lastRound !== null) this.checkers.voted("b", lastRound.last, lastRound.lastDigest)
        }
        this.#waiting.get(effect.ticket)?.(answer)
        return
      }
      case "serve-log":
        this.#waiting.get(effect.ticket)?.(this.#logAnswer(running.store, effect.request))
        return
      case "save":
        this.#save("b", running, effect, (event) => this.#participate(event))
        return
      case "undo":
        this.#undo("b", running, () => this.#participate({ event: "undone" }))
        return
      case "identify":
        void running.store.saveIdentity({ clusterId: effect.cluster, epoch: effect.epoch })
        this.#soon(running, () => this.#participate({ event: "identified" }))
        return
      case "advance":
        this.#advance("b", running, effect.committed)
        return
      case "stop":
        throw new CheckFailed("stop", `the replica stopped: ${effect.detail}`)
      case "sync-changed":
      case "notice":
        return
      default:
        throw new Error(`a participant asked for ${effect.effect}`)
    }
  }

  #logAnswer(store: TableStore, request: Extract<Request, { kind: "records" | "digest" }>): Answer {
    if (request.kind === "digest") return { kind: "digest", version: request.version, digest: store.record(request.version)?.digest ?? null }
    return { kind: "records", from: request.from, records: store.records(request.from, store.position().head, this.random.between(1, 5), 1_000_000) }
  }

  #soon(running: Running, run: () => void): void {
    this.schedule.after(this.random.between(0, 3), () => {
      if (Object.values(this.nodes).includes(running)) run()
    })
  }

  #save(name: NodeName, running: Running, effect: Extract<Effect, { effect: "save" }>, report: (event: { event: "saved" } | { event: "save-refused"; code: "disk-full"; detail: string }) => void): void {
    if (this.random.chance(this.faults.full)) {
      this.#soon(running, () => report({ event: "save-refused", code: "disk-full", detail: "full" }))
      return
    }
    running.disk = () => {
      delete running.disk
      const refusal = running.store.prepareNow(effect)
      if (isRefusal(refusal)) throw new CheckFailed("I4", `${name} refused a batch: ${refusal.detail}`)
      this.checkers.saved(effect.records)
    }
    this.schedule.after(this.random.between(1, 30), () => {
      if (this.nodes[name] !== running || running.disk === undefined) return
      running.disk()
      report({ event: "saved" })
    })
  }

  #undo(name: NodeName, running: Running, report: () => void): void {
    running.disk = () => {
      delete running.disk
      const { head, committed } = running.store.position()
      void running.store.undo()
      this.checkers.undone(committed, head)
    }
    this.schedule.after(this.random.between(1, 30), () => {
      if (this.nodes[name] !== running || running.disk === undefined) return
      running.disk()
      report()
    })
  }

  #advance(name: NodeName, running: Running, committed: number): void {
    const from = running.store.position().committed
    running.store.commit(committed)
    this.checkers.advanced(name, from, running.store.position().committed)
    if (this.random.chance(0.3)) void running.store.flush()
  }

  #ask(running: Running, request: Request): void {
    const state = running.coordinator as CoordinatorState
    const { cluster, node, session, peerSession, link } = state
    const envelope: Envelope = { protocol: protocolVersion, cluster, node, epoch: state.epoch, session, peerSession, link, sentAtMs: this.schedule.nowMs }
    let answered = false
    this.network.deliver(() => {
      const peer = this.nodes.b
      if (peer?.participant === undefined) return
      const ticket = ++this.#tickets
      this.#waiting.set(ticket, (answer) => {
        this.#waiting.delete(ticket)
        const from = peer.participant as ParticipantState
        const back: Envelope = { protocol: protocolVersion, cluster: from.cluster, node: from.node, epoch: from.epoch, session: from.session, peerSession: session, link: from.link, sentAtMs: envelope.sentAtMs }
        this.network.deliver(() => {
          if (this.nodes.a !== running) return
          answered = true
          this.#coordinate({ event: "answer", envelope: back, answer })
        })
      })
      this.#participate({ event: "request", ticket, envelope, request })
    })
    this.schedule.after(500, () => {
      if (!answered && this.nodes.a === running) this.#coordinate({ event: "lost", kind: request.kind })
    })
  }

  /** Submits some transactions, new ones and retries of those whose outcome nobody knows. */
  submit(): void {
    const running = this.nodes.a
    if (running?.coordinator === undefined || !acceptsBatch(running.coordinator)) return
    const batch = new BatchRun({ reader: running.store, epoch: 1, nowMs: this.schedule.nowMs })
    const clients: Client[] = []
    const before = batch.records.length
    for (let n = this.random.between(1, 3); n > 0; n--) {
      const { key, transaction } = this.#request()
      // The node makes a retry wait for the attempt that is under way.
      if (clients.some((client) => client.key === key) || this.#underWay(key)) continue
      clients.push({ key, transaction, executed: batch.execute(transaction) })
    }
    if (batch.records.length === before) {
      this.#settle(running, clients)
      return
    }
    this.#appended = { first: batch.records[0]?.version ?? 0, version: batch.records.at(-1)?.version ?? 0, clients }
    this.#coordinate({ event: "propose", nowMs: this.schedule.nowMs, records: batch.records })
  }

  #underWay(key: string): boolean {
    return this.#unacknowledged.some(({ clients }) => clients.some((client) => client.key === key))
  }

  #request(): { readonly key: string; readonly transaction: SubmittedTransaction } {
    const unknown = [...this.#unknown]
    if (unknown.length > 0 && this.random.chance(0.4)) {
      const [key, transaction] = this.random.pick(unknown)
      return { key, transaction }
    }
    const key = `k${++this.#keys}`
    const operations: object[] = []
    for (let n = this.random.between(1, 2); n > 0; n--) operations.push(this.#operation())
    if (this.#keys === 1) operations.splice(0, operations.length, { op: "collection.define", data: { name: "things" } })
    const parsed = parseTransaction({ operations }, { principal: { name: "root", scopes: ["admin"] }, key, clusterId: "cluster", allowTimes: false, hashPassword: () => Promise.reject(new Error("no passwords here")) })
    if (isRefusal(parsed) || parsed instanceof Promise) throw new Error("the simulator made a bad request")
    return { key, transaction: parsed }
  }

  #operation(): object {
    const id = `d${this.random.between(0, 4)}`
    switch (this.random.between(0, 3)) {
      case 0:
        return { op: "user.create", data: { id: `u${this.random.between(0, 9)}`, email: `e${this.random.between(0, 5)}@x` } }
      case 1:
        return { op: "user.delete", data: { id: `u${this.random.between(0, 9)}` } }
      case 2:
        return { op: "document.delete", data: { collection: "things", id } }
      default:
        return { op: "document.put", data: { collection: "things", id, value: { n: this.#keys } } }
    }
  }

  /** Nothing of the batch is anywhere; a replay of what was committed before it stands. */
  #rejected(): void {
    const { clients = [], first = 0 } = this.#appended ?? {}
    for (const { key, executed } of clients) {
      this.#unknown.delete(key)
      if (executed.kind !== "replay" || executed.version >= first) this.checkers.refusedTo(key)
    }
    this.#appended = undefined
  }

  #acknowledge(running: Running, version: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].version <= version) {
      const fate = this.#unacknowledged.shift() as Fate
      this.#settle(running, fate.clients)
    }
  }

  #settle(running: Running, clients: readonly Client[]): void {
    for (const { key, executed } of clients) {
      this.#unknown.delete(key)
      if (executed.kind === "refused") {
        this.checkers.refusedTo(key)
        continue
      }
      const version = executed.kind === "record" ? executed.record.version : executed.version
      if (executed.kind !== "record") continue
      this.checkers.acknowledgedTo(version, executed.record.digest)
      if (running.store.position().committed < version) throw new CheckFailed("I3", `version ${version} was acknowledged before it was committed here`)
    }
  }

  /** Looks at random entities as of random committed versions, on both nodes. */
  look(): void {
    for (const running of Object.values(this.nodes)) {
      if (running === undefined) continue
      const at = this.random.between(0, running.store.position().committed)
      this.checkers.read(running.store, "things", `d${this.random.between(0, 4)}`, at)
      this.checkers.read(running.store, "users", `u${this.random.between(0, 9)}`, at)
    }
  }

  inSync(): boolean {
    return this.nodes.a?.coordinator?.phase.name === "steady" && this.nodes.b?.participant?.synced === true
  }

  /** Retries what nobody knows the outcome of: it must be what the log says (P3). */
  resolveUnknown(): void {
    const running = this.nodes.a
    if (running === undefined) return
    const batch = new BatchRun({ reader: running.store, epoch: 1, nowMs: this.schedule.nowMs })
    for (const [key, transaction] of this.#unknown) {
      const executed = batch.execute(transaction)
      const committed = this.checkers.isCommitted(key)
      if (committed !== (executed.kind === "replay")) throw new CheckFailed("P3", `a retry of ${key} is ${executed.kind}, and it is ${committed ? "" : "not "}in the log`)
    }
  }
}

function isStale(state: ParticipantState, envelope: Envelope, request: Request): boolean {
  if (request.kind === "hello") return envelope.cluster !== (state.cluster ?? envelope.cluster) || envelope.epoch.number < state.epoch.number
  return envelope.peerSession !== state.session || envelope.link !== state.link || envelope.epoch.id !== state.epoch.id
}
