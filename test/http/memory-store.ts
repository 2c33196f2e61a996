// The real store over tables in memory, or over an engine that is given, with knobs for the tests of the public app: what is
// committed may be told lower than it is, and whole disks in memory can be compared. Must never be used outside of tests.
import type { SealedRecord } from "../../src/protocol/record.ts"
import type { Position } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { Engine } from "../../src/store/tables.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

export class MemoryStore extends TableStore {
  readonly #engine: Engine
  /** Where set, what is above it is in doubt. */
  #decided: number | undefined

  constructor(engine: Engine = new MemoryEngine()) {
    super(engine, { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
    this.#engine = engine
  }

  get committed(): number {
    return this.position().committed
  }

  set committed(version: number) {
    this.#decided = version
  }

  override position(): Position {
    const position = super.position()
    return this.#decided === undefined ? position : { ...position, committed: this.#decided }
  }

  /** Prepares and commits one batch; throws where the store refuses what the operations let through. */
  take(records: readonly SealedRecord[]): void {
    if (records.length === 0) return
    const refused = this.prepareNow({ records, committed: super.position().head })
    if (refused !== undefined) throw new Error(`the store refused a batch: ${refused.detail}`)
    this.#decided = undefined
    this.commit(super.position().head)
  }

  /** Every entry of every table. */
  disk(): string {
    if (!(this.#engine instanceof MemoryEngine)) throw new Error("only a disk in memory is shown")
    return this.#engine.dump()
  }
}
