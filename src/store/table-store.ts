// The Store over an engine's tables. Thin: rows, index, log and hard state each have their own file; here they move together.
import { bounds } from "../bounds.ts"
import { type Digest, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { invariant } from "../protocol/invariant.ts"
import { continuesLog, openWrites, type SealedRecord } from "../protocol/record.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { HardState } from "./hard-state.ts"
import { Log } from "./log.ts"
import { RowsAndHistory } from "./rows-and-history.ts"
import type { Batch, HistoryQuery, HoldersPage, Identity, Page, PageQuery, Position, Store, WalkPage, WalkQuery } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Engine } from "./tables.ts"
import { TermIndex } from "./term-index.ts"

/** A batch that breaks a unique index entry: thrown inside the transaction to leave no trace of it. */
class UniqueBroken extends Error {}

export class TableStore implements Store {
  readonly engine: Engine
  readonly rows: RowsAndHistory
  readonly index: TermIndex
  readonly log: Log
  readonly #hardState: HardState
  #identity: Identity
  #position: Position
  #durableCommitted: number

  constructor(engine: Engine, first: Identity) {
    const { tables } = engine
    this.engine = engine
    this.rows = new RowsAndHistory(tables.rows, tables.history, bounds.pageScanMax, bounds.pageBytesMax)
    this.log = new Log(tables.log, tables.keys)
    this.#hardState = new HardState(tables.hard_state)
    this.#position = this.#hardState.position()
    this.index = new TermIndex(tables.index, tables.index_history, this.#position.head)
    this.#checkHead()
    this.#identity = this.#hardState.identity() ?? this.#begin(first)
    this.#durableCommitted = this.#position.committed
  }

  #begin(first: Identity): Identity {
    if (this.#position.head > 0) throw new StoreDamaged("there is a log, but not whose it is: the stored identity is missing")
    this.engine.transact(() => this.#hardState.putIdentity(first))
    return first
  }

  #checkHead(): void {
    const { head, headDigest, committed } = this.#position
    if (committed > head) throw new StoreDamaged(`where the log stands is damaged: ${committed} versions of ${head} are committed`)
    const last = this.log.last()
    if ((last?.version ?? 0) === head && sameDigest(last?.digest ?? genesisDigest, headDigest)) return
    throw new StoreDamaged(`the log does not end where it should: at version ${last?.version ?? 0}, and not with that digest at ${head}`)
  }

  position(): Position {
    return this.#position
  }

  identity(): Identity {
    return this.#identity
  }

  row(collection: string, id: string, at: number): Uint8Array | undefined {
    return this.rows.at(collection, id, at)
  }

  page(collection: string, query: PageQuery): Page {
    return this.rows.page(collection, query)
  }

  history(collection: string, id: string, query: HistoryQuery): Uint8Array[] {
    return this.rows.versions(collection, id, query.at, query.limit)
  }

  lookup(collection: string, field: string, value: Uint8Array, at: number): string | undefined {
    return this.index.lookup(collection, field, value, at)
  }

  holders(collection: string, field: string, value: Uint8Array, { at, after, limit }: PageQuery): HoldersPage {
    const exact = { value, inclusive: true }
    const query: WalkQuery = { at, reverse: false, limit, from: exact, to: exact, after: after === undefined ? undefined : { value, id: after } }
    const { entries, next } = this.walk(collection, field, query)
    return { ids: entries.map(({ id }) => id), next: next?.id }
  }

  walk(collection: string, field: string, query: WalkQuery): WalkPage {
    return this.index.walk(collection, field, query, bounds.pageScanMax)
  }

  record(version: number): SealedRecord | undefined {
    return this.log.record(version)
  }

  records(from: number, to: number, countMax: number, bytesMax: number): SealedRecord[] {
    return this.log.records(from, to, countMax, bytesMax)
  }

  versionOfKey(keyHash: Digest): number | undefined {
    return this.log.versionOfKey(keyHash)
  }

  timeOf(version: number): number {
    return this.log.timeOf(version) ?? 0
  }

  versionAtTime(timeMs: number, at: number): number {
    return this.log.versionAtTime(timeMs, at)
  }

  async prepare(batch: Batch): Promise<Refusal | undefined> {
    return this.prepareNow(batch)
  }

  /** What `prepare` does, for callers that must not wait for a promise. */
  prepareNow({ records, committed }: Batch): Refusal | undefined {
    const { head, headDigest } = this.#position
    const last = records.at(-1)
    invariant(last !== undefined && continuesLog(head, headDigest, records), "I4", `a batch does not continue the log at ${head}`)
    invariant(committed === head, "I5", `a batch would be prepared while versions ${committed + 1} to ${head} are in doubt`)
    const broken = this.#write(records, last, committed)
    if (broken !== undefined) return refuse("unique", broken)
    this.#position = { head: last.version, headDigest: last.digest, committed }
    this.#durableCommitted = committed
    return undefined
  }

  #write(records: readonly SealedRecord[], last: SealedRecord, committed: number): string | undefined {
    let broken: string | undefined
    try {
      this.engine.transact(() => {
        for (const record of records) {
          broken = this.#apply(record)
          if (broken !== undefined) throw new UniqueBroken()
        }
        this.#hardState.putPosition(last.version, last.digest, committed)
      })
    } catch (error) {
      if (!(error instanceof UniqueBroken)) throw error
    }
    return broken
  }

  /** Inside a transaction. Returns what breaks, where a unique term is held by another entity. */
  #apply(record: SealedRecord): string | undefined {
    const { key, writes } = openWrites(record.bytes)
    if (key !== undefined) {
      invariant(this.log.versionOfKey(key.hash) === undefined, "I8", `the idempotency key of version ${record.version} is used already`)
    }
    this.log.put(record, key?.hash)
    return this.index.change(writes.map((write) => this.rows.put(write)))
  }

  commit(version: number): void {
    if (version <= this.#position.committed) return
    invariant(version <= this.#position.head, "I9", `version ${version} is above the head ${this.#position.head}`)
    this.#position = { ...this.#position, committed: version }
  }

  async undo(): Promise<void> {
    const { head, committed } = this.#position
    if (head === committed) return
    let parent: Digest | undefined
    this.engine.transact(() => {
      for (let version = head; version > committed; version--) {
        const record = this.log.record(version)
        if (record === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
        const { key, writes } = openWrites(record.bytes)
        this.index.changeBack(writes.map((write) => this.rows.takeBack(write)))
        this.log.remove(record, key?.hash)
        // A copy: the whole record would be kept for it.
        parent = Buffer.from(record.parent)
      }
      if (parent !== undefined) this.#hardState.putPosition(committed, parent, committed)
    })
    if (parent === undefined) return
    this.#position = { head: committed, headDigest: parent, committed }
    this.#durableCommitted = committed
  }

  async flush(): Promise<void> {
    const { head, headDigest, committed } = this.#position
    if (committed === this.#durableCommitted) return
    this.engine.transact(() => this.#hardState.putPosition(head, headDigest, committed))
    this.#durableCommitted = committed
  }

  async saveIdentity(change: Partial<Identity>): Promise<void> {
    const identity = { ...this.#identity, ...change }
    this.engine.transact(() => this.#hardState.putIdentity(identity))
    this.#identity = identity
  }

  async close(): Promise<void> {
    await this.engine.close()
  }
}
