// Drives the participant: carries its effects out on the store, and answers the primary's requests. No decisions here.
import { bounds } from "../bounds.ts"
import { checkpointOf } from "../protocol/checkpoint.ts"
import type { Effect, FetchSnapshot, LogPosition, ServeLog } from "../protocol/effect.ts"
import type { Epoch } from "../protocol/epoch.ts"
import { envelopeOfAnswer } from "../protocol/greeting.ts"
import type { Answer, Envelope, Request } from "../protocol/messages.ts"
import { type ParticipantEvent, type ParticipantState, startParticipant } from "../protocol/participant-state.ts"
import { stepParticipant } from "../protocol/participant.ts"
import { leaseWaitMs, whyNoPromotion } from "../protocol/promotion.ts"
import { ReadLease } from "../protocol/read-lease.ts"
import type { Decision } from "../protocol/reign.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { DriverParts } from "./driver-parts.ts"
import { identityAfter } from "./identity-change.ts"
import type { DecodedRequest } from "./peer-wire.ts"

export interface ReplicaParts extends DriverParts {
  readonly joining: boolean
  /** This node's setting. */
  readonly ownLeaseMs: number
  /** Called again and again while that is what helps. */
  readonly fetchSnapshot: (of: Pick<FetchSnapshot, "cluster" | "epoch">) => void
  /** Why nothing may be stored now: the disk is below its floor. Asked before every batch. */
  readonly whyNoSpace: () => string | undefined
}

interface Waiting {
  readonly request: DecodedRequest<Request>
  readonly answer: (answer: { envelope: Envelope; answer: Answer }) => void
}

export class Replica {
  readonly #parts: ReplicaParts
  #state: ParticipantState
  #waiting = new Map<number, Waiting>()
  #tickets = 0
  #heardAtMs: number | null = null
  #heard: Pick<LogPosition, "head" | "committed"> | null = null
  readonly #readLease = new ReadLease()
  #quietSinceMs = 0
  readonly #startedAtMs: number
  /** Tells whoever decided to promote this node that it is. */
  #promoted: (() => void) | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(parts: ReplicaParts) {
    this.#parts = parts
    const { nodeId, clusterId, epoch, lacking, leaseMs } = parts.store.identity()
    this.#startedAtMs = parts.monotonicMs()
    this.#state = startParticipant({
      node: nodeId,
      cluster: clusterId ?? null,
      epoch,
      session: parts.session,
      joining: parts.joining,
      lacking,
      leaseMs: Math.max(leaseMs, parts.ownLeaseMs),
      logStart: parts.store.logStart(),
      ...parts.store.position(),
    })
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#state.work !== null || this.#parts.monotonicMs() - this.#quietSinceMs <= bounds.idleFlushMs) return
      this.#parts.store.flush().catch(this.#parts.fatal)
    }, bounds.tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Whether what this node shows is the newest there is: else its primary may have gone on without it. */
  get isNewest(): boolean {
    return this.#state.synced && this.#readLease.leftMs(this.#state.linkLeaseMs, this.#parts.monotonicMs()) > 0
  }

  /** How long the primary's lease may still run: one that was heard before this process began may have been heard just before. */
  leaseLeftMs(): number {
    return Math.max(0, (this.#heardAtMs ?? this.#startedAtMs) + leaseWaitMs(this.#state) - this.#parts.monotonicMs())
  }

  /** Why this node cannot be promoted now, if so; else it is made the primary of `epoch`, and `roleChanged` has been called. */
  async promote(epoch: Epoch, mode: "alone" | "solo", decision: Decision): Promise<string | undefined> {
    const why = whyNoPromotion(this.#state, this.leaseLeftMs(), decision.forced)
    if (why !== undefined) return why
    return new Promise((resolve) => {
      this.#promoted = () => resolve(undefined)
      this.#dispatch({ event: "promote", epoch, mode, decision })
    })
  }

  get state(): ParticipantState {
    return this.#state
  }

  /** Monotonic time of the newest message of the present link; null before the first. */
  get heardAtMs(): number | null {
    return this.#heardAtMs
  }

  /** Where the primary's log stands, as the newest message of the present link has it; null before the first. */
  get heard(): Pick<LogPosition, "head" | "committed"> | null {
    return this.#heard
  }

  /** The store has trimmed its log. */
  trimmed(): void {
    this.#dispatch({ event: "trimmed", logStart: this.#parts.store.logStart() })
  }

  receive(request: DecodedRequest<Request>): Promise<{ envelope: Envelope; answer: Answer }> {
    const ticket = ++this.#tickets
    return new Promise((answer) => {
      this.#waiting.set(ticket, { request, answer })
      const { envelope, message } = request
      const compared = checkpointOf(message)
      const checkpoint = compared === undefined ? undefined : this.#parts.store.checkpoint(compared.version)
      this.#dispatch({ event: "request", ticket, envelope, request: message, checkpoint })
    })
  }

  #dispatch(event: ParticipantEvent): void {
    try {
      const step = stepParticipant(this.#state, event)
      this.#state = step.state
      for (const effect of step.effects) this.#carryOut(effect)
    } catch (error) {
      this.#parts.fatal(error)
    }
  }

  #carryOut(effect: Effect): void {
    const { store, notice, stop, fatal } = this.#parts
    switch (effect.effect) {
      case "reply":
        this.#reply(effect.ticket, effect.answer)
        return
      case "serve-log":
        this.#reply(effect.ticket, this.#logAnswer(effect))
        return
      case "save": {
        const full = this.#parts.whyNoSpace()
        if (full !== undefined) {
          queueMicrotask(() => this.#dispatch({ event: "save-refused", code: "disk-full", detail: full }))
          return
        }
        this.#quietSinceMs = this.#parts.monotonicMs()
        failpoint("replica.prepare.before")
        store.prepare({ records: effect.records, committed: effect.committed }).then((refusal) => {
          failpoint("replica.prepare.after")
          if (refusal === undefined) this.#dispatch({ event: "saved" })
          else this.#dispatch({ event: "save-refused", code: "unique", detail: refusal.detail })
        }, fatal)
        return
      }
      case "undo":
        failpoint("replica.undo.before")
        store.undo().then(() => {
          failpoint("replica.undo.after")
          this.#dispatch({ event: "undone" })
        }, fatal)
        return
      case "identify":
        failpoint("replica.identify.before")
        store.saveIdentity(identityAfter(store.identity(), effect.change)).then(() => {
          failpoint("replica.identify.after")
          this.#dispatch({ event: "identified" })
        }, fatal)
        return
      case "fetch-snapshot":
        this.#parts.fetchSnapshot(effect)
        return
      case "role-changed":
        this.#becomePrimary().catch(fatal)
        return
      case "advance":
        failpoint("replica.commit.before")
        store.commit(effect.committed)
        this.#quietSinceMs = this.#parts.monotonicMs()
        this.#parts.advanced(effect.committed)
        failpoint("replica.commit.after")
        return
      case "sync-changed":
        notice(`in sync with the primary, node ${this.#state.peerNode}, at version ${this.#state.head}`)
        return
      case "notice":
        notice(effect.detail)
        return
      case "stop":
        // After the answer has left, so that the other node hears why.
        setTimeout(() => stop(effect.reason, effect.detail, effect.hint), bounds.tickMs)
        return
      case "ask":
      case "mode-changed":
      case "handover-refused":
      case "load":
      case "read-digest":
      case "decided":
      case "acknowledge":
      case "reject":
      case "stuck":
        throw new Error(`a participant never asks for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  /** What it has committed is read alone from now on, so it has to be on the disk as decided. */
  async #becomePrimary(): Promise<void> {
    this.stop()
    await this.#parts.store.flush()
    failpoint("replica.promote.after")
    this.#parts.roleChanged()
    this.#promoted?.()
  }

  #reply(ticket: number, answer: Answer): void {
    const waiting = this.#waiting.get(ticket)
    if (waiting === undefined) return
    this.#waiting.delete(ticket)
    if (answer.kind !== "refused") {
      this.#heardAtMs = this.#parts.monotonicMs()
      const { envelope, message } = waiting.request
      if (answer.kind === "hello" && answer.opened) this.#readLease.opened(answer.link, envelope.sentAtMs, this.#heardAtMs)
      else this.#readLease.heard(envelope, message.kind, this.#heardAtMs)
      this.#heard = positionTold(waiting.request.message) ?? this.#heard
    }
    const envelope = envelopeOfAnswer(this.#state, waiting.request.envelope)
    if (answer.kind === "vote") failpoint("replica.vote.before")
    if (answer.kind === "committed") failpoint("replica.confirm-commit.before")
    waiting.answer({ envelope, answer })
    if (answer.kind === "vote") failpoint("replica.vote.after")
    if (answer.kind === "committed") failpoint("replica.confirm-commit.after")
  }

  #logAnswer({ request }: ServeLog): Answer {
    const { store } = this.#parts
    switch (request.kind) {
      case "records": {
        const { head } = store.position()
        const records = request.from <= head ? store.records(request.from, head, bounds.batchCountMax, bounds.batchBytesMax) : []
        return { kind: "records", from: request.from, records }
      }
      case "digest": {
        return { kind: "digest", version: request.version, digest: store.digest(request.version) ?? null }
      }
      default:
        return request satisfies never
    }
  }
}

/** What a request of the primary says of its own log, if anything. */
function positionTold(request: Request): Pick<LogPosition, "head" | "committed"> | undefined {
  switch (request.kind) {
    case "hello":
      return { head: request.head, committed: request.committed }
    case "prepare":
      return { head: request.records.at(-1)?.version ?? request.committed, committed: request.committed }
    case "commit":
      return { head: request.version, committed: request.version }
    case "rollback":
      return { head: request.first - 1, committed: request.first - 1 }
    case "records":
    case "digest":
    case "heartbeat":
    case "handover":
    case "diverged":
      return undefined
    default:
      return request satisfies never
  }
}
