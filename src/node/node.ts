// A running node: one role's driver, the writer, and what http/ sees of them. The role is decided at start.
import { timingSafeEqual } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { bounds } from "../bounds.ts"
import { Bearers } from "../operations/bearers.ts"
import type { Principal } from "../operations/scope.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import { type Digest, digestOf } from "../protocol/digest.ts"
import type { StopReason } from "../protocol/effect.ts"
import type { Epoch } from "../protocol/epoch.ts"
import { type Answer, type Envelope, type PeerRequest, protocolVersion } from "../protocol/messages.ts"
import { answerQuestion, isQuestion, questionEnvelope } from "../protocol/question.ts"
import { isSnapshotRequest } from "../protocol/snapshot.ts"
import { type Refusal, refuse, sentence } from "../refusal.ts"
import type { Reader, Role, Store } from "../store/store.ts"
import type { Backups } from "./backups.ts"
import { Background } from "./background.ts"
import { CommittedWaiters } from "./committed-waiters.ts"
import type { DiskFloor } from "./disk-floor.ts"
import { statusOf } from "./node-status.ts"
import { DecisionLog } from "./decision-log.ts"
import { Operator } from "./operator.ts"
import type { DecodedRequest, PeerProtocolUnknown } from "./peer-wire.ts"
import type { Primary } from "./primary.ts"
import { questioned } from "./questioned.ts"
import type { Replica } from "./replica.ts"
import { type RoleDriver, takeRole } from "./role-driver.ts"
import type { Asked, NodeService, NodeStatus, Outcome, PromoteDecision, SoloDecision, Standing } from "./service.ts"
import type { NodeSettings } from "./settings.ts"
import type { Snapshots } from "./snapshots.ts"
import type { Shipper } from "./shipper.ts"
import type { Writer } from "./writer.ts"

export interface NodeParts {
  readonly settings: NodeSettings
  readonly store: Store
  readonly diskFloor: DiskFloor
  readonly backups: Pick<Backups, "tick" | "status">
  readonly snapshots: Pick<Snapshots, "answer" | "cancelFetch" | "fetch" | "fetching" | "tick">
  /** Undefined where no log is shipped. */
  readonly shipper: Pick<Shipper, "tick" | "status"> | undefined
  readonly rootKey: string
  /** A process or a role that begins draws a new one. */
  readonly newSession: () => string
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
  #role: RoleDriver
  readonly #background: Background
  readonly #rootKeyDigest: Digest
  readonly #bearers: Bearers
  readonly #startedAt: string
  readonly #decisionLog: DecisionLog
  readonly #operator: Operator
  #draining = false

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.#rootKeyDigest = digestOf(parts.rootKey)
    this.#bearers = new Bearers(parts.store)
    this.#startedAt = new Date(parts.wallMs()).toISOString()
    const { settings, store } = parts
    this.#background = new Background({
      store,
      settings: settings.retention,
      submit: (transaction) => this.submit(transaction),
      mayWrite: () => this.whyNotWritable() === undefined,
      // Taking away writes, too.
      mayTrim: () => this.#inSync && parts.diskFloor.whyNoSpace() === undefined,
      monotonicMs: parts.monotonicMs,
      wallMs: parts.wallMs,
      fatal: parts.fatal,
      trimmed: () => this.#driver.trimmed(),
      tick: () => {
        parts.backups.tick()
        parts.shipper?.tick()
        parts.snapshots.tick(this.#inSync)
      },
    })
    this.#decisionLog = new DecisionLog({
      reader: store,
      mayWrite: () => this.#whyNoBatch() === undefined,
      submit: (transaction) => this.#writer?.submit(transaction) ?? Promise.resolve({ kind: "refused", refusal: handingOver }),
    })
    this.#role = this.#takeRole()
    this.#operator = new Operator({ ...parts, role: () => this.#role, standing: () => this.#standing(), decisionPending: () => this.#decisionLog.pending })
  }

  #takeRole(): RoleDriver {
    return takeRole(this.#parts, {
      advanced: (committed) => this.#waiters.advanced(committed),
      roleChanged: () => this.#changeRole(),
      whyNotWritable: () => this.#whyNoBatch(),
    })
  }

  #changeRole(): void {
    this.#writer?.refuseQueued(handingOver)
    this.#role = this.#takeRole()
    const { epoch, role } = this.#parts.store.identity()
    this.#parts.notice(`is the ${role} of epoch ${epoch.number} now`)
    this.#driver.start()
  }

  get #primary(): Primary | undefined {
    return this.#role.primary
  }

  get #replica(): Replica | undefined {
    return this.#role.replica
  }

  get #writer(): Writer | undefined {
    return this.#role.writer
  }

  get #driver(): Primary | Replica {
    return this.#role.primary ?? this.#role.replica
  }

  get #inSync(): boolean {
    return this.#primary?.inSync === true || this.#replica?.state.inSync === true
  }

  start(): void {
    this.#driver.start()
    this.#background.start()
    this.#decisionLog.start()
  }

  /** Refuses new writes, and resolves once every accepted one has its outcome, or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    const until = this.#parts.monotonicMs() + timeoutMs
    while ((this.#writer?.pending ?? 0) > 0 && this.#parts.monotonicMs() < until) {
      await sleep(bounds.tickMs / 10)
    }
  }

  /** No tick any more; what has no outcome by now gets none. */
  stop(): void {
    this.#background.stop()
    this.#decisionLog.stop()
    this.#driver.stop()
  }

  promote(decision: PromoteDecision): Promise<Standing | Refusal> {
    return this.#operator.promote(decision)
  }

  solo(decision: SoloDecision): Promise<Standing | Refusal> {
    return this.#operator.solo(decision)
  }

  handover(decision: Asked): Promise<Standing | Refusal> {
    return this.#operator.handover(decision)
  }

  /** One request of the other node. */
  async receive({ envelope, message }: DecodedRequest): Promise<{ envelope: Envelope; answer: Answer }> {
    const asked = questioned(this.reader, this.#driver.state.session)
    if (isQuestion(envelope, message)) return answerQuestion(asked, envelope, message)
    if (isSnapshotRequest(message)) return this.#parts.snapshots.answer(asked, envelope, message)
    return this.#driver.receive({ envelope, message })
  }

  /** A release that speaks another protocol is told which one this is. */
  refuseProtocol({ protocol, session, sentAtMs }: PeerProtocolUnknown, of: PeerRequest["kind"]): { envelope: Envelope; answer: Answer } {
    const envelope = { ...questionEnvelope(questioned(this.reader, this.#driver.state.session), sentAtMs), peerSession: session }
    return { envelope, answer: { kind: "refused", of, code: "protocol", detail: `this node speaks protocol ${protocolVersion}, the caller ${protocol}` } }
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
    return this.#primary?.mode === "solo" ? "solo" : "paired"
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
      const fetched = this.#parts.snapshots.fetching
      if (fetched !== null) return refuse("unavailable", `This replica fetches a copy of its primary's data: it has ${fetched.bytes} of ${fetched.totalBytes} bytes.`, { retryAfter: 5 })
      if (this.#replica.state.synced || settings.staleReads) return undefined
      return refuse("unavailable", "This replica has not synced with its primary since it started.", { retryAfter: 1 })
    }
    const primary = this.#primary
    if (primary === undefined || settings.staleReads) return undefined
    if (primary.mayRead) return undefined
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
    if (this.#draining) return stopping
    if (this.#operator.handingOver) return handingOver
    return this.#whyNoBatch() ?? this.#whyNotYet()
  }

  /** Asked before each batch: what was accepted before this node began to stop is still written. */
  #whyNoBatch(): Refusal | undefined {
    const { diskFloor } = this.#parts
    if (this.#primary?.mayWrite !== true) {
      return refuse("unavailable", "The replica is not in sync, so nothing can be committed now.", { retryAfter: soonS })
    }
    const full = diskFloor.whyNoSpace()
    return full === undefined ? undefined : refuse("disk-full", sentence(full))
  }

  /** Where it decides alone. */
  #whyNotYet(): Refusal | undefined {
    if (this.#primary?.mode !== "solo" || !this.#decisionLog.pending) return undefined
    return refuse("unavailable", "This node logs that it is solo first; the transaction was not run.", { retryAfter: 1 })
  }

  maybeStale(): boolean {
    if (this.#replica !== undefined) return !this.#replica.isNewest
    return this.#primary !== undefined && this.#primary.mode === "paired" && this.#primary.leaseRemainingMs() <= 0
  }

  #standing(): Standing {
    const { head, committed } = this.#parts.store.position()
    return { node: this.nodeId, role: this.role(), epoch: this.epoch(), mode: this.mode(), head, committed, primary: this.primaryUrl() }
  }

  submit(transaction: SubmittedTransaction): Promise<Outcome> {
    if (this.#writer !== undefined && !this.#draining && !this.#operator.handingOver && this.#whyNotYet() === undefined) return this.#writer.submit(transaction)
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
    return statusOf({ ...this.#parts, role: this.#role, startedAt: this.#startedAt, scrub: this.#background.scrub })
  }
}

export const rootKeyPrefix = "tr_"
/**
 * What takes a tenth of a second where roles change: the client of this release waits longer each time, and others go by the header, which
 * says 1 at least.
 */
const soonS = 0.05
const handingOver = refuse("unavailable", "This node hands over to the other one; the transaction was not committed.", { retryAfter: soonS })
const stopping = refuse("unavailable", "This node is stopping; the transaction was not committed.", { retryAfter: 2 })
const rootPrincipal: Principal = { name: "root", scopes: ["admin"] }
