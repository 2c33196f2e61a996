// The part of the full check that reads the log: its chain, its keys, and that each write of it is found among the rows.
import { type Digest, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { openWrites, RecordDamaged, type SealedRecord } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { entityKey, historyKey, versionAtEnd, versionBytes, versionKey } from "./keys.ts"
import { storedRecord } from "./log.ts"
import { type Horizon, oldestOf } from "./horizon.ts"
import { rowChanged, rowDeleted } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import type { Tally } from "./tally.ts"
import type { Turns } from "./turns.ts"

export class LogCheck {
  #last: number
  /** Of the record at `#last`; undefined where that is damaged, missing or trimmed. */
  #digest: Digest | undefined
  readonly #horizon: Horizon
  /** Rows that are gone, as it should be if a deletion at the horizon or below follows. */
  readonly #untilDeleted = new Map<string, number>()

  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly tally: Tally,
    private readonly findings: Findings,
  ) {
    this.#horizon = store.horizon()
    this.#last = store.logStart() - 1
    this.#digest = this.#last === 0 ? genesisDigest : undefined
  }

  /** Gives the digest at `committed`. */
  async run(turns: Turns, onProgress: (version: number) => void): Promise<Digest> {
    this.#inDoubt()
    const { log } = this.#horizon
    if (this.#last >= Math.max(1, log)) this.findings.report("the log", `it begins at version ${this.#last + 1}, and reads may go back to version ${log}`)
    const visit = (key: Buffer, value: Buffer): number => {
      if (key.length === versionBytes) return this.#entry(versionAtEnd(key), value, onProgress)
      this.findings.report("the log", `an entry's key is no version: ${key.toString("hex")}`)
      return 1
    }
    await turns.walk(this.store.engine.tables.log, visit, versionKey(this.committed + 1))
    this.#gapTo(this.committed + 1)
    for (const [entity, version] of this.#untilDeleted) this.findings.report(entity, `version ${version} of it is missing`)
    return this.#digest ?? genesisDigest
  }

  /** One batch at most, in one turn: it may be gone in the next. */
  #inDoubt(): void {
    const { head, headDigest, committed } = this.store.position()
    let parent = committed === 0 ? genesisDigest : this.#read(committed)?.digest
    for (let version = committed + 1; version <= head; version++) {
      const record = this.#read(version)
      if (record === undefined) this.findings.report(`version ${version}`, "it is missing from the log, or damaged")
      else this.#check(record, parent)
      parent = record?.digest
    }
    if (parent !== undefined && !sameDigest(parent, headDigest)) this.findings.report(`version ${head}`, "the stored digest of the head is another")
  }

  #read(version: number): SealedRecord | undefined {
    try {
      return this.store.record(version)
    } catch (error) {
      if (error instanceof StoreDamaged) return undefined
      throw error
    }
  }

  #entry(version: number, value: Buffer, onProgress: (version: number) => void): number {
    if (version < this.store.logStart()) {
      this.findings.report(`version ${version}`, `it is in the log, which begins at ${this.store.logStart()}`)
      return 1
    }
    this.#gapTo(version)
    this.#last = version
    let writes = 0
    try {
      const record = storedRecord(version, value)
      writes = this.#check(record, this.#digest)
      this.#digest = record.digest
    } catch (error) {
      if (!(error instanceof StoreDamaged || error instanceof RecordDamaged)) throw error
      this.#digest = undefined
      this.findings.report(`version ${version}`, error.message)
    }
    onProgress(version)
    return 1 + writes
  }

  #gapTo(version: number): void {
    const [first, last] = [this.#last + 1, version - 1]
    if (first > last) return
    this.#digest = undefined
    this.findings.report(first === last ? `version ${first}` : `versions ${first} to ${last}`, `${first === last ? "it is" : "they are"} missing from the log`)
  }

  /** Gives the number of writes. */
  #check(record: SealedRecord, parent: Digest | undefined): number {
    const { version } = record
    if (parent !== undefined && !sameDigest(record.parent, parent)) {
      this.findings.report(`version ${version}`, "its parent is not the digest of the record before it")
    }
    const { key, writes } = openWrites(record.bytes)
    // One that is forgotten may have been used again.
    if (key !== undefined && version >= this.#horizon.log && this.store.versionOfKey(key.hash) !== version) this.findings.report(`version ${version}`, "its idempotency key is not found")
    const { rows, history } = this.store.engine.tables
    for (const { collection, id, row } of writes) {
      const entity = entityKey(collection, id)
      const oldest = oldestOf(this.#horizon, collection)
      if (version <= this.committed && version > oldest) this.tally.add(entity, version)
      const newest = rows.get(entity)
      const stored = newest !== undefined && newest.length > versionBytes && rowChanged(newest) === version ? newest : history.get(historyKey(collection, id, version))
      const name = `${collection}/${id}`
      if (version <= oldest) this.#untilDeleted.delete(name)
      if (stored === undefined && version <= oldest && this.#mayBeGone(collection, id, version, oldest, row)) continue
      if (stored === undefined) this.findings.report(name, `version ${version} of it is missing`)
      else if (Buffer.compare(stored, row) !== 0) this.findings.report(name, `version ${version} of it is not what the log says`)
    }
    return writes.length
  }

  /** Of a version at the horizon or below. Whether a deletion explains it is only known once its record is read. */
  #mayBeGone(collection: string, id: string, version: number, oldest: number, row: Uint8Array): boolean {
    const shown = this.store.row(collection, id, oldest)
    if (shown !== undefined) return rowChanged(shown) > version
    if (!rowDeleted(row)) this.#untilDeleted.set(`${collection}/${id}`, version)
    return true
  }
}
