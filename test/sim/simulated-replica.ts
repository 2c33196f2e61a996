// Drives the participant in a simulated run, as src/node/replica.ts does in a real one.
import { identityAfter } from "../../src/node/identity-change.ts"
import type { Effect, Reply } from "../../src/protocol/effect.ts"
import { envelopeOfAnswer } from "../../src/protocol/greeting.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { type ParticipantEvent, type ParticipantState, startParticipant } from "../../src/protocol/participant-state.ts"
import { stepParticipant } from "../../src/protocol/participant.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { type DiskReport, Incarnation, type Reads } from "./incarnation.ts"
import type { World } from "./world.ts"

interface Waiting {
  readonly envelope: Envelope
  readonly request: Request
  readonly answer: (envelope: Envelope, answer: Answer) => void
}

export class SimulatedReplica extends Incarnation {
  #state: ParticipantState
  #tickets = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(
    world: World,
    store: TableStore,
    session: string,
    readonly joining: boolean,
  ) {
    super(world, "b", store, session)
    const { clusterId, epoch, lacking } = store.identity()
    this.#state = startParticipant({ node: "b", cluster: clusterId ?? null, epoch, session, joining, lacking, leaseMs: 4_000, logStart: store.logStart(), ...store.position() })
  }

  get synced(): boolean {
    return this.#state.synced
  }

  /** Whether its disk never belonged to a pair. */
  get fresh(): boolean {
    return this.#state.cluster === null
  }

  reads(): Reads {
    return this.#state.synced ? "newest" : "none"
  }

  receive(envelope: Envelope, request: Request, answer: Waiting["answer"]): void {
    this.whenAwake(() => {
      const ticket = ++this.#tickets
      this.#waiting.set(ticket, { envelope, request, answer })
      this.#step({ event: "request", ticket, envelope, request })
    })
  }

  protected report(event: DiskReport): void {
    this.#step(event)
  }

  protected mayTrim(): boolean {
    return this.#state.inSync
  }

  protected trimmed(logStart: number): void {
    this.#step({ event: "trimmed", logStart })
  }

  #step(event: ParticipantEvent): void {
    if (!this.alive) return
    const before = this.#state
    const step = stepParticipant(before, event)
    this.#state = step.state
    this.#assertHeedsNothingStale(before, step.effects)
    this.world.carryOut(this, step.effects, (effect) => this.#carryOut(effect))
  }

  /** I6, for what was asked just now and for what had to wait for the disk. */
  #assertHeedsNothingStale(before: ParticipantState, effects: readonly Effect[]): void {
    let { link } = before
    for (const effect of effects) {
      if (effect.effect === "reply" && effect.answer.kind === "hello" && effect.answer.opened) link++
      const ticket = this.#ticketOf(effect)
      const waiting = ticket === undefined ? undefined : this.#waiting.get(ticket)
      if (waiting === undefined || (effect.effect === "reply" && effect.answer.kind === "refused")) continue
      if (isStale(this.#state, link, waiting)) this.world.checkers.heededStale("b", `${waiting.request.kind} made it ${effect.effect}`)
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
    switch (effect.effect) {
      case "reply":
        this.#reply(effect)
        return
      case "serve-log": {
        const { ticket, request } = effect
        const answer: Answer =
          request.kind === "digest"
            ? { kind: "digest", version: request.version, digest: this.store.digest(request.version) ?? null }
            : { kind: "records", from: request.from, records: this.store.records(request.from, this.store.position().head, this.world.random.between(1, 5), 1_000_000) }
        this.#reply({ effect: "reply", ticket, answer })
        return
      }
      case "save":
        this.save(effect)
        return
      case "undo":
        this.undo()
        return
      case "identify":
        void this.store.saveIdentity(identityAfter(this.store.identity(), effect.change))
        this.soon(() => this.#step({ event: "identified" }))
        return
      case "advance":
        this.advance(effect.committed)
        return
      case "stop":
        this.world.stopped(this, effect)
        return
      case "sync-changed":
      case "notice":
        return
      default:
        throw new Error(`a participant asked for ${effect.effect}`)
    }
  }

  #reply({ ticket, answer }: Reply): void {
    const waiting = this.#waiting.get(ticket)
    if (waiting === undefined) return
    this.#waiting.delete(ticket)
    const { envelope: asked, request } = waiting
    if (answer.kind === "vote" && answer.vote.prepared && request.kind === "prepare") {
      for (const record of request.records) this.world.checkers.voted("b", record)
    }
    waiting.answer(envelopeOfAnswer(this.#state, asked), answer)
  }
}

function isStale({ cluster, epoch, session }: ParticipantState, link: number, { envelope, request }: Waiting): boolean {
  if (envelope.protocol !== protocolVersion || envelope.cluster !== (cluster ?? envelope.cluster) || envelope.epoch.number < epoch.number) return true
  if (request.kind === "hello") return request.open && envelope.peerSession !== session
  return envelope.peerSession !== session || envelope.link !== link || envelope.epoch.id !== epoch.id
}
