// One pass over all that is stored, a few entries at a time, while everything else goes on: the checksum of every entry, the chain of the
// log, and that the newest rows add up to the digest of the state. What `tandem verify` does in one go and more thoroughly.
import { type Digest, sameDigest } from "../protocol/digest.ts"
import { versionAtEnd, versionKey } from "./keys.ts"
import { storedRecord } from "./log.ts"
import type { StateWalk } from "./state-sum.ts"
import type { ScrubPass } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import { type TableName, tableNames } from "./tables.ts"
import { keyAfter } from "./turns.ts"

export class Scrub implements ScrubPass {
  readonly #store: TableStore
  readonly #walk: StateWalk
  #table = 0
  #start: Buffer | undefined
  #entries = 0
  /** Of the log; what is in doubt may be taken back, and is left to the next pass. */
  readonly #committed: number
  #next: number
  /** Of the record before that; undefined where the log begins. */
  #digest: Digest | undefined

  constructor(store: TableStore) {
    this.#store = store
    this.#walk = store.state.begin()
    this.#committed = store.position().committed
    this.#next = store.logStart()
  }

  /** Of this pass so far. */
  get entries(): number {
    return this.#entries
  }

  step(spent: () => boolean): boolean {
    for (let name = tableNames[this.#table]; name !== undefined; name = tableNames[this.#table]) {
      if (!this.#read(name, spent)) return false
      this.#endOf(name)
      this.#table++
      this.#start = undefined
    }
    return true
  }

  /** Hears of changes no more, wherever it is. */
  close(): void {
    this.#store.state.end(this.#walk)
  }

  /** False where it was enough before the end of the table. */
  #read(name: TableName, spent: () => boolean): boolean {
    const range = { ...(this.#start === undefined ? {} : { start: this.#start }), ...(name === "log" ? { end: versionKey(this.#committed + 1) } : {}) }
    for (const { key, value } of this.#store.engine.tables[name].getRange(range)) {
      if (name === "log") this.#record(versionAtEnd(key), value)
      if (name === "rows") this.#walk.visit(key, value)
      this.#entries++
      this.#start = keyAfter(key)
      if (spent()) return false
    }
    return true
  }

  #record(version: number, value: Buffer): void {
    const { parent, digest } = storedRecord(version, value)
    if (version !== this.#next) this.#gap(this.#next, version - 1)
    else if (this.#digest !== undefined && !sameDigest(parent, this.#digest)) throw new StoreDamaged(`the log is damaged: version ${version} does not follow on version ${version - 1}`)
    this.#next = version + 1
    // A copy: the whole record would be kept for it.
    this.#digest = Buffer.from(digest)
  }

  /** Trimming may have been faster than this pass. */
  #gap(from: number, to: number): void {
    if (from <= to && to >= this.#store.logStart()) throw new StoreDamaged(`the log is damaged: ${from === to ? `version ${from} is` : `versions ${from} to ${to} are`} missing from it`)
  }

  #endOf(name: TableName): void {
    if (name === "log") this.#gap(this.#next, this.#committed)
    if (name === "rows" && !this.#store.state.end(this.#walk)) throw new StoreDamaged("the newest rows are damaged: together they do not give the digest of the state; one of them is not what was written last, or is missing")
  }
}
