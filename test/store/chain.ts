// Records for a store, one after the other, as a primary would make them: versions, parents and the facts of rows are
// kept; what is in the rows is up to the test.
import { type Digest, digestOf, genesisDigest } from "../../src/protocol/digest.ts"
import { type RecordKey, type SealedRecord, sealRecord } from "../../src/protocol/record.ts"
import { encodeFill, encodeRow, type RowFacts, type Term, textTerm } from "../../src/store/row.ts"

/** One put, or without a body a tombstone; or terms that are added to the row that is there. */
export interface Change {
  readonly collection?: string
  readonly id: string
  readonly body?: string
  readonly terms?: readonly Term[]
  readonly fill?: readonly Term[]
}

export interface RecordOptions {
  readonly key?: string
  readonly timeMs?: number
}

export class Chain {
  version = 0
  digest: Digest = genesisDigest
  #facts: ReadonlyMap<string, RowFacts> = new Map()

  /** The record of the next version. */
  next(changes: readonly Change[], { key, timeMs }: RecordOptions = {}): SealedRecord {
    const version = this.version + 1
    const record = sealRecord({
      version,
      epoch: 1,
      timeMs: timeMs ?? 1_000 * version,
      parent: this.digest,
      key: key === undefined ? undefined : recordKey(key),
      meta: { principal: "root", ...(key === undefined ? {} : { key }) },
      operations: "[]",
      results: "[]",
      writes: changes.map((change) => ({ collection: change.collection ?? "things", id: change.id, row: this.#row(version, change) })),
    })
    this.version = version
    this.digest = record.digest
    return record
  }

  /** Remembers where it is; the function that is returned goes back there. */
  mark(): () => void {
    const { version, digest } = this
    const facts = this.#facts
    return () => {
      this.version = version
      this.digest = digest
      this.#facts = facts
    }
  }

  #row(version: number, { collection = "things", id, body, terms = [], fill }: Change): Uint8Array {
    const name = `${collection}/${id}`
    const before = this.#facts.get(name)
    if (fill !== undefined) return encodeFill(version, before?.changed ?? 0, fill)
    const created = before === undefined || before.deleted ? version : before.created
    const facts: RowFacts = { changed: version, created, changes: (before?.changes ?? 0) + 1, deleted: body === undefined }
    this.#facts = new Map(this.#facts).set(name, facts)
    return encodeRow(facts, body === undefined ? [] : terms, body ?? "")
  }
}

export function recordKey(key: string): RecordKey {
  return { hash: digestOf(`root\0${key}`), fingerprint: digestOf("a request") }
}

export function unique(value: string, field = "name"): Term {
  return textTerm(field, value, true)
}

export function plain(value: string, field = "colour"): Term {
  return textTerm(field, value, false)
}
