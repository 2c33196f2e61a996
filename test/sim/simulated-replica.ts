// Drives the participant in a simulated run, as src/node/replica.ts does in a real one.
import { checkpointOf } from "../../src/protocol/checkpoint.ts"
import type { Effect, Reply } from "../../src/protocol/effect.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { envelopeOfAnswer } from "../../src/protocol/greeting.ts"
import { type Answer, type Envelope, isSpoken, type Request } from "../../src/protocol/messages.ts"
import { type ParticipantEvent, type ParticipantState, startParticipant } from "../../src/protocol/participant-state.ts"
import { stepParticipant } from "../../src/protocol/participant.ts"
import { leaseWaitMs, whyNoPromotion } from "../../src/protocol/promotion.ts"
import { ReadLease } from "../../src/protocol/read-lease.ts"
import type { Decision } from "../../src/protocol/reign.ts"
import { SimulatedFetch } from "./simulated-copy.ts"
import type { AnswerTo, Reads, SimulatedNode } from "./simulated-node.ts"
import { timing } from "./timing.ts"

interface Waiting {
  readonly envelope: Envelope
  readonly request: Request
  readonly answer: AnswerTo
}

export class SimulatedReplica {
  readonly #node: SimulatedNode
  #state: ParticipantState
  #tickets = 0
  readonly #waiting = new Map<number, Waiting>()
  #heardAtMs: number
  readonly #readLease = new ReadLease()
  #fetch: SimulatedFetch | undefined

  constructor(node: SimulatedNode, session: string) {
    this.#node = node
    this.#heardAtMs = node.nowMs
    const { store, name, joining } = node
    const { clusterId, epoch, lacking, leaseMs } = store.identity()
    this.#state = startParticipant({ node: name, cluster: clusterId ?? null, epoch, session, joining, lacking, leaseMs: Math.max(leaseMs, timing.leaseMs), logStart: store.logStart(), ...store.position() })
  }

  start(): void {
    this.#node.world.trace(() => `${this.#node.name} waits for its primary`)
  }

  get synced(): boolean {
    return this.#state.synced
  }

  get lacking(): boolean {
    return this.#state.lacking
  }

  get isFetching(): boolean {
    return this.#fetch !== undefined
  }

  reads(): Reads {
    if (!this.#state.synced || this.isFetching) return "none"
    return this.#readLease.leftMs(this.#state.linkLeaseMs, this.#node.nowMs) > 0 ? "newest" : "maybe-stale"
  }

  receive(envelope: Envelope, request: Request, answer: AnswerTo): void {
    const ticket = ++this.#tickets
    this.#waiting.set(ticket, { envelope, request, answer })
    const version = checkpointOf(request)?.version
    this.#step({ event: "request", ticket, envelope, request, checkpoint: version === undefined ? undefined : this.#node.store.checkpoint(version) })
  }

  /** Why it would not be promoted now, if so. */
  whyNoPromotion(forced: boolean): string | undefined {
    const leaseLeftMs = Math.max(0, this.#heardAtMs + leaseWaitMs(this.#state) - this.#node.nowMs)
    // As src/node/operator.ts has it.
    if (this.isFetching && !forced) return "it fetches a copy of its primary's data"
    return whyNoPromotion(this.#state, leaseLeftMs, forced)
  }

  /** The same, or it is on its way to be the primary. */
  promote(epoch: Epoch, mode: "alone" | "solo", decision: Decision): string | undefined {
    const why = this.whyNoPromotion(decision.forced)
    if (why === undefined) this.#step({ event: "promote", epoch, mode, decision })
    return why
  }

  mayTrim(): boolean {
    return this.#state.inSync
  }

  trimmed(logStart: number): void {
    this.#step({ event: "trimmed", logStart })
  }

  #step(event: ParticipantEvent): void {
    if (!this.#node.alive) return
    const before = this.#state
    const step = stepParticipant(before, event)
    this.#state = step.state
    this.#assertHeedsNothingStale(before, step.effects)
    this.#node.world.carryOut(this.#node, step.effects, (effect) => this.#carryOut(effect))
  }

  /** I6, for what was asked just now and for what had to wait for the disk. */
  #assertHeedsNothingStale(before: ParticipantState, effects: readonly Effect[]): void {
    let { link } = before
    for (const effect of effects) {
      if (effect.effect === "reply" && effect.answer.kind === "hello" && effect.answer.opened) link++
      const ticket = this.#ticketOf(effect)
      const waiting = ticket === undefined ? undefined : this.#waiting.get(ticket)
      if (waiting === undefined || (effect.effect === "reply" && effect.answer.kind === "refused")) continue
      if (isStale(this.#state, link, waiting)) this.#node.world.checkers.heededStale(this.#node.name, `${waiting.request.kind} made it ${effect.effect}`)
    }
  }

  /** On whose behalf an effect is. What a prepare implies, and what a commit moves, comes right before the one named here. */
  #ticketOf(effect: Effect): number | undefined {
    const { work } = this.#state
    switch (effect.effect) {
      case "reply":
      case "serve-log":
        return effect.ticket
      case "save":
      case "undo":
        return work?.kind === "saving" || work?.kind === "undoing" ? work.ticket : undefined
      case "identify":
        return work?.kind === "identifying" ? work.incoming.ticket : undefined
      default:
        return undefined
    }
  }

  #carryOut(effect: Effect): void {
    const node = this.#node
    switch (effect.effect) {
      case "reply":
        this.#reply(effect)
        return
      case "serve-log": {
        const { ticket, request } = effect
        const answer: Answer =
          request.kind === "digest"
            ? { kind: "digest", version: request.version, digest: node.store.digest(request.version) ?? null }
            : { kind: "records", from: request.from, records: node.store.records(request.from, node.store.position().head, node.world.random.between(1, 5), 1_000_000) }
        this.#reply({ effect: "reply", ticket, answer })
        return
      }
      case "save":
        node.save(effect, (event) => this.#step(event))
        return
      case "undo":
        node.undo((event) => this.#step(event))
        return
      case "identify":
        node.identify(effect.change, (event) => this.#step(event))
        return
      case "fetch-snapshot":
        this.#fetch ??= new SimulatedFetch(node, effect)
        return
      case "advance":
        node.advance(effect.committed)
        return
      case "stop":
        node.world.stopped(node, effect)
        return
      case "role-changed":
        // What it has committed is on the disk as decided before it leads.
        void node.store.flush()
        node.soon(() => node.changeRole())
        return
      case "sync-changed":
      case "notice":
        return
      default:
        throw new Error(`a participant asked for ${effect.effect}`)
    }
  }

  #hears(asked: Envelope, request: Request, answer: Answer): void {
    const { nowMs, world, name } = this.#node
    this.#heardAtMs = nowMs
    if (answer.kind !== "hello" || !answer.opened) {
      this.#readLease.heard(asked, request.kind, nowMs)
      return
    }
    this.#readLease.opened(answer.link, asked.sentAtMs, nowMs)
    // From here on it knows by itself.
    if (request.kind === "hello" && (request.mode ?? "paired") !== "paired") world.unaware[name] = false
  }

  #reply({ ticket, answer }: Reply): void {
    const waiting = this.#waiting.get(ticket)
    if (waiting === undefined) return
    this.#waiting.delete(ticket)
    const { envelope: asked, request } = waiting
    if (answer.kind !== "refused") this.#hears(asked, request, answer)
    if (answer.kind === "vote" && answer.vote.prepared && request.kind === "prepare") {
      for (const record of request.records) this.#node.world.checkers.voted(this.#node.name, record)
    }
    waiting.answer(envelopeOfAnswer(this.#state, asked), answer)
  }
}

function isStale({ cluster, epoch, session }: ParticipantState, link: number, { envelope, request }: Waiting): boolean {
  // The hand-over that has just become durable; or it is asked again by who has not heard the answer.
  if (request.kind === "handover" && request.epoch.id === epoch.id) return false
  if (!isSpoken(envelope.protocol) || envelope.cluster !== (cluster ?? envelope.cluster) || envelope.epoch.number < epoch.number) return true
  if (request.kind === "hello") return request.open && envelope.peerSession !== session
  return envelope.peerSession !== session || envelope.link !== link || envelope.epoch.id !== epoch.id
}
