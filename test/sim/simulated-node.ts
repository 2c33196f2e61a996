// One run of a node's process, from its start to its crash, in whichever role its disk says, as src/node/node.ts runs one.
// Everything in here is lost with it; the disk is not.
import { identityAfter } from "../../src/node/identity-change.ts"
import type { IdentityChange, Save } from "../../src/protocol/effect.ts"
import type { Answer, Envelope, Request } from "../../src/protocol/messages.ts"
import { isRefusal } from "../../src/refusal.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed } from "./check-failed.ts"
import type { NodeName } from "./disk.ts"
import { SimulatedPrimary } from "./simulated-primary.ts"
import { SimulatedReplica } from "./simulated-replica.ts"
import type { World } from "./world.ts"

export type DiskReport =
  | { readonly event: "saved" }
  | { readonly event: "save-refused"; readonly code: "disk-full"; readonly detail: string }
  | { readonly event: "undone" }
  | { readonly event: "identified" }

/** Whether a read would be served now, and whether its answer would say that it may be stale (P4 is suspended then). */
export type Reads = "none" | "maybe-stale" | "newest"

export type AnswerTo = (envelope: Envelope, answer: Answer) => void

export class SimulatedNode {
  pausedUntilMs = 0
  /** A write that the disk has not finished. */
  writing: (() => void) | undefined
  #driver: SimulatedPrimary | SimulatedReplica
  #roles = 0

  constructor(
    readonly world: World,
    readonly name: NodeName,
    readonly store: TableStore,
    /** Drawn anew by each run of a process; what it drives in another role has another one. */
    readonly session: string,
    readonly joining: boolean,
  ) {
    this.#driver = this.#takeRole()
  }

  start(): void {
    this.#driver.start()
  }

  #takeRole(): SimulatedPrimary | SimulatedReplica {
    const session = this.#roles === 0 ? this.session : `${this.session}.${this.#roles}`
    this.#roles++
    return this.store.identity().role === "primary" ? new SimulatedPrimary(this, session) : new SimulatedReplica(this, session)
  }

  changeRole(): void {
    if (!this.alive) return
    const { role, epoch } = this.store.identity()
    this.world.trace(() => `${this.name} is the ${role} of epoch ${epoch.number} now`)
    this.#driver = this.#takeRole()
    this.#driver.start()
  }

  get primary(): SimulatedPrimary | undefined {
    return this.#driver instanceof SimulatedPrimary ? this.#driver : undefined
  }

  get replica(): SimulatedReplica | undefined {
    return this.#driver instanceof SimulatedReplica ? this.#driver : undefined
  }

  /** Whether its disk never belonged to a pair. */
  get fresh(): boolean {
    return this.store.identity().clusterId === undefined
  }

  get alive(): boolean {
    return this.world.nodes[this.name] === this
  }

  get paused(): boolean {
    return this.world.schedule.nowMs < this.pausedUntilMs
  }

  /** What its monotonic clock shows, which goes at a rate of its own. */
  get nowMs(): number {
    return this.world.schedule.nowMs * this.world.clockRates[this.name]
  }

  /** As src/node/node.ts decides it. */
  reads(): Reads {
    return this.#driver.reads()
  }

  receive(envelope: Envelope, request: Request, answer: AnswerTo): void {
    this.whenAwake(() => this.#driver.receive(envelope, request, answer))
  }

  hear(envelope: Envelope, answer: Answer): void {
    this.whenAwake(() => this.primary?.hear(envelope, answer))
  }

  /** As src/node/trimmer.ts does. */
  trimSome(keysMax: number): void {
    if (this.alive && !this.paused && this.#driver.mayTrim() && this.store.trimNow(keysMax)) this.#driver.trimmed(this.store.logStart())
  }

  /** Does it once the process is not paused any more, and not at all where it has crashed. */
  whenAwake(run: () => void): void {
    if (!this.alive) return
    const { schedule } = this.world
    if (this.paused) schedule.after(this.pausedUntilMs - schedule.nowMs, () => this.whenAwake(run))
    else run()
  }

  soon(run: () => void): void {
    this.world.schedule.after(this.world.random.between(0, 3), () => this.whenAwake(run))
  }

  save(effect: Save, report: (event: DiskReport) => void): void {
    const { world, store, name } = this
    if (world.random.chance(world.faults.full[name])) {
      this.soon(() => report({ event: "save-refused", code: "disk-full", detail: "full" }))
      return
    }
    this.#write({ event: "saved" }, report, () => {
      const before = store.position()
      const refusal = store.prepareNow(effect)
      if (isRefusal(refusal)) throw new CheckFailed("I4", `${name} refused a batch: ${refusal.detail}`)
      world.checkers.saved(name, effect.records, before, store.position(), effect.decided)
    })
  }

  undo(report: (event: DiskReport) => void): void {
    this.#write({ event: "undone" }, report, () => {
      const { committed } = this.store.position()
      this.world.checkers.takesBack(this.name, committed)
      void this.store.undo()
      this.world.checkers.undone(this.name, committed)
    })
  }

  identify(change: IdentityChange, report: (event: DiskReport) => void): void {
    this.#write({ event: "identified" }, report, () => {
      void this.store.saveIdentity(identityAfter(this.store.identity(), change))
      this.world.identified(this.name, change)
    })
  }

  /** The disk takes its time; where the process crashes meanwhile, it has either finished or never begun. */
  #write(event: DiskReport, report: (event: DiskReport) => void, change: () => void): void {
    this.writing = () => {
      this.writing = undefined
      change()
    }
    this.world.schedule.after(this.world.random.between(1, 30), () => {
      if (!this.alive || this.writing === undefined) return
      this.writing()
      this.whenAwake(() => report(event))
    })
  }

  advance(committed: number): void {
    const from = this.store.position().committed
    this.store.commit(committed)
    const { role, mode } = this.store.identity()
    this.world.checkers.advanced(this.name, from, this.store.position().committed, role === "primary" && mode !== "paired")
    if (this.world.random.chance(0.3)) void this.store.flush()
  }
}
