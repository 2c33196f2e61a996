// The part of the full check that reads the log: its chain, its keys, and that each write of it is found among the rows.
import { type Digest, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { openWrites, RecordDamaged, type SealedRecord, type Write } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { entityKey, historyKey, versionAtEnd, versionBytes, versionKey } from "./keys.ts"
import { storedRecord } from "./log.ts"
import { type Horizon, oldestOf } from "./horizon.ts"
import { rowChanged, rowDeleted, rowFacts, rowFill, rowTerms, withoutFills } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import { fillKey, type Tally } from "./tally.ts"
import { sameTerm } from "./term-index.ts"
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
    turns.run(() => this.#inDoubt())
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
    // One that is forgotten by now may have been used again.
    if (key !== undefined && version >= this.store.horizon().log && this.store.versionOfKey(key.hash) !== version) this.findings.report(`version ${version}`, "its idempotency key is not found")
    for (const write of writes) {
      if (rowFill(write.row)) this.#fill(write, version)
      else this.#write(write, version)
    }
    return writes.length
  }

  #write({ collection, id, row }: Write, version: number): void {
    const name = `${collection}/${id}`
    const oldest = oldestOf(this.#horizon, collection)
    if (version <= this.committed && version > oldest) this.tally.add(entityKey(collection, id), version)
    if (version <= oldest) this.#untilDeleted.delete(name)
    const stored = this.#stored(collection, id, version)
    if (stored === undefined && version <= oldest && this.#mayBeGone(collection, id, version, oldest, row)) return
    if (stored === undefined) return this.findings.report(name, `version ${version} of it is missing`)
    const what = `version ${version} of it is not what the log says`
    this.findings.guard(name, what, () => {
      if (Buffer.compare(withoutFills(stored), row) !== 0) this.findings.report(name, what)
    })
  }

  /** Of a version at the horizon or below. Whether a deletion explains it is only known once its record is read. */
  #mayBeGone(collection: string, id: string, version: number, oldest: number, row: Uint8Array): boolean {
    const shown = this.store.row(collection, id, oldest)
    if (shown !== undefined) return rowChanged(shown) > version
    if (!rowDeleted(row)) this.#untilDeleted.set(`${collection}/${id}`, version)
    return true
  }

  /** What it added must be in the row that it completed, which others may have followed. */
  #fill({ collection, id, row }: Write, version: number): void {
    const completes = rowFacts(row).created
    const isKept = version > oldestOf(this.#horizon, collection)
    const stored = this.#stored(collection, id, completes)
    // What it completed was followed on at the horizon or below, or is found to be missing by itself.
    if (stored === undefined && !isKept) return
    for (const term of rowTerms(row)) {
      if (version <= this.committed && isKept) this.tally.add(fillKey(entityKey(collection, id), term), version)
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
