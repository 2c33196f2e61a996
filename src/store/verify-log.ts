// The part of the full check that reads the log: its chain, its keys, and that each write of it is found among the rows.
import { type Digest, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { openWrites, RecordDamaged, type SealedRecord, type Write } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { entityKey, historyKey, versionAtEnd, versionBytes, versionKey } from "./keys.ts"
import { storedRecord } from "./log.ts"
import { rowChanged, rowFacts, rowFill, rowTerms, withoutFills } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import { fillKey, type Tally } from "./tally.ts"
import { sameTerm } from "./term-index.ts"
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
    for (const write of writes) {
      if (rowFill(write.row)) this.#fill(write, version)
      else this.#write(write, version)
    }
    return writes.length
  }

  #write({ collection, id, row }: Write, version: number): void {
    if (version <= this.committed) this.tally.add(entityKey(collection, id), version)
    const stored = this.#stored(collection, id, version)
    if (stored === undefined) return this.findings.report(`${collection}/${id}`, `version ${version} of it is missing`)
    const what = `version ${version} of it is not what the log says`
    this.findings.guard(`${collection}/${id}`, what, () => {
      if (Buffer.compare(withoutFills(stored), row) !== 0) this.findings.report(`${collection}/${id}`, what)
    })
  }

  /** What it added must be in the row that it completed, which others may have followed. */
  #fill({ collection, id, row }: Write, version: number): void {
    const completes = rowFacts(row).created
    const stored = this.#stored(collection, id, completes)
    for (const term of rowTerms(row)) {
      if (version <= this.committed) this.tally.add(fillKey(entityKey(collection, id), term), version)
      const what = `version ${completes} of it lacks the ${term.field} that version ${version} added`
      this.findings.guard(`${collection}/${id}`, what, () => {
        if (stored === undefined || !rowTerms(stored).some((own) => own.since === version && sameTerm(own, term))) this.findings.report(`${collection}/${id}`, what)
      })
    }
  }

  /** The row that a version wrote. */
  #stored(collection: string, id: string, version: number): Buffer | undefined {
    const { rows, history } = this.store.engine.tables
    const newest = rows.get(entityKey(collection, id))
    return newest !== undefined && newest.length > versionBytes && rowChanged(newest) === version ? newest : history.get(historyKey(collection, id, version))
  }
}
