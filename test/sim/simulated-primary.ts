// Drives the coordinator in a simulated run, as src/node/primary.ts and src/node/writer.ts do in a real one.
import { BatchRun } from "../../src/operations/batch-run.ts"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { pairDecide } from "../../src/operations/pair-decide.ts"
import { unlogged } from "../../src/operations/pair-state.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { withCheckpoint } from "../../src/protocol/checkpoint.ts"
import { acceptsBatch, clockedAt, type CoordinatorEvent, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { whyNoHandover, whyNoPairing, whyNoSolo } from "../../src/protocol/decisions.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import type { Effect } from "../../src/protocol/effect.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { Lease } from "../../src/protocol/lease.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import type { Decision } from "../../src/protocol/reign.ts"
import { afterRival, answerRival } from "../../src/protocol/rival.ts"
import type { Identity, LoggedDecision } from "../../src/store/store.ts"
import type { Asked, Client } from "./clients.ts"
import { CheckFailed } from "./check-failed.ts"
import { type NodeName, other } from "./disk.ts"
import { Fates } from "./simulated-fates.ts"
import type { AnswerTo, Reads, SimulatedNode } from "./simulated-node.ts"
import { answerMs, retryMs, tickMs, timing } from "./timing.ts"

interface Awaited {
  arrived: boolean
  lost: boolean
}

export class SimulatedPrimary {
  readonly #node: SimulatedNode
  #state: CoordinatorState
  readonly #fates: Fates
  readonly #lease = new Lease()
  #stuck = false
  #retryAtMs = 0
  /** What has no decision any more that is not in the log: it is asked for often. */
  #allLogged: Identity | undefined

  constructor(node: SimulatedNode, session: string) {
    this.#node = node
    const { store, name, nowMs, world } = node
    this.#fates = new Fates({ name, store, clients: world.clients, epoch: () => this.#state.epoch, solo: () => this.#state.mode === "solo" })
    const { epoch, mode, lacking, clusterId } = store.identity()
    if (clusterId === undefined) throw new Error("a primary belongs to a cluster")
    // Nobody else can decide otherwise.
    if (mode !== "paired") node.advance(store.position().head)
    this.#state = startCoordinator({ node: name, cluster: clusterId, epoch, mode, lacking, session, publicUrl: `http://${name}`, timing, logStart: store.logStart(), nowMs, ...store.position() })
  }

  start(): void {
    if (this.#state.mode !== "paired") void this.#node.store.flush()
    this.#tick()
  }

  get name(): NodeName {
    return this.#node.name
  }

  get session(): string {
    return this.#state.session
  }

  get #protocol(): number {
    return this.#node.world.protocols[this.#node.name]
  }

  get epoch(): Epoch {
    return this.#state.epoch
  }

  get #acceptsBatch(): boolean {
    return acceptsBatch(this.#state) && !this.#node.paused && (this.#state.mode !== "paired" || this.#leaseMs > 0)
  }

  /** Of a client: where it decides alone, not before that is in the log. */
  get accepts(): boolean {
    return this.#acceptsBatch && !(this.#state.mode === "solo" && this.#nextDecision !== undefined)
  }

  /** It is about to stop. */
  get parting(): boolean {
    return this.#state.phase.name === "parting"
  }

  get steady(): boolean {
    return this.#state.phase.name === "steady"
  }

  get #leaseMs(): number {
    return this.#lease.remainingMs(this.#state, this.#node.nowMs)
  }

  reads(): Reads {
    if (this.#state.mode !== "paired" || (this.#lease.inSync && this.#leaseMs > 0)) return "newest"
    if (this.#node.world.whenStuck !== "serve-reads" || !this.#lease.everInSync || !this.#stuck) return "none"
    return this.#leaseMs > 0 ? "newest" : "maybe-stale"
  }

  #tick(): void {
    this.#node.whenAwake(() => {
      if (this.#node.primary !== this) return
      const { nowMs, world } = this.#node
      if (this.#stuck && nowMs >= this.#retryAtMs && this.#state.phase.name === "stuck") {
        this.#retryAtMs = nowMs + retryMs
        this.#step({ event: "retry" })
      }
      this.#step({ event: "tick" })
      if (this.#acceptsBatch) this.#logDecision()
      world.schedule.after(tickMs, () => this.#tick())
    })
  }

  mayTrim(): boolean {
    return this.steady
  }

  trimmed(logStart: number): void {
    this.#step({ event: "trimmed", logStart })
  }

  /** As src/node/decision-log.ts does. */
  #logDecision(): void {
    const next = this.#nextDecision
    if (next !== undefined) this.submit([{ key: "decision", transaction: internalTransaction(pairDecide, { ...next, primary: this.#node.name }) }])
  }

  get #nextDecision(): LoggedDecision | undefined {
    const { store } = this.#node
    const identity = store.identity()
    if (identity === this.#allLogged) return undefined
    const [next] = unlogged(identity, store)
    if (next === undefined) this.#allLogged = identity
    return next
  }

  /** Moves the horizon, as src/node/retention.ts does, but not past what a client may still ask for: that is forgotten by then. */
  moveHorizon(before: number): void {
    if (!this.accepts || !this.steady || this.#fates.waiting) return
    const { clients, disks } = this.#node.world
    const unknown = clients.withUnknownOutcome(this.#node.name).flatMap(({ key }) => disks[this.#node.name].versionOfKey(key) ?? [])
    const transaction = internalTransaction(retentionTrim, { before: Math.min(before, ...unknown), collections: {} })
    this.submit([{ key: "horizon", transaction }])
  }

  /** Why it does not hand over, if so. */
  handOver(epoch: Epoch, decision: Decision): string | undefined {
    const why = whyNoHandover(this.#state)
    if (why === undefined) this.#step({ event: "hand-over", epoch, decision })
    return why
  }

  /** Why its mode stays what it is, if so. */
  setMode(mode: "alone" | "solo", decision: Decision): string | undefined {
    const why = mode === "solo" ? whyNoSolo(this.#state, decision.forced) : whyNoPairing(this.#state)
    if (why === undefined) this.#step({ event: "set-mode", mode, decision })
    return why
  }

  /** A primary is nobody's replica: two nodes that both lead have to find out. */
  receive(envelope: Envelope, request: Request, answer: AnswerTo): void {
    const told = answerRival(this.#state, envelope, request)
    const event = afterRival(this.#state, envelope, request, told)
    if (event !== undefined) this.#node.world.schedule.after(tickMs, () => this.#node.whenAwake(() => this.#step(event)))
    answer({ ...this.#envelope(), protocol: envelope.protocol, peerSession: envelope.session, sentAtMs: envelope.sentAtMs }, told)
  }

  #step(event: CoordinatorEvent): void {
    if (!this.#node.alive) return
    const { world, name } = this.#node
    const before = clockedAt(this.#state, this.#node.nowMs)
    const step = stepCoordinator(before, event)
    this.#state = step.state
    // Whose lease is over is stuck by that, whatever has come.
    const isOver = before.phase.name === "steady" && before.nowMs - before.heardAtMs > timing.leaseMs
    const heeded = !isOver && (step.state !== before || step.effects.length > 0)
    if (event.event === "answer" && heeded && isStale(before, event.envelope, event.answer)) world.checkers.heededStale(name, event.answer.kind)
    world.carryOut(this.#node, step.effects, (effect) => this.#carryOut(effect))
  }

  #carryOut(effect: Effect): void {
    const node = this.#node
    switch (effect.effect) {
      case "ask":
        this.#ask(withCheckpoint(effect.request, node.store.checkpoint()))
        return
      case "save":
        node.save(effect, (event) => this.#step(event))
        return
      case "undo":
        node.undo((event) => this.#step(event))
        return
      case "identify":
        node.identify(effect.change, (event) => this.#step(event))
        return
      case "advance":
        node.advance(effect.committed)
        return
      case "load": {
        const records = node.store.records(effect.from, this.#state.head, node.world.random.between(1, 5), 1_000_000)
        node.soon(() => this.#step({ event: "loaded", records }))
        return
      }
      case "read-digest": {
        const digest = node.store.digest(effect.version) ?? genesisDigest
        node.soon(() => this.#step({ event: "own-digest", version: effect.version, digest }))
        return
      }
      case "decided":
        this.#fates.decided()
        return
      case "acknowledge":
        this.#fates.acknowledged(effect.version)
        node.world.lookAtOnce()
        return
      case "reject":
        node.world.counts.rejected++
        this.#fates.rejected()
        return
      case "stuck":
        this.#becomeStuck()
        return
      case "stop":
        node.world.stopped(node, effect)
        return
      case "sync-changed":
        this.#lease.syncChanged(effect.inSync, this.#state)
        this.#stuck = false
        return
      case "mode-changed":
        this.#stuck = false
        return
      case "role-changed":
        node.changeRole()
        return
      case "notice":
      case "handover-refused":
        return
      case "reply":
      case "serve-log":
      case "fetch-snapshot":
        throw new Error(`a coordinator asked for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  #becomeStuck(): void {
    const { world, name, nowMs } = this.#node
    world.counts.stuck++
    if (world.whenStuck === "exit") {
      world.crash(name)
      return
    }
    this.#lease.syncChanged(false, this.#state)
    this.#stuck = true
    this.#retryAtMs = nowMs + retryMs
    this.#fates.stuck()
  }

  /** The process is gone, and every connection with it. */
  clientsHearNothing(): void {
    this.#fates.gone()
  }

  submit(transactions: readonly Asked[]): void {
    const { store, world } = this.#node
    const batch = new BatchRun({ reader: store, epoch: this.#state.epoch.number, nowMs: world.wallMs })
    const clients: Client[] = []
    for (const { key, known, transaction } of transactions) {
      if (clients.some((client) => client.key === key) || this.#fates.isUnderWay(key)) continue
      const client = { key, known, transaction, executed: batch.execute(transaction) }
      world.clients.executed(client)
      clients.push(client)
    }
    const { records } = batch
    const [first, last] = [records[0], records.at(-1)]
    if (first === undefined || last === undefined) {
      this.#fates.withoutRecords(clients)
      return
    }
    this.#fates.append({ first: first.version, last: last.version, clients })
    this.#step({ event: "propose", records })
  }

  #envelope(): Envelope {
    const { cluster, node, epoch, session, peerSession, link } = this.#state
    return { protocol: this.#protocol, cluster, node, epoch, session, peerSession, link, sentAtMs: this.#node.nowMs }
  }

  #ask(wanted: Request): void {
    const { world, name } = this.#node
    const request = this.#protocol === protocolVersion ? wanted : asOfFirst(wanted)
    const envelope = this.#envelope()
    const to = other(name)
    const awaited: Awaited = { arrived: false, lost: false }
    const lost = (): void => {
      if (awaited.arrived) return
      this.#node.whenAwake(() => {
        awaited.lost = true
        this.#step({ event: "lost", kind: request.kind })
      })
    }
    world.bag.keep({ to, envelope, request })
    world.network.deliver(to, () => {
      const peer = world.nodes[to]
      // Nobody listens there: known at once.
      if (peer === undefined) world.network.deliver(name, lost)
      else {
        peer.receive(envelope, request, (back, answer) => {
          if (back.protocol !== envelope.protocol) throw new CheckFailed("I6", `${name} asked in protocol ${envelope.protocol}, and was answered in ${back.protocol}`)
          this.#answer(back, answer, awaited)
        })
      }
    })
    world.schedule.after(answerMs, lost)
  }

  #answer(envelope: Envelope, answer: Answer, awaited: Awaited): void {
    const { world, name } = this.#node
    world.bag.keepAnswer({ to: name, envelope, answer })
    world.network.deliver(name, () => {
      awaited.arrived = true
      this.#node.whenAwake(() => {
        // Read leases rest on it that no link is used whose opening was not heard of in time; any other answer may come too late.
        if (!awaited.lost || answer.kind !== "hello") this.hear(envelope, answer)
      })
    })
  }

  hear(envelope: Envelope, answer: Answer): void {
    this.#step({ event: "answer", envelope, answer })
  }
}

/** As protocol 1 has it. */
function asOfFirst(request: Request): Request {
  if (request.kind !== "hello") return request
  const { mode: _mode, leaseMs: _leaseMs, ...first } = request
  return first
}

/** A refusal may come from a replica that has started anew since, a hand-over's answer from a primary; everything else counts on its own link only. */
function isStale({ phase, session, peerSession, link }: CoordinatorState, envelope: Envelope, answer: Answer): boolean {
  if (phase.name === "greeting" || (phase.name === "opening" && answer.kind === "hello")) return false
  if (answer.kind === "refused" || answer.kind === "took-over") return envelope.peerSession !== session
  return envelope.session !== peerSession || envelope.peerSession !== session || envelope.link !== link
}
