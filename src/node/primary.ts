// Drives the coordinator: carries its effects out on store and network, and feeds back what happened. No decisions here.
import { bounds } from "../bounds.ts"
import { withCheckpoint } from "../protocol/checkpoint.ts"
import { acceptsBatch, clockedAt, type CoordinatorEvent, type CoordinatorState, startCoordinator, type Timing } from "../protocol/coordinator-state.ts"
import { stepCoordinator } from "../protocol/coordinator.ts"
import type { Effect, IdentityChange, Save } from "../protocol/effect.ts"
import { whyNoHandover, whyNoPairing, whyNoSolo } from "../protocol/decisions.ts"
import type { Epoch } from "../protocol/epoch.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../protocol/messages.ts"
import { Lease } from "../protocol/lease.ts"
import { afterRival, answerRival } from "../protocol/rival.ts"
import type { Decision, Mode } from "../protocol/reign.ts"
import type { SealedRecord } from "../protocol/record.ts"
import { refuse, sentence } from "../refusal.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { DriverParts } from "./driver-parts.ts"
import { identityAfter } from "./identity-change.ts"
import { readOwnLog } from "./own-log.ts"
import { PeerAsker, type PeerAskerParts } from "./peer-asker.ts"
import type { DecodedRequest } from "./peer-wire.ts"
import { Fates } from "./fates.ts"
import { modeNotice } from "./mode-notice.ts"
import type { Fate, ReplicatedLog } from "./replicated-log.ts"

export interface PrimaryParts extends DriverParts {
  readonly client: PeerAskerParts["client"]
  readonly timing: Timing
  /** Exits, or returns to have the primary keep trying while it serves committed reads. */
  readonly stuck: (reason: string) => void
}

export class Primary implements ReplicatedLog {
  readonly #parts: PrimaryParts
  readonly #asker: PeerAsker
  #state: CoordinatorState
  readonly #fates = new Fates()
  #ready: () => void = () => {}
  #stuckReason: string | null = null
  readonly #lease = new Lease()
  #timer: ReturnType<typeof setInterval> | undefined
  #retryAtMs = 0
  /** Tells whoever asked for a change of role or mode what came of it: why nothing did, or undefined. */
  #tell: ((why: string | undefined) => void) | undefined
  #quietSinceMs = 0

  constructor(parts: PrimaryParts) {
    this.#parts = parts
    this.#asker = new PeerAsker({
      ...parts,
      answered: (envelope, answer) => this.#dispatch({ event: "answer", envelope, answer }),
      lost: (kind) => this.#dispatch({ event: "lost", kind }),
    })
    const { nodeId, clusterId, epoch, mode, lacking } = parts.store.identity()
    if (clusterId === undefined) throw new Error("a primary belongs to a cluster")
    // Nobody else can decide otherwise.
    if (mode !== "paired") parts.store.commit(parts.store.position().head)
    this.#state = startCoordinator({
      node: nodeId,
      cluster: clusterId,
      epoch,
      mode,
      lacking,
      session: parts.session,
      publicUrl: parts.publicUrl,
      timing: parts.timing,
      logStart: parts.store.logStart(),
      nowMs: parts.monotonicMs(),
      ...parts.store.position(),
    })
  }

  start(): void {
    // What is read alone must be on the disk as decided.
    if (this.#state.mode !== "paired") this.#parts.store.flush().catch(this.#parts.fatal)
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
    return this.#lease.inSync
  }

  get everInSync(): boolean {
    return this.#lease.everInSync
  }

  get mode(): Mode {
    return this.#state.mode
  }

  /** Whether transactions may be taken: each is on as many disks as this mode asks for before it is acknowledged. */
  get mayWrite(): boolean {
    return this.inSync || this.mode === "solo"
  }

  /** Whether no other node may have been promoted, so that what this one shows is the newest there is. */
  get mayRead(): boolean {
    return this.mode !== "paired" || (this.inSync && this.leaseRemainingMs() > 0)
  }

  get stuckReason(): string | null {
    return this.#stuckReason
  }

  /** Of the lease; at or below zero another node may have been promoted. */
  leaseRemainingMs(): number {
    return this.#lease.remainingMs(this.#state, this.#parts.monotonicMs())
  }

  /** Once the lease is over a batch would get no outcome: it waits, and hears that nothing was written where the next tick finds this node stuck. */
  ready(): boolean {
    return acceptsBatch(this.#state) && (this.mode !== "paired" || this.leaseRemainingMs() > 0)
  }

  onReady(callback: () => void): void {
    this.#ready = callback
  }

  append(records: readonly SealedRecord[], fate: Fate): void {
    this.#fates.append(fate)
    this.#dispatch({ event: "propose", records })
  }

  /** The store has trimmed its log. */
  trimmed(): void {
    this.#dispatch({ event: "trimmed", logStart: this.#parts.store.logStart() })
  }

  /** A primary is nobody's replica: two nodes that both lead have to find out. */
  receive({ envelope, message }: DecodedRequest<Request>): { envelope: Envelope; answer: Answer } {
    const answer = answerRival(this.#state, envelope, message)
    const event = afterRival(this.#state, envelope, message, answer)
    if (event !== undefined) setTimeout(() => this.#dispatch(event), bounds.tickMs)
    return { envelope: { ...this.#envelope(), protocol: envelope.protocol, peerSession: envelope.session, sentAtMs: envelope.sentAtMs }, answer }
  }

  /** Why the operator's decision is out of place now, if it is; else it is made durable, and what came of it is told. */
  setMode(mode: "alone" | "solo", decision: Decision): Promise<string | undefined> {
    return this.#decide(mode === "solo" ? whyNoSolo(this.#state, decision.forced) : whyNoPairing(this.#state), { event: "set-mode", mode, decision })
  }

  /** The same of a hand-over; where it comes to pass, `roleChanged` has been called. */
  handOver(epoch: Epoch, decision: Decision): Promise<string | undefined> {
    return this.#decide(whyNoHandover(this.#state), { event: "hand-over", epoch, decision })
  }

  async #decide(why: string | undefined, event: CoordinatorEvent): Promise<string | undefined> {
    if (why !== undefined) return why
    return new Promise((tell) => {
      this.#tell = tell
      this.#dispatch(event)
    })
  }

  #envelope(): Envelope {
    const { cluster, node, epoch, session, peerSession, link } = this.#state
    return { protocol: protocolVersion, cluster, node, epoch, session, peerSession, link, sentAtMs: this.#parts.monotonicMs() }
  }

  #tick(): void {
    const nowMs = this.#parts.monotonicMs()
    if (this.#stuckReason !== null && nowMs >= this.#retryAtMs && this.#state.phase.name === "stuck") {
      this.#retryAtMs = nowMs + bounds.stuckRetryMs
      this.#dispatch({ event: "retry" })
    }
    this.#dispatch({ event: "tick" })
    if (!this.#state.diskBusy && nowMs - this.#quietSinceMs > bounds.idleFlushMs) {
      this.#parts.store.flush().catch(this.#parts.fatal)
    }
  }

  #dispatch(event: CoordinatorEvent): void {
    try {
      const wasReady = this.ready()
      const step = stepCoordinator(clockedAt(this.#state, this.#parts.monotonicMs()), event)
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
        this.#asker.ask(this.#envelope(), withCheckpoint(effect.request, store.checkpoint()))
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
      case "load":
      case "read-digest": {
        const event = readOwnLog(store, effect, this.#state.head)
        queueMicrotask(() => this.#dispatch(event))
        return
      }
      case "decided":
        this.#fates.decided(effect.version)
        return
      case "acknowledge":
        failpoint("primary.acknowledge.before")
        this.#fates.acknowledged(effect.version)
        return failpoint("primary.acknowledge.after")
      case "reject":
        this.#fates.rejected(refuse(effect.code === "disk-full" ? "disk-full" : "unavailable", sentence(effect.detail), { retryAfter: 5 }))
        return
      case "sync-changed":
        this.#lease.syncChanged(effect.inSync, this.#state)
        this.#stuckReason = null
        notice(effect.inSync ? `in sync with node ${this.#state.peerNode} at version ${this.#state.head}` : this.#state.phase.name === "handing-over" ? `hands over to node ${this.#state.peerNode}` : "the replica has started anew; syncing")
        return
      case "stuck":
        return this.#becomeStuck(effect.reason)
      case "stop":
        stop(effect.reason, effect.detail, effect.hint)
        return
      case "notice":
        notice(effect.detail)
        return
      case "identify":
        return this.#identify(effect.change)
      case "mode-changed":
        this.#stuckReason = null
        notice(modeNotice(effect.mode))
        return this.#asked(undefined)
      case "handover-refused":
        return this.#asked(effect.detail)
      case "role-changed":
        failpoint("primary.handover.after")
        this.stop()
        this.#parts.roleChanged()
        return this.#asked(undefined)
      case "reply":
      case "serve-log":
      case "fetch-snapshot":
        throw new Error(`a coordinator never asks for ${effect.effect}`)
      default:
        effect satisfies never
    }
  }

  #save(effect: Save): void {
    this.#quietSinceMs = this.#parts.monotonicMs()
    failpoint("primary.prepare.before")
    const { records, committed, decided } = effect
    this.#parts.store.prepare({ records, committed, decided }).then((refusal) => {
      failpoint("primary.prepare.after")
      if (refusal === undefined) this.#dispatch({ event: "saved" })
      else this.#dispatch({ event: "save-refused", code: "unique", detail: refusal.detail })
    }, this.#parts.fatal)
  }

  #identify(change: IdentityChange): void {
    const { store, fatal } = this.#parts
    failpoint("primary.identify.before")
    store.saveIdentity(identityAfter(store.identity(), change)).then(() => {
      failpoint("primary.identify.after")
      this.#dispatch({ event: "identified" })
    }, fatal)
  }

  #asked(why: string | undefined): void {
    this.#tell?.(why)
    this.#tell = undefined
  }

  #becomeStuck(reason: string): void {
    this.#lease.syncChanged(false, this.#state)
    this.#parts.stuck(reason)
    this.#stuckReason = reason
    this.#retryAtMs = this.#parts.monotonicMs() + bounds.stuckRetryMs
    this.#fates.unknown()
    this.#asked(reason)
  }
}
