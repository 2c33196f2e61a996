// A running node: one role's driver, the writer, and what http/ sees of them. The role is decided at start.
import { timingSafeEqual } from "node:crypto"
import { bounds } from "../bounds.ts"
import { Bearers } from "../operations/bearers.ts"
import type { Principal } from "../operations/scope.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import { type Digest, digestOf, digestText } from "../protocol/digest.ts"
import type { StopReason } from "../protocol/effect.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { Answer, Envelope } from "../protocol/messages.ts"
import { answerQuestion, isQuestion } from "../protocol/question.ts"
import { type Refusal, refuse, sentence } from "../refusal.ts"
import { release } from "../release.ts"
import type { Reader, Role, Store } from "../store/store.ts"
import { Background } from "./background.ts"
import { CommittedWaiters } from "./committed-waiters.ts"
import type { DiskFloor } from "./disk-floor.ts"
import type { DriverParts } from "./driver-parts.ts"
import { PeerClient } from "./peer-client.ts"
import type { DecodedRequest } from "./peer-wire.ts"
import { Primary } from "./primary.ts"
import { questioned } from "./questioned.ts"
import { Replica } from "./replica.ts"
import type { NodeService, NodeStatus, Outcome, PeerStatus } from "./service.ts"
import type { NodeSettings } from "./settings.ts"
import { Writer } from "./writer.ts"

export interface NodeParts {
  readonly settings: NodeSettings
  readonly store: Store
  readonly diskFloor: DiskFloor
  readonly rootKey: string
  readonly session: string
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly notice: (line: string) => void
  readonly stop: (reason: StopReason, detail: string, hint: string) => void
  readonly fatal: (error: unknown) => void
  /** With `--when-stuck exit`: ends the process. */
  readonly exitStuck: (reason: string) => void
  readonly dataBytes: () => number
}

export class TandemNode implements NodeService {
  readonly #parts: NodeParts
  readonly #waiters = new CommittedWaiters()
  readonly #primary: Primary | undefined
  readonly #replica: Replica | undefined
  readonly #writer: Writer | undefined
  readonly #background: Background
  readonly #rootKeyDigest: Digest
  readonly #bearers: Bearers
  readonly #startedAt: string
  #draining = false

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.#rootKeyDigest = digestOf(parts.rootKey)
    this.#bearers = new Bearers(parts.store)
    this.#startedAt = new Date(parts.wallMs()).toISOString()
    const { settings, store } = parts
    const driver: DriverParts = {
      store,
      session: parts.session,
      publicUrl: settings.publicUrl,
      monotonicMs: parts.monotonicMs,
      wallMs: parts.wallMs,
      notice: parts.notice,
      stop: parts.stop,
      fatal: parts.fatal,
      advanced: (committed) => this.#waiters.advanced(committed),
    }
    this.#background = new Background({
      store,
      settings: settings.retention,
      submit: (transaction) => this.submit(transaction),
      mayWrite: () => this.whyNotWritable() === undefined,
      // Taking away writes, too.
      mayTrim: () => (this.#primary?.inSync === true || this.#replica?.state.inSync === true) && parts.diskFloor.whyNoSpace() === undefined,
      monotonicMs: parts.monotonicMs,
      wallMs: parts.wallMs,
      fatal: parts.fatal,
      trimmed: () => (this.#primary ?? this.#replica)?.trimmed(),
    })
    if (store.identity().role === "replica") {
      this.#replica = new Replica({ ...driver, joining: settings.join, whyNoSpace: () => parts.diskFloor.whyNoSpace() })
      return
    }
    this.#primary = new Primary({
      ...driver,
      client: new PeerClient({ peerUrl: settings.peerUrl, secret: settings.secret, timeoutMs: settings.peerTimeoutMs }),
      timing: {
        heartbeatMs: bounds.heartbeatMs,
        peerTimeoutMs: settings.peerTimeoutMs,
        syncTimeoutMs: settings.syncTimeoutMs,
        leaseMs: settings.leaseMs,
      },
      stuck: (reason) => {
        parts.notice(`stuck: ${reason}`)
        if (settings.whenStuck === "exit") parts.exitStuck(reason)
        // After those under way have been told, which may put their retries into the queue.
        queueMicrotask(() => this.#writer?.refuseQueued(refuse("unavailable", `This node is stuck: ${reason}.`, { retryAfter: 1 })))
      },
    })
    this.#writer = new Writer({
      reader: store,
      log: this.#primary,
      wallMs: parts.wallMs,
      monotonicMs: parts.monotonicMs,
      epoch: () => store.identity().epoch.number,
      whyNotWritable: () => this.#whyNoBatch(),
    })
  }

  start(): void {
    this.#primary?.start()
    this.#replica?.start()
    this.#background.start()
  }

  /** Refuses new writes, and resolves once every accepted one has its outcome, or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    const until = this.#parts.monotonicMs() + timeoutMs
    while ((this.#writer?.pending ?? 0) > 0 && this.#parts.monotonicMs() < until) {
      await new Promise((resolve) => setTimeout(resolve, bounds.tickMs / 10))
    }
  }

  /** No tick any more; what has no outcome by now gets none. */
  stop(): void {
    this.#background.stop()
    this.#primary?.stop()
    this.#replica?.stop()
  }

  /** One request of the other node. */
  async receive({ envelope, message }: DecodedRequest): Promise<{ envelope: Envelope; answer: Answer }> {
    if (isQuestion(envelope, message)) return answerQuestion(questioned(this.#parts), envelope, message)
    if (this.#replica !== undefined) return this.#replica.receive({ envelope, message })
    if (this.#primary !== undefined) return this.#primary.receive({ envelope, message })
    throw new Error("a node has a role")
  }

  get nodeId(): string {
    return this.#parts.settings.nodeId
  }

  get reader(): Reader {
    return this.#parts.store
  }

  role(): Role {
    return this.#replica === undefined ? "primary" : "replica"
  }

  mode(): "paired" | "solo" {
    return "paired"
  }

  epoch(): Epoch {
    return this.#parts.store.identity().epoch
  }

  committed(): number {
    return this.#parts.store.position().committed
  }

  primaryUrl(): string | undefined {
    if (this.#replica === undefined) return this.#parts.settings.publicUrl
    return this.#replica.state.primaryUrl ?? undefined
  }

  whyNotReadable(): Refusal | undefined {
    const { settings } = this.#parts
    if (this.#replica !== undefined) {
      if (this.#replica.state.synced || settings.staleReads) return undefined
      return refuse("unavailable", "This replica has not synced with its primary since it started.", { retryAfter: 1 })
    }
    const primary = this.#primary
    if (primary === undefined || settings.staleReads) return undefined
    if (primary.inSync && primary.leaseRemainingMs() > 0) return undefined
    // Stuck but staying up: what it has is committed, and says of itself that it may be stale.
    if (settings.whenStuck === "serve-reads" && primary.everInSync && primary.stuckReason !== null) return undefined
    return refuse("unavailable", "This primary is not in sync with its replica yet.", { retryAfter: 1 })
  }

  whyNotWritable(): Refusal | undefined {
    if (this.#replica !== undefined) {
      const primary = this.primaryUrl()
      const detail = `Node ${this.nodeId} is a replica: writes go to the primary.`
      return refuse("not-primary", detail, primary === undefined ? {} : { primary })
    }
    return this.#draining ? stopping : this.#whyNoBatch()
  }

  /** Asked before each batch: what was accepted before this node began to stop is still written. */
  #whyNoBatch(): Refusal | undefined {
    const { diskFloor } = this.#parts
    if (this.#primary?.inSync !== true) {
      return refuse("unavailable", "The replica is not in sync, so nothing can be committed now.", { retryAfter: 1 })
    }
    const full = diskFloor.whyNoSpace()
    return full === undefined ? undefined : refuse("disk-full", sentence(full))
  }

  maybeStale(): boolean {
    if (this.#replica !== undefined) return !this.#replica.state.synced
    return this.#primary !== undefined && this.#primary.leaseRemainingMs() <= 0
  }

  submit(transaction: SubmittedTransaction): Promise<Outcome> {
    if (this.#writer !== undefined && !this.#draining) return this.#writer.submit(transaction)
    const refusal = this.whyNotWritable() ?? refuse("not-primary", "This node is a replica.")
    return Promise.resolve({ kind: "refused", refusal })
  }

  waitForVersion(version: number, timeoutMs: number): Promise<boolean> {
    if (this.committed() >= version) return Promise.resolve(true)
    return this.#waiters.wait(version, timeoutMs)
  }

  onAdvanced(listener: () => void): () => void {
    return this.#waiters.listen(listener)
  }

  authenticate(token: string): Principal | undefined {
    if (!token.startsWith(rootKeyPrefix)) return this.#bearers.principal(token, this.committed(), this.#parts.wallMs())
    // In constant time, so that no answer's delay says how much of a digest was right.
    return timingSafeEqual(digestOf(token), this.#rootKeyDigest) ? rootPrincipal : undefined
  }

  status(): NodeStatus {
    const { store, settings, diskFloor } = this.#parts
    const { head, headDigest, committed } = store.position()
    const identity = store.identity()
    const horizon = store.horizon()
    return {
      node: this.nodeId,
      role: this.role(),
      clusterId: identity.clusterId ?? null,
      epoch: identity.epoch,
      mode: this.mode(),
      head,
      committed,
      digest: digestText(headDigest),
      inDoubt: head - committed,
      oldestVersion: Math.max(1, horizon.oldest),
      oldestVersions: Object.fromEntries([...horizon.collections].map(([name, oldest]) => [name, Math.max(1, oldest)] as const).sort()),
      release,
      peer: this.#peerStatus(),
      lease: this.#primary?.inSync === true ? { remainingMs: Math.max(0, Math.round(this.#primary.leaseRemainingMs())) } : null,
      disk: { freeBytes: diskFloor.freeBytes(), floorBytes: settings.diskFloorBytes, dataBytes: this.#parts.dataBytes() },
      startedAt: this.#startedAt,
      stuck: this.#primary?.stuckReason ?? null,
    }
  }

  #peerStatus(): PeerStatus {
    const nowMs = this.#parts.monotonicMs()
    const wall = (heardAtMs: number): string => new Date(this.#parts.wallMs() - (nowMs - heardAtMs)).toISOString()
    if (this.#replica !== undefined) {
      const { state, heard, heardAtMs } = this.#replica
      return {
        node: state.peerNode,
        reachable: heardAtMs !== null && nowMs - heardAtMs < this.#parts.settings.leaseMs,
        head: heard?.head ?? null,
        committed: heard?.committed ?? null,
        inSync: state.synced,
        lastHeardAt: heardAtMs === null ? null : wall(heardAtMs),
      }
    }
    const primary = this.#primary
    if (primary === undefined) throw new Error("a node has a role")
    const { peer, peerNode, heardAtMs, timing } = primary.state
    return {
      node: peerNode,
      reachable: peer !== null && nowMs - heardAtMs < timing.leaseMs,
      head: peer?.head ?? null,
      committed: peer?.committed ?? null,
      inSync: primary.inSync,
      lastHeardAt: peer === null ? null : wall(heardAtMs),
    }
  }
}

export const rootKeyPrefix = "tr_"
const stopping = refuse("unavailable", "This node is stopping; the transaction was not committed.", { retryAfter: 2 })
const rootPrincipal: Principal = { name: "root", scopes: ["admin"] }
