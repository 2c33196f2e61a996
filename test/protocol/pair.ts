// A coordinator (a) and a participant (b), driven by hand: disks, network and clock move only when a scenario says so,
// and everything that happens is written down as lines of text.
import { type Checkpoint, checkpointOf, withCheckpoint } from "../../src/protocol/checkpoint.ts"
import { clockedAt, type CoordinatorEvent, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { type Digest, genesisDigest } from "../../src/protocol/digest.ts"
import type { Effect } from "../../src/protocol/effect.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { envelopeOfAnswer } from "../../src/protocol/greeting.ts"
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { type ParticipantEvent, type ParticipantState, startParticipant } from "../../src/protocol/participant-state.ts"
import { stepParticipant } from "../../src/protocol/participant.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import type { Decision, Mode } from "../../src/protocol/reign.ts"
import { chain, positionOf } from "./chain.ts"
import { effectText } from "./effect-text.ts"

export const timing = { heartbeatMs: 1_000, peerTimeoutMs: 5_000, syncTimeoutMs: 30_000, leaseMs: 10_000 } as const
export const firstEpoch: Epoch = { number: 1, id: "first" }

export interface Side {
  readonly log: readonly SealedRecord[]
  readonly committed?: number
  /** Where its log was trimmed: it begins with this version. */
  readonly logStart?: number
  readonly node?: string
  /** Null for a disk that never belonged to a pair. */
  readonly cluster?: string | null
  readonly epoch?: Epoch
  readonly joining?: boolean
  readonly mode?: Mode
  readonly lacking?: boolean
  readonly leaseMs?: number
  /** Of its rows. */
  readonly checkpoints?: readonly Checkpoint[]
}

interface Disk {
  records: SealedRecord[]
  readonly logStart: number
  committed: number
  readonly node: string
  cluster: string | null
  epoch: Epoch
  role: "primary" | "replica"
  mode: Mode
  lacking: boolean
  leaseMs: number
  decision: Decision | undefined
  checkpoints: readonly Checkpoint[]
}

type Kind = Request["kind"] | Answer["kind"]
type Held = Kind | "a disk" | "b disk"

/** A message under way. `of` is the request that it is, or that it answers. */
export interface Message {
  readonly to: "a" | "b"
  readonly kind: Kind
  readonly of: Request["kind"]
  readonly deliver: () => void
}

type Verdict = { event: "saved" } | { event: "save-refused"; code: "disk-full" | "unique"; detail: string } | { event: "undone" } | { event: "identified" }

export class Pair {
  readonly disks: { readonly a: Disk; readonly b: Disk }
  a: CoordinatorState
  b: ParticipantState
  readonly lines: string[] = []
  /** Sees every effect before it is carried out. */
  watch: (node: "a" | "b", effect: Effect) => void = () => undefined
  onPropose: (records: readonly SealedRecord[]) => void = () => undefined
  nowMs = 0
  /** Versions of one `load` or one records answer. */
  perMessage = 100
  readonly #inFlight: Message[] = []
  readonly #diskWork: { readonly a: (() => Verdict)[]; readonly b: (() => Verdict)[] } = { a: [], b: [] }
  readonly #soon: (() => void)[] = []
  #held = new Set<Held>()
  #replies = new Map<number, (answer: Answer) => void>()
  #tickets = 0
  #starts = 0
  #refuseNextSave: { a: string | undefined; b: string | undefined } = { a: undefined, b: undefined }

  constructor({ a, b }: { readonly a: Side; readonly b: Side }) {
    this.disks = { a: diskOf("a", a), b: diskOf("b", b) }
    this.a = this.#newCoordinator()
    this.b = this.#newParticipant(b.joining ?? false)
  }

  /** Both logs are equal, and the pair has come together; nothing of that is written down. */
  static inSync(versions = 3): Pair {
    const records = chain(Array.from({ length: versions }, () => "common"))
    const pair = new Pair({ a: { log: records }, b: { log: records } })
    pair.tick()
    pair.run()
    pair.lines.length = 0
    return pair
  }

  /** What has happened since the last call. */
  read(): string {
    const text = this.lines.join("\n").replace(/\b([0-9a-f]{6})[0-9a-f]{58}\b/g, "$1…")
    this.lines.length = 0
    return text
  }

  say(line: string): void {
    this.lines.push(`    -- ${line}`)
  }

  tick(afterMs = 100): void {
    this.nowMs += afterMs
    this.coordinate({ event: "tick" })
  }

  /** The process of a does nothing meanwhile; what has come is handled before its first tick. */
  pause(ms: number): void {
    this.nowMs += ms
  }

  /** Lets time pass in small ticks, with everything that is not held delivered in between. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.tick()
      this.run()
    }
  }

  propose(...words: string[]): void {
    this.say(`a proposes ${words.join(", ")}`)
    const records = chain(words, this.disks.a.records)
    this.onPropose(records)
    this.coordinate({ event: "propose", records })
  }

  /** `run` passes these by until they are released. */
  hold(...what: Held[]): void {
    for (const one of what) this.#held.add(one)
  }

  release(...what: Held[]): void {
    for (const one of what) this.#held.delete(one)
  }

  refuseNextSave(node: "a" | "b", detail = "full"): void {
    this.#refuseNextSave[node] = detail
  }

  refuseNoSave(): void {
    this.#refuseNextSave = { a: undefined, b: undefined }
  }

  /** Delivers messages and finishes disk work, in order, until only what is held is left. */
  run(): void {
    while (this.#runOne()) continue
  }

  #runOne(): boolean {
    const soon = this.#soon.shift()
    if (soon !== undefined) {
      soon()
      return true
    }
    for (const node of ["a", "b"] as const) {
      if (this.#held.has(`${node} disk`) || this.#diskWork[node].length === 0) continue
      this.disk(node)
      return true
    }
    const next = this.#inFlight.findIndex(({ kind }) => !this.#held.has(kind))
    if (next < 0) return false
    this.#inFlight.splice(next, 1)[0]?.deliver()
    return true
  }

  /** Finishes the disk work under way. */
  disk(node: "a" | "b"): void {
    const work = this.#diskWork[node].shift()
    if (work === undefined) throw new Error(`the disk of ${node} has nothing to do`)
    const verdict = work()
    if (verdict.event === "save-refused") this.say(`the disk of ${node} refuses`)
    if (node === "b") this.participate(verdict)
    else this.coordinate(verdict)
  }

  /** Takes the oldest message of a kind off the network. */
  take(kind: Kind): Message {
    const at = this.#inFlight.findIndex((message) => message.kind === kind)
    const [message] = at < 0 ? [] : this.#inFlight.splice(at, 1)
    if (message === undefined) throw new Error(`no ${kind} is under way`)
    return message
  }

  deliver(kind: Kind): void {
    this.take(kind).deliver()
  }

  /** The network has kept a second one of this message; deliver it when it hurts. */
  copy(kind: Kind): Message {
    const message = this.#inFlight.find((one) => one.kind === kind)
    if (message === undefined) throw new Error(`no ${kind} is under way`)
    return message
  }

  lose(kind: Kind): Message {
    const message = this.take(kind)
    this.say(`${kind} is lost`)
    this.coordinate({ event: "lost", kind: message.of })
    return message
  }

  late(message: Message): void {
    this.say(`a late ${message.kind} arrives`)
    message.deliver()
  }

  /** Everything under way, oldest first; a random schedule takes from the middle. */
  get messages(): Message[] {
    return this.#inFlight
  }

  /** What the disk of a node has still to do. */
  diskWork(node: "a" | "b"): number {
    return this.#diskWork[node].length
  }

  /** Reads of its own log that the coordinator waits for. */
  finishReads(): void {
    for (const read of this.#soon.splice(0)) read()
  }

  /** Kinds under way, oldest first. */
  underWay(): Kind[] {
    return this.#inFlight.map(({ kind }) => kind)
  }

  retry(): void {
    this.say("a tries again")
    this.coordinate({ event: "retry" })
  }

  /** The process of a node ends and starts anew; what its disk had not finished is not there. */
  restart(node: "a" | "b", joining = false): void {
    this.say(`${node} restarts`)
    this.#diskWork[node].length = 0
    if (node === "b") {
      this.b = this.#newParticipant(joining)
      return
    }
    this.#soon.length = 0
    this.a = this.#newCoordinator()
  }

  /** The disk of b is replaced by one with these records only. */
  replaceDisk(node: "a" | "b", records: readonly SealedRecord[], cluster: string | null = "c"): void {
    Object.assign(this.disks[node], { records: [...records], committed: records.length, cluster })
  }

  #newCoordinator(): CoordinatorState {
    const { records, node, cluster, epoch, logStart, mode, lacking } = this.disks.a
    const committed = mode === "paired" ? this.disks.a.committed : records.length
    if (cluster === null) throw new Error("a primary belongs to a cluster")
    return startCoordinator({ ...positionOf(records, committed), node, cluster, epoch, mode, lacking, logStart, session: `a${++this.#starts}`, publicUrl: "http://a", timing, nowMs: this.nowMs })
  }

  #newParticipant(joining: boolean): ParticipantState {
    const { records, committed, node, cluster, epoch, logStart, lacking, leaseMs } = this.disks.b
    return startParticipant({ ...positionOf(records, committed), node, cluster, epoch, session: `b${++this.#starts}`, joining, lacking, leaseMs, logStart })
  }

  coordinate(event: CoordinatorEvent): void {
    const step = stepCoordinator(clockedAt(this.a, this.nowMs), event)
    this.a = step.state
    for (const effect of step.effects) this.#carryOut("a", effect)
  }

  participate(event: ParticipantEvent): void {
    const step = stepParticipant(this.b, event)
    this.b = step.state
    for (const effect of step.effects) this.#carryOut("b", effect)
  }

  /** Gives b a request as it came from anywhere, and returns its answer (undefined while it waits for the disk). */
  ask(request: Request, envelope: Partial<Envelope> = {}): Answer | undefined {
    const answers: Answer[] = []
    const ticket = ++this.#tickets
    this.#replies.set(ticket, (answer) => answers.push(answer))
    this.#hear(ticket, { ...this.envelope(), ...envelope }, request)
    return answers[0]
  }

  envelope(): Envelope {
    const { cluster, node, epoch, session, peerSession, link } = this.a
    return { protocol: protocolVersion, cluster, node, epoch, session, peerSession, link, sentAtMs: this.nowMs }
  }

  #carryOut(node: "a" | "b", effect: Effect): void {
    this.lines.push(effectText(node, effect))
    this.watch(node, effect)
    const disk = this.disks[node]
    switch (effect.effect) {
      case "ask":
        this.#send(withCheckpoint(effect.request, this.disks.a.checkpoints.at(-1)))
        return
      case "reply":
        this.#replies.get(effect.ticket)?.(effect.answer)
        return
      case "serve-log": {
        const answer = this.#serve(effect.request)
        this.lines.push(effectText("b", { effect: "reply", ticket: effect.ticket, answer }))
        this.#replies.get(effect.ticket)?.(answer)
        return
      }
      case "save": {
        const refusal = this.#refuseNextSave[node]
        this.#refuseNextSave[node] = undefined
        this.#diskWork[node].push(() => {
          if (refusal !== undefined) return { event: "save-refused", code: "disk-full", detail: refusal }
          disk.records = [...disk.records, ...effect.records]
          disk.committed = effect.decided ? disk.records.length : effect.committed
          return { event: "saved" }
        })
        return
      }
      case "undo": {
        const { committed } = node === "a" ? this.a : this.b
        this.#diskWork[node].push(() => {
          disk.records = disk.records.slice(0, committed)
          disk.committed = committed
          return { event: "undone" }
        })
        return
      }
      case "identify":
        this.#diskWork[node].push(() => {
          Object.assign(disk, effect.change)
          return { event: "identified" }
        })
        return
      case "load": {
        const records = disk.records.slice(effect.from - 1, effect.from - 1 + this.perMessage)
        this.#soon.push(() => this.coordinate({ event: "loaded", records }))
        return
      }
      case "read-digest": {
        const digest = digestAt(disk, effect.version) ?? genesisDigest
        this.#soon.push(() => this.coordinate({ event: "own-digest", version: effect.version, digest }))
        return
      }
      case "advance":
      case "decided":
      case "acknowledge":
      case "reject":
      case "sync-changed":
      case "fetch-snapshot":
      case "role-changed":
      case "mode-changed":
      case "handover-refused":
      case "stuck":
      case "stop":
      case "notice":
        return
      default:
        effect satisfies never
    }
  }

  #serve(request: Extract<Request, { kind: "records" | "digest" }>): Answer {
    const { records } = this.disks.b
    if (request.kind === "digest") return { kind: "digest", version: request.version, digest: digestAt(this.disks.b, request.version) }
    return { kind: "records", from: request.from, records: records.slice(request.from - 1, request.from - 1 + this.perMessage) }
  }

  #hear(ticket: number, envelope: Envelope, request: Request): void {
    const version = checkpointOf(request)?.version
    this.participate({ event: "request", ticket, envelope, request, checkpoint: this.disks.b.checkpoints.find((one) => one.version === version) })
  }

  #send(request: Request): void {
    const envelope = this.envelope()
    const session = this.a.session
    const deliver = (): void => {
      const ticket = ++this.#tickets
      this.#replies.set(ticket, (answer) => {
        const back = envelopeOfAnswer(this.b, envelope)
        const arrive = (): void => {
          if (this.a.session === session) this.coordinate({ event: "answer", envelope: back, answer })
        }
        this.#inFlight.push({ to: "a", kind: answer.kind, of: request.kind, deliver: arrive })
      })
      this.#hear(ticket, envelope, request)
    }
    this.#inFlight.push({ to: "b", kind: request.kind, of: request.kind, deliver })
  }
}

/** Of what its log has, and of the version before that. */
function digestAt({ records, logStart }: Disk, version: number): Digest | null {
  return version < logStart - 1 ? null : (records[version - 1]?.digest ?? null)
}

function diskOf(name: string, side: Side): Disk {
  const { log, committed = log.length, logStart = 1, node = name, cluster = "c", epoch = firstEpoch, mode = "paired", lacking = false, leaseMs = timing.leaseMs, checkpoints = [] } = side
  const role = name === "a" ? "primary" : "replica"
  return { records: [...log], committed, logStart, node, cluster, epoch, role, mode, lacking, leaseMs, decision: undefined, checkpoints }
}
