// What earlier versions wrote and left behind: from the log and the history on disk, and for versions of the batch that
// is being made, which are on no disk yet, from its records. Reads only.
import { bounds } from "../bounds.ts"
import { openWrites, type SealedRecord, type Write } from "../protocol/record.ts"
import { oldestOf } from "../store/horizon.ts"
import { rowChanged, rowFacts, rowFill } from "../store/row.ts"
import type { Reader } from "../store/store.ts"

export class Past {
  readonly #reader: Reader
  readonly #head: number
  readonly #batch: readonly SealedRecord[]
  readonly #rowsOfBatch = new Map<number, ReadonlyMap<string, Uint8Array>>()

  /** `batch` may grow; it begins at the version after the reader's head. */
  constructor(reader: Reader, batch: readonly SealedRecord[]) {
    this.#reader = reader
    this.#head = reader.position().head
    this.#batch = batch
  }

  /** The oldest version as of which a collection is known. */
  oldest(collection: string): number {
    return oldestOf(this.#reader.horizon(), collection)
  }

  /** The oldest version whose record is known. */
  get oldestRecord(): number {
    return this.#reader.horizon().log
  }

  /** Whether it is known what entities were like as of `version`. Nothing was there before version 1. */
  reaches(version: number): boolean {
    return version === 0 || this.#record(version) !== undefined
  }

  /** What a version changed, without fills, which change no entity; undefined where the log has no such version. */
  writes(version: number): readonly Write[] | undefined {
    const record = this.#record(version)
    return record === undefined ? undefined : openWrites(record.bytes).writes.filter(({ row }) => !rowFill(row))
  }

  /** Of an entity that was not there as of `version`: how many versions it had had, which its rows count on from. */
  changesBefore(collection: string, id: string, version: number): number {
    if (this.oldest(collection) === 0) return 0
    const oldest = this.#reader.history(collection, id, { at: this.#head, limit: bounds.revertEntitiesMax }).findLast((row) => rowChanged(row) > version)
    return oldest === undefined ? 0 : rowFacts(oldest).changes - 1
  }

  /** The row of an entity as of `version`, tombstones included; undefined where there was none. */
  row(collection: string, id: string, version: number): Uint8Array | undefined {
    for (let at = version; at > this.#head; at--) {
      const row = this.#rows(at).get(`${collection}\0${id}`)
      if (row !== undefined) return row
    }
    return this.#reader.row(collection, id, Math.min(version, this.#head))
  }

  #rows(version: number): ReadonlyMap<string, Uint8Array> {
    const known = this.#rowsOfBatch.get(version)
    if (known !== undefined) return known
    const rows = new Map((this.writes(version) ?? []).map(({ collection, id, row }) => [`${collection}\0${id}`, row]))
    this.#rowsOfBatch.set(version, rows)
    return rows
  }

  #record(version: number): SealedRecord | undefined {
    return version > this.#head ? this.#batch[version - this.#head - 1] : this.#reader.record(version)
  }
}
