// The full check of a node's store: the log's chain, rows and history against the log's write sets, the indexes against
// the rows. Reads only, in short turns, as of the version that was committed when it began.
import { type Digest, digestOf, digestText, genesisDigest, sameDigest } from "../protocol/digest.ts"
import { openWrites, type SealedRecord } from "../protocol/record.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { endOfPrefix, entityKey, historyKey, partsOfKey, versionAtEnd } from "./keys.ts"
import type { TableStore } from "./table-store.ts"
import type { Table } from "./tables.ts"
import { rowBody, rowChanged, rowDeleted, rowTerms } from "./row.ts"

export interface Problem {
  readonly where: string
  readonly what: string
}

export interface StoreCheckReport {
  readonly committed: number
  /** SHA-256 of all that reads as of `committed` can show; equal on both nodes. */
  readonly digest: string
  readonly problems: readonly Problem[]
  readonly counts: { readonly records: number; readonly entities: number; readonly superseded: number }
}

/** Entries looked at before other work gets its turn. */
const turnCount = 1_000
const problemsMax = 100

export async function verifyStore(store: TableStore, onProgress: (done: number, total: number) => void): Promise<StoreCheckReport> {
  const check = new Check(store)
  const { committed } = check
  const total = 2 * committed
  const head = await check.log((done) => onProgress(done, total))
  const entities = await check.rows((done) => onProgress(committed + Math.min(done, committed), total))
  const digest = digestText(digestOf(Buffer.concat([head, check.content])))
  return { committed, digest, problems: check.problems, counts: { records: committed, entities, superseded: check.superseded } }
}

class Check {
  readonly problems: Problem[] = []
  readonly committed: number
  content: Digest = genesisDigest
  superseded = 0
  readonly #store: TableStore

  constructor(store: TableStore) {
    this.#store = store
    this.committed = store.position().committed
  }

  /** The chain, and that every write of every record is found as a row. Gives the digest at `committed`. */
  async log(onProgress: (done: number) => void): Promise<Digest> {
    let parent: Digest = genesisDigest
    for (let version = 1; version <= this.committed; version++) {
      const record = this.#record(version)
      if (record !== undefined) {
        if (!sameDigest(record.parent, parent)) this.#report(`version ${version}`, "its parent is not the digest of the record before it")
        parent = record.digest
        this.#writesOf(record)
      }
      if (version % turnCount === 0) {
        onProgress(version)
        await turn()
      }
    }
    return parent
  }

  #record(version: number): SealedRecord | undefined {
    try {
      const record = this.#store.record(version)
      if (record === undefined) this.#report(`version ${version}`, "it is missing from the log")
      return record
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#report(`version ${version}`, error instanceof StoreDamaged ? error.message : `it cannot be read: ${error.message}`)
      return undefined
    }
  }

  #writesOf(record: SealedRecord): void {
    const { key, writes } = openWrites(record.bytes)
    if (key !== undefined && this.#store.versionOfKey(key.hash) !== record.version) {
      this.#report(`version ${record.version}`, "its idempotency key is not found")
    }
    const { rows, history } = this.#store.engine.tables
    for (const { collection, id, row } of writes) {
      const newest = rows.get(entityKey(collection, id))
      const stored = newest !== undefined && rowChanged(newest) === record.version ? newest : history.get(historyKey(collection, id, record.version))
      if (stored === undefined) this.#report(`${collection}/${id}`, `version ${record.version} of it is missing`)
      else if (Buffer.compare(stored, row) !== 0) this.#report(`${collection}/${id}`, `version ${record.version} of it is not what the log says`)
    }
  }

  /** Rows and index entries, and the digest of what they show. Gives the count of live entities. */
  async rows(onProgress: (done: number) => void): Promise<number> {
    const { rows, history } = this.#store.engine.tables
    let entities = 0
    let done = 0
    let after: Buffer | undefined
    for (;;) {
      const page: { key: Buffer; value: Buffer }[] = []
      for (const { key, value } of rows.getRange({ ...(after === undefined ? {} : { start: endOfPrefix(after) }), limit: turnCount })) {
        page.push({ key: Buffer.from(key), value })
      }
      for (const { key, value } of page) {
        const { collection, id } = partsOfKey(key)
        this.#index(collection, id, value)
        this.#superseded(collection, id, history)
        const shown = this.#store.row(collection, id, this.committed)
        if (shown === undefined || rowDeleted(shown)) continue
        entities++
        this.content = digestOf(Buffer.concat([this.content, key, rowBody(shown)]))
      }
      after = page.at(-1)?.key
      done += page.length
      onProgress(done)
      if (page.length < turnCount) return entities
      await turn()
    }
  }

  #superseded(collection: string, id: string, history: Table): void {
    const prefix = entityKey(collection, id)
    for (const { key, value } of history.getRange({ start: prefix, end: endOfPrefix(prefix) })) {
      this.superseded++
      if (rowChanged(value) !== versionAtEnd(key)) this.#report(`${collection}/${id}`, `its version ${versionAtEnd(key)} is stored under another number`)
    }
  }

  #index(collection: string, id: string, row: Buffer): void {
    for (const term of rowTerms(row)) {
      const since = this.#store.index.since(collection, term, id)
      if (since === undefined) this.#report(`${collection}/${id}`, `its index entry for ${term.field} is missing`)
      else if (since > rowChanged(row)) this.#report(`${collection}/${id}`, `its index entry for ${term.field} is newer than it`)
    }
  }

  #report(where: string, what: string): void {
    if (this.problems.length < problemsMax) this.problems.push({ where, what })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
