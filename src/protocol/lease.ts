// The primary's lease: for how long, after it was last heard, the replica cannot have been promoted. Over, what this primary shows may not
// be the newest any more.
import type { CoordinatorState } from "./coordinator-state.ts"

export class Lease {
  #inSync = false
  #everInSync = false
  /** Once it is not in sync any more: when the replica was last heard that it was in sync with. */
  #heardInSyncMs = 0

  get inSync(): boolean {
    return this.#inSync
  }

  /** Whether it was in sync at some time since it started: before that it may hold anything, an old backup say. */
  get everInSync(): boolean {
    return this.#everInSync
  }

  syncChanged(inSync: boolean, { heardAtMs }: Pick<CoordinatorState, "heardAtMs">): void {
    if (this.#inSync) this.#heardInSyncMs = heardAtMs
    this.#inSync = inSync
    this.#everInSync ||= inSync
  }

  /**
   * At or below zero, as it is before the first sync, another node may have been promoted. What is heard on the way back to agreement
   * prolongs nothing: the replica may have been promoted meanwhile, and have lost its disk with what it knew of that.
   */
  remainingMs({ heardAtMs, timing }: Pick<CoordinatorState, "heardAtMs" | "timing">, nowMs: number): number {
    if (!this.#everInSync) return 0
    return (this.#inSync ? heardAtMs : this.#heardInSyncMs) + timing.leaseMs - nowMs
  }
}
