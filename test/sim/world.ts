// A simulated pair: the real protocol, operations and store, over simulated disks, network, clocks and crashes.
import type { Effect, IdentityChange, Stop } from "../../src/protocol/effect.ts"
import { protocolVersion, protocolVersionMin } from "../../src/protocol/messages.ts"
import type { FirstIdentity } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed } from "./check-failed.ts"
import { Checkers } from "./checkers.ts"
import { Clients } from "./clients.ts"
import type { CrashPoint, Writing } from "./crash-point.ts"
import { Disk, names, type NodeName, other } from "./disk.ts"
import { describe } from "./effect-line.ts"
import { calm, type Faults, type WhenStuck } from "./faults.ts"
import { Looks } from "./looks.ts"
import { MessageBag } from "./message-bag.ts"
import { Network } from "./network.ts"
import type { Random } from "./random.ts"
import { Schedule } from "./schedule.ts"
import { SimulatedNode } from "./simulated-node.ts"
import type { SimulatedPrimary } from "./simulated-primary.ts"

/** A history is short. */
export const checkpointEvery = 3

export const firstEpoch = { number: 1, id: "first" }
const startWallMs = Date.parse("2026-01-01T00:00:00Z")
const dayMs = 86_400_000

export interface WorldOptions {
  readonly random: Random
  readonly faults: Faults
  readonly whenStuck: WhenStuck
  readonly oldPrimary?: boolean
  readonly clockRates?: { readonly [Name in NodeName]: number }
  readonly crashPoints?: readonly CrashPoint[]
  /** How long a node is down after a crash; drawn where it is not given. */
  readonly restartMs?: number
  /** Hears a line for everything that happens. */
  readonly trace?: ((line: string) => void) | undefined
}

export class World {
  readonly random: Random
  readonly schedule = new Schedule()
  readonly network: Network
  readonly bag: MessageBag
  readonly disks = { a: new Disk(), b: new Disk() }
  readonly checkers = new Checkers(this.disks)
  readonly clients: Clients
  readonly nodes: { [Name in NodeName]: SimulatedNode | undefined } = { a: undefined, b: undefined }
  /** Of the monotonic clocks. */
  readonly clockRates: { readonly [Name in NodeName]: number }
  readonly whenStuck: WhenStuck
  readonly counts = { crashes: 0, stuck: 0, rejected: 0, disksLost: 0, crashesWhileWriting: 0, promotions: 0, handovers: 0, rejoins: 0, solos: 0, partings: 0, discards: 0, copies: 0, upgrades: 0 }
  readonly effects: { [Name in NodeName]: number } = { a: 0, b: 0 }
  /** What each node asks in, as a primary. */
  readonly protocols: { [Name in NodeName]: number }
  faults: Faults
  /** The last common version, once a disk with another history was put into a node. */
  forkedAt: number | undefined
  /** Why a node has stopped for good. */
  readonly stops: { [Name in NodeName]: string | undefined } = { a: undefined, b: undefined }
  /** Whose disk went backwards, and has not been in sync since: nobody in their right mind promotes such a node. */
  readonly regressed: { [Name in NodeName]: boolean } = { a: false, b: false }
  /** Of all reigns that ever began. */
  newestEpoch = firstEpoch.number
  /** Who has not heard of it that the other node was made solo: it cannot know that it lacks writes, so people have to. */
  readonly unaware: { [Name in NodeName]: boolean } = { a: false, b: false }
  /** The epoch with which a node goes on without what the other one has, by an operator's word, once its promotion is durable. */
  readonly partings: { [Name in NodeName]: string | undefined } = { a: undefined, b: undefined }
  readonly #begun: { [Name in NodeName]: boolean } = { a: false, b: false }
  /** Who is started with --join. */
  readonly joining: { [Name in NodeName]: boolean } = { a: false, b: false }
  #clockOffsetMs = 0
  #incarnations = 0
  readonly #looks = new Looks(this)
  #crashPoints: readonly CrashPoint[]
  readonly #options: WorldOptions

  constructor(options: WorldOptions) {
    this.#options = options
    this.#crashPoints = options.crashPoints ?? []
    this.random = options.random
    this.faults = options.faults
    this.whenStuck = options.whenStuck
    this.clockRates = options.clockRates ?? { a: 1, b: 1 }
    this.protocols = { a: options.oldPrimary === true ? protocolVersionMin : protocolVersion, b: protocolVersion }
    this.network = new Network(this.random, this.schedule, options.faults.weather)
    this.bag = new MessageBag(this.random)
    this.clients = new Clients(this.random, this.checkers)
    this.start("b")
    this.start("a")
  }

  trace(what: () => string): void {
    this.#options.trace?.(`${this.schedule.nowMs} ${what()}`)
  }

  /** From here on nothing goes wrong any more; messages may still be under way. */
  calmDown(): void {
    this.faults = calm
    this.#crashPoints = []
    this.network.clear(calm.weather)
  }

  /** The primary's clock for record times; it may jump. */
  get wallMs(): number {
    return startWallMs + this.schedule.nowMs + this.#clockOffsetMs
  }

  jumpClock(): void {
    this.#clockOffsetMs += this.random.between(-dayMs, dayMs)
    this.trace(() => `the clock shows ${new Date(this.wallMs).toISOString()}`)
  }

  start(name: NodeName): void {
    if (this.nodes[name] !== undefined || this.stops[name] !== undefined) return
    const headBefore = this.disks[name].head()
    const store = this.#open(name)
    const session = this.drawSession(name)
    this.trace(() => `${name} starts as ${session} at ${store.position().head}/${store.position().committed}`)
    this.checkers.restarted(name, headBefore)
    const node = new SimulatedNode(this, name, store, session, this.joining[name])
    this.nodes[name] = node
    node.start()
    // Meant for the process that it was before.
    if (node.primary !== undefined && this.random.chance(this.faults.replay)) this.schedule.after(this.random.between(1, 300), () => this.#replayAnswer())
  }

  /** The first primary has a cluster from the beginning; every other empty disk waits to be given one. */
  #open(name: NodeName): TableStore {
    const first: FirstIdentity = name === "a" && !this.#begun.a ? { clusterId: "cluster", nodeId: "a", role: "primary", epoch: firstEpoch } : { clusterId: undefined, nodeId: name, role: "replica", epoch: { number: 0, id: "" } }
    this.#begun[name] = true
    return new TableStore(this.disks[name].engine, first, checkpointEvery)
  }

  /** The disk of a node that is stopped, as a command works on it. */
  openStopped(name: NodeName): TableStore {
    if (this.nodes[name] !== undefined) throw new Error(`${name} is running`)
    return this.#open(name)
  }

  drawSession(name: string): string {
    return `${name}${++this.#incarnations}`
  }

  /** Whichever takes writes now. */
  get primary(): SimulatedPrimary | undefined {
    const primaries = names.flatMap((name) => this.nodes[name]?.primary ?? [])
    const [one, another] = primaries.filter(({ accepts }) => accepts)
    if (one !== undefined && another !== undefined) return this.random.pick([one, another])
    return one ?? primaries[0]
  }

  /** Everything volatile is lost; a write under way is on the disk wholly or not at all. */
  crash(name: NodeName, writing: Writing = this.random.chance(0.5) ? "done" : "lost"): void {
    const node = this.nodes[name]
    if (node === undefined) return
    this.trace(() => `${name} crashes`)
    this.counts.crashes++
    this.nodes[name] = undefined
    if (node.writing !== undefined) {
      this.counts.crashesWhileWriting++
      if (writing === "done") node.writing()
    }
    node.primary?.clientsHearNothing()
    this.schedule.after(this.#options.restartMs ?? this.random.between(10, this.faults.restartMsMax), () => this.start(name))
  }

  /** It ends, and starts again as this release; of a pair the replica was upgraded before. */
  upgrade(name: NodeName): void {
    this.trace(() => `${name} is upgraded`)
    this.counts.upgrades++
    this.protocols[name] = protocolVersion
    this.crash(name)
  }

  #crashesAt(name: NodeName, when: CrashPoint["when"]): Writing | undefined {
    const effect = this.effects[name]
    for (const point of this.#crashPoints) {
      if (point.node === name && point.effect === effect && point.when === when) return point.writing
    }
    const chance = when === "before" ? this.faults.crash : this.faults.crash / 2
    if (chance === 0 || !this.random.chance(chance)) return undefined
    return this.random.chance(0.5) ? "done" : "lost"
  }

  /** In order, until the node crashes. */
  carryOut(node: SimulatedNode, effects: readonly Effect[], run: (effect: Effect) => void): void {
    const { name } = node
    for (const effect of effects) {
      this.effects[name]++
      const before = this.#crashesAt(name, "before")
      if (before !== undefined) this.crash(name, before)
      if (!node.alive) return
      this.trace(() => `${name} ${describe(effect)}`)
      run(effect)
      const after = this.#crashesAt(name, "after")
      if (after !== undefined && node.alive) this.crash(name, after)
      if (!node.alive) return
    }
  }

  /** The process does nothing for a while; its clock, its disk and the network go on. */
  pause(name: NodeName, forMs: number): void {
    const node = this.nodes[name]
    if (node === undefined || node.paused) return
    this.trace(() => `${name} pauses for ${forMs} ms`)
    node.pausedUntilMs = this.schedule.nowMs + forMs
  }

  /** An old message, or a stranger's, arrives. */
  replayMessage(): void {
    if (this.random.chance(0.3)) {
      this.#replayAnswer()
      return
    }
    // A node that never belonged to a pair belongs to the first that greets it.
    const message = this.bag.pick((to) => this.nodes[to]?.fresh === false)
    this.trace(() => `an old ${message?.request.kind} arrives`)
    if (message !== undefined) this.nodes[message.to]?.receive(message.envelope, message.request, () => {})
  }

  #replayAnswer(): void {
    const old = this.bag.pickAnswer()
    if (old === undefined) return
    const node = this.nodes[old.to]
    // An answer belongs to one request, and whoever asked hears one: an old link would come to life again.
    if (old.answer.kind === "hello" && old.envelope.peerSession === node?.primary?.session) return
    this.trace(() => `an old answer to ${old.envelope.peerSession} arrives: ${old.answer.kind}`)
    node?.hear(old.envelope, old.answer)
  }

  /** Old messages, more of them than a replica lets wait while its disk is at work. */
  flood(): void {
    for (let n = 0; n < 80; n++) this.replayMessage()
  }

  stopped(node: SimulatedNode, { reason, detail }: Stop): void {
    const { name } = node
    this.trace(() => `${name} stops: ${detail}`)
    if (reason === "foreign" && !node.joining && (node.fresh || this.#isBehind(node))) {
      this.joining[name] = true
      this.crash(name)
      return
    }
    const mayStop = this.forkedAt !== undefined || this.#isFenced(name, reason) || (reason === "diverged" && this.checkers.lines.arePartedRightly)
    if (!mayStop) throw new CheckFailed("stop", `${name} stopped: ${detail}`)
    this.stops[name] = `${reason}: ${detail}`
    this.crash(name)
  }

  /** It lacks what is in no log any more, and has to know that it does. */
  #isBehind({ name, store, replica }: SimulatedNode): boolean {
    const isBehind = replica !== undefined && store.position().head + 1 < this.disks[other(name)].first()
    if (isBehind && !store.identity().lacking) throw new CheckFailed("stop", `${name} stopped as it lacks what is in no log any more, and has not stored that it does`)
    return isBehind
  }

  #isFenced(name: NodeName, reason: Stop["reason"]): boolean {
    return reason === "fenced" && this.newestEpoch > (this.disks[name].identity()?.epoch.number ?? 0)
  }

  /** What a node knows of itself has changed, durably. */
  identified(name: NodeName, { role, epoch: begun, mode }: IdentityChange): void {
    this.newestEpoch = Math.max(this.newestEpoch, begun?.number ?? 0)
    if (mode === "solo") {
      this.counts.solos++
      this.unaware[other(name)] = true
    }
    if (role !== "primary" || begun === undefined || begun.id !== this.partings[name]) return
    this.trace(() => `${name} goes on without what ${other(name)} has by itself`)
    this.counts.partings++
    this.checkers.lines.part(name)
  }

  look(): void {
    this.#looks.look()
  }

  lookAtOnce(): void {
    this.#looks.lookAtOnce()
  }

  /** The highest that either node knows. */
  get horizon(): number {
    return Math.max(this.nodes.a?.store.horizon().log ?? 0, this.nodes.b?.store.horizon().log ?? 0)
  }

  inSync(): boolean {
    const nodes = names.flatMap((name) => this.nodes[name] ?? [])
    const inSync = nodes.some((node) => node.primary?.steady === true && !node.paused) && nodes.some((node) => node.replica?.synced === true && !node.paused)
    if (!inSync) return false
    for (const name of names) this.regressed[name] = this.unaware[name] = false
    return true
  }
}
