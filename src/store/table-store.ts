// The Store over an engine's tables. Thin: rows, index, log and hard state each have their own file; here they move together.
import { bounds } from "../bounds.ts"
import { type Checkpoint, checkpointEvery } from "../protocol/checkpoint.ts"
import { type Digest, genesisDigest } from "../protocol/digest.ts"
import { invariant } from "../protocol/invariant.ts"
import { continuesLog, openWrites, type SealedRecord } from "../protocol/record.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { Checkpoints } from "./checkpoints.ts"
import { HardState } from "./hard-state.ts"
import { type Horizon, horizonOfRow, horizonRow, noHorizon } from "./horizon.ts"
import { Log } from "./log.ts"
import { RowsAndHistory } from "./rows-and-history.ts"
import { type Batch, type FirstIdentity, type HistoryQuery, type HoldersPage, type Identity, nobody, type Page, type PageQuery, type Position, type ScrubPass, type Store, undecided, type WalkPage, type WalkQuery } from "./store.ts"
import { Scrub } from "./scrub.ts"
import { StateSum } from "./state-sum.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Engine } from "./tables.ts"
import { TermIndex } from "./term-index.ts"
import { takeBack } from "./take-back.ts"
import { canTrim, oldestInsteadOf, putTrimmed, readTrimmed, Trim, type Trimmed } from "./trim.ts"
import { Turns } from "./turns.ts"

/** A batch that breaks a unique index entry: thrown inside the transaction to leave no trace of it. */
class UniqueBroken extends Error {}

export class TableStore implements Store {
  readonly engine: Engine
  readonly rows: RowsAndHistory
  readonly index: TermIndex
  readonly log: Log
  /** Of the rows at the head, in doubt or not. */
  readonly state: StateSum
  readonly #hardState: HardState
  readonly #checkpoints: Checkpoints
  #identity: Identity
  #position: Position
  #durableCommitted: number
  /** As of `committed`. */
  #horizon: Horizon = noHorizon
  /** Whether there is a newer one above `committed`, or may be. */
  #horizonMoves = true
  #trimmed: Trimmed
  #holds = 0

  /** `checkpointEvery`: both nodes of a pair have the same. */
  constructor(engine: Engine, first: FirstIdentity, every = checkpointEvery) {
    const { tables } = engine
    this.engine = engine
    this.#hardState = new HardState(tables.hard_state)
    this.#position = this.#hardState.position()
    this.#checkpoints = new Checkpoints(tables.hard_state, every)
    this.state = new StateSum(this.#hardState.state())
    this.rows = new RowsAndHistory(tables.rows, tables.history, bounds.pageScanMax, bounds.pageBytesMax, this.state)
    this.log = new Log(tables.log, tables.keys)
    this.#trimmed = readTrimmed(tables.hard_state)
    this.index = new TermIndex(tables.index, tables.index_history, this.#position.head)
    this.log.checkEnd(this.#position)
    this.#lookAtHorizon()
    this.#identity = this.#hardState.identity() ?? this.#begin(first)
    this.#durableCommitted = this.#position.committed
  }

  #begin(named: FirstIdentity): Identity {
    const first = { ...undecided, ...named }
    if (this.#position.head > 0) throw new StoreDamaged("there is a log, but not whose it is: the stored identity is missing")
    // Who only looks leaves it as it is.
    if (named !== nobody) this.engine.transact(() => this.#hardState.putIdentity(first))
    return first
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

  holders(collection: string, field: string, value: Uint8Array, query: PageQuery): HoldersPage {
    return this.index.holders(collection, field, value, query, bounds.pageScanMax)
  }

  walk(collection: string, field: string, query: WalkQuery): WalkPage {
    return this.index.walk(collection, field, query, Math.min(query.scanMax ?? bounds.pageScanMax, bounds.pageScanMax))
  }

  record(version: number): SealedRecord | undefined {
    return this.log.record(version)
  }

  records(from: number, to: number, countMax: number, bytesMax: number): SealedRecord[] {
    return this.log.records(from, to, countMax, bytesMax)
  }

  /** What lies below the horizon is forgotten, whether it is gone from this disk or not: both nodes say the same. */
  versionOfKey(keyHash: Digest): number | undefined {
    const version = this.log.versionOfKey(keyHash)
    return version === undefined || version < this.#horizon.log ? undefined : version
  }

  timeOf(version: number): number {
    return this.log.timeOf(version) ?? 0
  }

  versionAtTime(timeMs: number, at: number): number {
    return this.log.versionAtTime(timeMs, at, Math.max(1, this.#horizon.log))
  }

  horizon(): Horizon {
    return this.#horizon
  }

  logStart(): number {
    return this.#trimmed.log
  }

  digest(version: number): Digest | undefined {
    if (version === 0) return genesisDigest
    return this.record(version)?.digest ?? this.record(version + 1)?.parent
  }

  checkpoint(version?: number): Checkpoint | undefined {
    return this.#checkpoints.at(version)
  }

  async prepare(batch: Batch): Promise<Refusal | undefined> {
    return this.prepareNow(batch)
  }

  /** What `prepare` does, for callers that must not wait for a promise. */
  prepareNow({ records, committed, decided = false }: Batch): Refusal | undefined {
    const { head, headDigest } = this.#position
    const last = records.at(-1)
    invariant(last !== undefined && continuesLog(head, headDigest, records), "I4", `a batch does not continue the log at ${head}`)
    invariant(committed === head, "I5", `a batch would be prepared while versions ${committed + 1} to ${head} are in doubt`)
    const durablyCommitted = decided ? last.version : committed
    const broken = this.#write(records, last, durablyCommitted)
    if (broken !== undefined) return refuse("unique", broken)
    this.#position = { head: last.version, headDigest: last.digest, committed }
    this.#durableCommitted = durablyCommitted
    if (this.#horizonMoves) this.#lookAtHorizon()
    return undefined
  }

  #write(records: readonly SealedRecord[], last: SealedRecord, committed: number): string | undefined {
    let broken: string | undefined
    const restore = [this.state.mark(), this.#checkpoints.mark()]
    try {
      this.engine.transact(() => {
        for (const record of records) {
          broken = this.#apply(record)
          if (broken !== undefined) throw new UniqueBroken()
          this.#checkpoints.applied(record, () => this.state.bytes)
        }
        this.#hardState.putPosition({ head: last.version, headDigest: last.digest, committed }, this.state.bytes)
      })
    } catch (error) {
      for (const undo of restore) undo()
      if (!(error instanceof UniqueBroken)) throw error
    }
    return broken
  }

  /** Inside a transaction. Returns what breaks, where a unique term is held by another entity. */
  #apply(record: SealedRecord): string | undefined {
    const { key, writes } = openWrites(record.bytes)
    if (key !== undefined) {
      const earlier = this.log.versionOfKey(key.hash)
      invariant(earlier === undefined || earlier < this.#newestHorizon().log, "I8", `the idempotency key of version ${record.version} is used already`)
    }
    if (writes.some(({ collection }) => collection === horizonRow.collection)) this.#horizonMoves = true
    this.log.put(record, key?.hash)
    return this.index.change(writes.map((write) => this.rows.put(write)))
  }

  commit(version: number): void {
    if (version <= this.#position.committed) return
    invariant(version <= this.#position.head, "I9", `version ${version} is above the head ${this.#position.head}`)
    this.#position = { ...this.#position, committed: version }
    if (this.#horizonMoves) this.#lookAtHorizon()
  }

  #lookAtHorizon(): void {
    const { collection, id } = horizonRow
    const { head, committed } = this.#position
    this.#horizon = horizonOfRow(this.rows.at(collection, id, committed))
    this.#horizonMoves = head > committed
  }

  /** In doubt or not: the primary forgot what is below it when it made what is being prepared. */
  #newestHorizon(): Horizon {
    return horizonOfRow(this.rows.newest(horizonRow.collection, horizonRow.id))
  }

  trimmable(): boolean {
    return this.#holds === 0 && canTrim(this.#trimmed, this.#horizon)
  }

  /** Nothing is taken away until the function that this gives is called: for long reads of all that there is. */
  pauseTrimming(): () => void {
    this.#holds++
    return () => {
      this.#holds--
    }
  }

  async trim(): Promise<boolean> {
    return this.trimNow()
  }

  /** What `trim` does, for callers that must not wait for a promise. */
  trimNow(keysMax?: number): boolean {
    const { committed } = this.#position
    const before = this.#trimmed
    let trimmed = before
    if (!this.trimmable()) return false
    this.engine.transact(() => {
      trimmed = new Trim(this, this.#horizon, committed, keysMax).run(before)
      putTrimmed(this.engine.tables.hard_state, trimmed)
      // Or a crash could leave a store that has less than its own horizon says.
      this.#hardState.putPosition(this.#position, this.state.bytes)
    })
    this.#trimmed = trimmed
    this.#durableCommitted = committed
    return JSON.stringify(trimmed) !== JSON.stringify(before)
  }

  async undo(): Promise<void> {
    const refusal = await this.undoTo(this.#position.committed)
    invariant(refusal === undefined, "I1", `what is in doubt cannot be undone: ${refusal?.detail}`)
  }

  async undoTo(version: number, onProgress: (head: number) => void = () => undefined): Promise<Refusal | undefined> {
    const refusal = this.whyNoUndo(version)
    if (refusal !== undefined) return refusal
    for (const turns = new Turns(); this.undoNow(version); await turns.end()) onProgress(this.#position.head)
    return undefined
  }

  whyNoUndo(version: number): Refusal | undefined {
    const oldest = this.#position.head > version ? oldestInsteadOf(version, this, this.#trimmed) : undefined
    if (oldest === undefined) return undefined
    return refuse("trimmed", `This disk cannot go back to version ${version}: retention took away what that needs. It can go back to version ${oldest}.`, { oldestVersion: oldest })
  }

  /** One chunk of what `undoTo` does where it may, for callers that must not wait for a promise. False where nothing is left of it. */
  undoNow(version: number, keysMax?: number): boolean {
    const { head, committed } = this.#position
    if (head <= version) return false
    let position = this.#position
    this.engine.transact(() => {
      const end = takeBack(this, head, version, keysMax)
      position = { ...end, committed: Math.min(committed, end.head) }
      this.#checkpoints.takenBack(end.head)
      this.#hardState.putPosition(position, this.state.bytes)
    })
    this.#position = position
    this.#durableCommitted = position.committed
    this.#lookAtHorizon()
    return position.head > version
  }

  async flush(): Promise<void> {
    const { committed } = this.#position
    if (committed === this.#durableCommitted) return
    this.engine.transact(() => this.#hardState.putPosition(this.#position, this.state.bytes))
    this.#durableCommitted = committed
  }

  async saveIdentity(change: Partial<Identity>): Promise<void> {
    const identity = { ...this.#identity, ...change }
    this.engine.transact(() => this.#hardState.putIdentity(identity))
    this.#identity = identity
  }

  scrub(): ScrubPass {
    return new Scrub(this)
  }

  async close(): Promise<void> {
    await this.engine.close()
  }
}
