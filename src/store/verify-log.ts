// The part of the full check that reads the log: its chain, its keys, and that each write of it is found among the rows.
import { type Digest, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { openWrites, RecordDamaged, type SealedRecord } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { entityKey, historyKey, versionAtEnd, versionBytes, versionKey } from "./keys.ts"
import { storedRecord } from "./log.ts"
import { rowChanged } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import type { Tally } from "./tally.ts"
import type { Turns } from "./turns.ts"

export class LogCheck {
  #last = 0
  /** Of the record at `#last`; undefined where that is damaged or missing. */
  #digest: Digest | undefined = genesisDigest

  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly tally: Tally,
    private readonly findings: Findings,
  ) {}

  /** Gives the digest at `committed`. */
  async run(turns: Turns, onProgress: (version: number) => void): Promise<Digest> {
    this.#inDoubt()
    const visit = (key: Buffer, value: Buffer): number => {
      if (key.length === versionBytes) return this.#entry(versionAtEnd(key), value, onProgress)
      this.findings.report("the log", `an entry's key is no version: ${key.toString("hex")}`)
      return 1
    }
    await turns.walk(this.store.engine.tables.log, visit, versionKey(this.committed + 1))
    this.#gapTo(this.committed + 1)
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
    if (version === 0) {
      this.findings.report("version 0", "it is in the log, which begins at 1")
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
    if (key !== undefined && this.store.versionOfKey(key.hash) !== version) this.findings.report(`version ${version}`, "its idempotency key is not found")
    const { rows, history } = this.store.engine.tables
    for (const { collection, id, row } of writes) {
      const entity = entityKey(collection, id)
      if (version <= this.committed) this.tally.add(entity, version)
      const newest = rows.get(entity)
      const stored = newest !== undefined && newest.length > versionBytes && rowChanged(newest) === version ? newest : history.get(historyKey(collection, id, version))
      if (stored === undefined) this.findings.report(`${collection}/${id}`, `version ${version} of it is missing`)
      else if (Buffer.compare(stored, row) !== 0) this.findings.report(`${collection}/${id}`, `version ${version} of it is not what the log says`)
    }
    return writes.length
  }
}
