// Drives the coordinator: carries its effects out on store and network, and feeds back what happened. No decisions here.
import { bounds } from "../bounds.ts"
import { type CoordinatorEvent, type CoordinatorState, acceptsBatch, startCoordinator, type Timing } from "../protocol/coordinator-state.ts"
import { stepCoordinator } from "../protocol/coordinator.ts"
import type { Effect, Save } from "../protocol/effect.ts"
import { compareEpoch } from "../protocol/epoch.ts"
import { type Answer, type Envelope, type PeerRefusalCode, protocolVersion, type Request } from "../protocol/messages.ts"
import type { SealedRecord } from "../protocol/record.ts"
import { refuse, sentence } from "../refusal.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { DriverParts } from "./driver-parts.ts"
import type { DecodedAnswer, DecodedRequest } from "./peer-wire.ts"
import type { Fate, ReplicatedLog } from "./replicated-log.ts"

export interface PrimaryParts extends DriverParts {
  readonly client: { ask(envelope: Envelope, request: Request): Promise<DecodedAnswer> }
  readonly timing: Timing
  /** Exits, or returns to have the primary keep trying while it serves committed reads. */
  readonly stuck: (reason: string) => void
}

/** Between attempts to sync again, when it stays up although stuck. */
const retryMs = 1_000

export class Primary implements ReplicatedLog {
  readonly #parts: PrimaryParts
  #state: CoordinatorState
  #appended: Fate | undefined
  #unacknowledged: { readonly version: number; readonly fate: Fate }[] = []
  #ready: () => void = () => {}
  #stuckReason: string | null = null
  #lastTrouble = ""
  #inSync = false
  #everInSync = false
  #timer: ReturnType<typeof setInterval> | undefined
  #retryAtMs = 0
  #quietSinceMs = 0

  constructor(parts: PrimaryParts) {
    this.#parts = parts
    const { nodeId, clusterId, epoch } = parts.store.identity()
    if (clusterId === undefined) throw new Error("a primary belongs to a cluster")
    this.#state = startCoordinator({
      node: nodeId,
      cluster: clusterId,
      epoch,
      session: parts.session,
      publicUrl: parts.publicUrl,
      timing: parts.timing,
      logStart: parts.store.logStart(),
      nowMs: parts.monotonicMs(),
      ...parts.store.position(),
    })
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), bounds.tickMs)
    this.#tick()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  get state(): CoordinatorState {
    return this.#state
  }

  get inSync(): boolean {
    return this.#inSync
  }

  /** Whether it was in sync at some time since it started: before that it may hold anything, an old backup say. */
  get everInSync(): boolean {
    return this.#everInSync
  }

  get stuckReason(): string | null {
    return this.#stuckReason
  }

  /** Of the lease; at or below zero, as it is before the first sync, another node may have been promoted. */
  leaseRemainingMs(): number {
    if (!this.#everInSync) return 0
    return this.#state.heardAtMs + this.#state.timing.leaseMs - this.#parts.monotonicMs()
  }

  ready(): boolean {
    return acceptsBatch(this.#state)
  }

  onReady(callback: () => void): void {
    this.#ready = callback
  }

  append(records: readonly SealedRecord[], fate: Fate): void {
    this.#appended = fate
    this.#dispatch({ event: "propose", nowMs: this.#parts.monotonicMs(), records })
  }

  /** The store has trimmed its log. */
  trimmed(): void {
    this.#dispatch({ event: "trimmed", logStart: this.#parts.store.logStart() })
  }

  /** A primary answers no peer: two nodes that both lead have to find out. */
  receive({ envelope, message }: DecodedRequest<Request>): { envelope: Envelope; answer: Answer } {
    const code = this.#whyNoReplica(envelope)
    const detail = `node ${this.#state.node} is the primary of epoch ${this.#state.epoch.number}`
    const answer: Answer = { kind: "refused", of: message.kind, code, detail }
    return { envelope: { ...this.#envelope(), peerSession: envelope.session, sentAtMs: envelope.sentAtMs }, answer }
  }

  #whyNoReplica(envelope: Envelope): PeerRefusalCode {
    if (envelope.session === this.#state.session) return "itself"
    if (envelope.cluster !== this.#state.cluster) return "foreign-cluster"
    const order = compareEpoch(this.#state.epoch, envelope.epoch)
    if (order === "lower") return "fenced"
    return order === "forked" ? "epoch-forked" : "not-replica"
  }

  #envelope(): Envelope {
    const { cluster, node, epoch, session, peerSession, link } = this.#state
    return { protocol: protocolVersion, cluster, node, epoch, session, peerSession, link, sentAtMs: this.#parts.monotonicMs() }
  }

  #tick(): void {
    const nowMs = this.#parts.monotonicMs()
    if (this.#stuckReason !== null && nowMs >= this.#retryAtMs && this.#state.phase.name === "stuck") {
      this.#retryAtMs = nowMs + retryMs
      this.#dispatch({ event: "retry" })
    }
    this.#dispatch({ event: "tick", nowMs })
    if (!this.#state.diskBusy && nowMs - this.#quietSinceMs > bounds.idleFlushMs) {
      this.#parts.store.flush().catch(this.#parts.fatal)
    }
  }

  #dispatch(event: CoordinatorEvent): void {
    try {
      const wasReady = this.ready()
      const step = stepCoordinator(this.#state, event)
      this.#state = step.state
      for (const effect of step.effects) this.#carryOut(effect)
      if (!wasReady && this.ready()) this.#ready()
    } catch (error) {
      this.#parts.fatal(error)
    }
  }

  #carryOut(effect: Effect): void {
    const { store, notice, stop } = this.#parts
    switch (effect.effect) {
      case "ask":
        this.#ask(effect.request)
        return
      case "save":
        this.#save(effect)
        return
      case "undo":
        failpoint("primary.undo.before")
        store.undo().then(() => {
          failpoint("primary.undo.after")
          this.#dispatch({ event: "undone" })
        }, this.#parts.fatal)
        return
      case "advance":
        failpoint("primary.commit.before")
        store.commit(effect.committed)
        this.#parts.advanced(effect.committed)
        failpoint("primary.commit.after")
        return
      case "load": {
        const records = store.records(effect.from, store.position().head, bounds.batchCountMax, bounds.batchBytesMax)
        queueMicrotask(() => this.#dispatch({ event: "loaded", records }))
        return
      }
      case "read-digest": {
        const digest = store.digest(effect.version)
        if (digest === undefined) throw new Error(`version ${effect.version} is not in the log`)
        queueMicrotask(() => this.#dispatch({ event: "own-digest", version: effect.version, digest }))
        return
      }
      case "decided":
        this.#decided(effect.version)
        return
      case "acknowledge":
        failpoint("primary.acknowledge.before")
        this.#acknowledge(effect.version)
        failpoint("primary.acknowledge.after")
        return
      case "reject":
        this.#appended?.rejected(refuse(effect.code === "disk-full" ? "disk-full" : "unavailable", sentence(effect.detail), { retryAfter: 5 }))
        this.#appended = undefined
        return
      case "sync-changed":
        this.#inSync = effect.inSync
        this.#everInSync = true
        this.#stuckReason = null
        notice(effect.inSync ? `in sync with node ${this.#state.peerNode} at version ${this.#state.head}` : "the replica has started anew; syncing")
        return
      case "stuck":
        this.#becomeStuck(effect.reason)
        return
      case "stop":
        stop(effect.reason, effect.detail, effect.hint)
        return
      case "notice":
        notice(effect.detail)
        return
      case "reply":
      case "serve-log":
      case "identify":
        throw new Error(`a coordinator never asks for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  #save(effect: Save): void {
    this.#quietSinceMs = this.#parts.monotonicMs()
    failpoint("primary.prepare.before")
    this.#parts.store.prepare({ records: effect.records, committed: effect.committed }).then((refusal) => {
      failpoint("primary.prepare.after")
      if (refusal === undefined) this.#dispatch({ event: "saved" })
      else this.#dispatch({ event: "save-refused", code: "unique", detail: refusal.detail })
    }, this.#parts.fatal)
  }

  #ask(request: Request): void {
    if (request.kind === "prepare") failpoint("primary.send-prepare.before")
    if (request.kind === "commit") failpoint("primary.send-commit.before")
    const asked = this.#parts.client.ask(this.#envelope(), request)
    if (request.kind === "prepare") failpoint("primary.send-prepare.after")
    if (request.kind === "commit") failpoint("primary.send-commit.after")
    asked.then(
      ({ envelope, message }) => {
        if (message.kind === "vote") failpoint("primary.vote-received")
        if (message.kind === "committed") failpoint("primary.commit-confirmed")
        this.#lastTrouble = ""
        this.#dispatch({ event: "answer", envelope, answer: message })
      },
      (error: unknown) => {
        this.#trouble(error)
        this.#dispatch({ event: "lost", kind: request.kind })
      },
    )
  }

  /** Says why the peer cannot be talked to, once per reason until it answers again. */
  #trouble(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error)
    if (line === this.#lastTrouble) return
    this.#lastTrouble = line
    this.#parts.notice(`the replica does not answer: ${line}`)
  }

  #decided(version: number): void {
    const fate = this.#appended
    if (fate === undefined) return
    this.#appended = undefined
    this.#unacknowledged.push({ version, fate })
    fate.decided()
  }

  #acknowledge(version: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].version <= version) {
      this.#unacknowledged.shift()?.fate.acknowledged()
    }
  }

  #becomeStuck(reason: string): void {
    this.#inSync = false
    this.#parts.stuck(reason)
    this.#stuckReason = reason
    this.#retryAtMs = this.#parts.monotonicMs() + retryMs
    for (const { fate } of this.#unacknowledged.splice(0)) fate.unknown()
    this.#appended?.unknown()
    this.#appended = undefined
  }
}
