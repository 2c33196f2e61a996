// P5: one primary in each epoch acknowledges, and none any more once one of a later epoch has.
import type { Epoch } from "../../src/protocol/epoch.ts"
import { CheckFailed } from "./check-failed.ts"
import type { NodeName } from "./disk.ts"

/** Who told a client, as the primary of which reign. */
export interface Acknowledger {
  readonly node: NodeName
  readonly epoch: Epoch
  /** Whether this node needs no other to commit. */
  readonly solo: boolean
}

export class Reigns {
  /** The newest that has acknowledged anything. */
  #newest: Acknowledger | undefined

  constructor(from?: Reigns) {
    if (from !== undefined) this.#newest = from.#newest
  }

  acknowledged(by: Acknowledger): void {
    const { node, epoch } = this.#newest ?? by
    if (by.epoch.number < epoch.number) throw new CheckFailed("P5", `${by.node} acknowledged in epoch ${by.epoch.number}, ${node} had in ${epoch.number}`)
    if (by.epoch.number === epoch.number && (by.node !== node || by.epoch.id !== epoch.id)) throw new CheckFailed("P5", `${node} and ${by.node} both acknowledged in epoch ${epoch.number}`)
    this.#newest = by
  }
}
