// One run of a node's process, from its start to its crash. Everything in here is lost with it; the disk is not.
import type { Save } from "../../src/protocol/effect.ts"
import { isRefusal } from "../../src/refusal.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed } from "./checkers.ts"
import type { NodeName } from "./disk.ts"
import type { World } from "./world.ts"

export type DiskReport = { readonly event: "saved" } | { readonly event: "save-refused"; readonly code: "disk-full"; readonly detail: string } | { readonly event: "undone" }

/** Whether a read would be served now, and whether its answer would say that it may be stale (P4 is suspended then). */
export type Reads = "none" | "maybe-stale" | "newest"

export abstract class Incarnation {
  pausedUntilMs = 0
  /** A write that the disk has not finished. */
  writing: (() => void) | undefined

  constructor(
    readonly world: World,
    readonly name: NodeName,
    readonly store: TableStore,
    /** Drawn anew by each. */
    readonly session: string,
  ) {}

  get alive(): boolean {
    const running: Incarnation | undefined = this.world.nodes[this.name]
    return running === this
  }

  get paused(): boolean {
    return this.world.schedule.nowMs < this.pausedUntilMs
  }

  /** As src/node/node.ts decides it. */
  abstract reads(): Reads

  protected abstract report(event: DiskReport): void

  /** As src/node/trimmer.ts does. */
  protected abstract mayTrim(): boolean
  protected abstract trimmed(logStart: number): void

  trimSome(keysMax: number): void {
    if (this.alive && !this.paused && this.mayTrim() && this.store.trimNow(keysMax)) this.trimmed(this.store.logStart())
  }

  /** Does it once the process is not paused any more, and not at all where it has crashed. */
  whenAwake(run: () => void): void {
    if (!this.alive) return
    const { schedule } = this.world
    if (this.paused) schedule.after(this.pausedUntilMs - schedule.nowMs, () => this.whenAwake(run))
    else run()
  }

  protected soon(run: () => void): void {
    this.world.schedule.after(this.world.random.between(0, 3), () => this.whenAwake(run))
  }

  protected save(effect: Save): void {
    const { world, store, name } = this
    if (world.random.chance(world.faults.full[name])) {
      this.soon(() => this.report({ event: "save-refused", code: "disk-full", detail: "full" }))
      return
    }
    this.#write({ event: "saved" }, () => {
      const before = store.position()
      const refusal = store.prepareNow(effect)
      if (isRefusal(refusal)) throw new CheckFailed("I4", `${name} refused a batch: ${refusal.detail}`)
      world.checkers.saved(name, effect.records, before, store.position())
    })
  }

  protected undo(): void {
    this.#write({ event: "undone" }, () => {
      const { head, committed } = this.store.position()
      void this.store.undo()
      this.world.checkers.undone(this.name, head, committed)
    })
  }

  /** The disk takes its time; where the process crashes meanwhile, it has either finished or never begun. */
  #write(report: DiskReport, change: () => void): void {
    this.writing = () => {
      this.writing = undefined
      change()
    }
    this.world.schedule.after(this.world.random.between(1, 30), () => {
      if (!this.alive || this.writing === undefined) return
      this.writing()
      this.whenAwake(() => this.report(report))
    })
  }

  protected advance(committed: number): void {
    const from = this.store.position().committed
    this.store.commit(committed)
    this.world.checkers.advanced(this.name, from, this.store.position().committed)
    if (this.world.random.chance(0.3)) void this.store.flush()
  }
}
