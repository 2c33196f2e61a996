// A Reader over Maps for the tests of the public app: every version of every row, nothing durable, no shortcuts in what
// "as of" means. Must never be used outside of tests.
import { genesisDigest } from "../../src/protocol/digest.ts"
import { openWrites, type SealedRecord } from "../../src/protocol/record.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { rowChanged, rowDeleted, rowTerms } from "../../src/store/row.ts"
import type { EntityRow, HistoryQuery, Identity, Page, PageQuery, Position, Reader } from "../../src/store/store.ts"

export class VersionedRows implements Reader {
  readonly #rows = new Map<string, Map<string, Uint8Array[]>>()
  readonly #records: SealedRecord[] = []
  readonly #keys = new Map<string, number>()
  committed = 0

  apply(record: SealedRecord): void {
    this.#records.push(record)
    const { key, writes } = openWrites(record.bytes)
    if (key !== undefined) this.#keys.set(textOf(key.hash), record.version)
    for (const { collection, id, row } of writes) {
      const entities = this.#rows.get(collection) ?? new Map<string, Uint8Array[]>()
      this.#rows.set(collection, entities)
      entities.set(id, [row, ...(entities.get(id) ?? [])])
    }
  }

  position(): Position {
    const last = this.#records.at(-1)
    return { head: this.#records.length, headDigest: last?.digest ?? genesisDigest, committed: this.committed }
  }

  identity(): Identity {
    return { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } }
  }

  row(collection: string, id: string, at: number): Uint8Array | undefined {
    return this.history(collection, id, { at, limit: 1 })[0]
  }

  page(collection: string, { at, after, limit }: PageQuery): Page {
    const ids = [...(this.#rows.get(collection)?.keys() ?? [])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const rows: EntityRow[] = []
    for (const id of ids) {
      if (after !== undefined && Buffer.compare(Buffer.from(id), Buffer.from(after)) <= 0) continue
      const row = this.row(collection, id, at)
      if (row === undefined || rowDeleted(row)) continue
      if (rows.length === limit) return { rows, next: rows.at(-1)?.id }
      rows.push({ id, row })
    }
    return { rows, next: undefined }
  }

  history(collection: string, id: string, { at, limit }: HistoryQuery): Uint8Array[] {
    const rows = this.#rows.get(collection)?.get(id) ?? []
    return rows.filter((row) => rowChanged(row) <= at).slice(0, limit)
  }

  lookup(collection: string, field: string, value: Uint8Array, at: number): string | undefined {
    for (const id of this.#rows.get(collection)?.keys() ?? []) {
      const row = this.row(collection, id, at)
      if (row === undefined || rowDeleted(row)) continue
      if (rowTerms(row).some((term) => term.field === field && Buffer.compare(term.value, value) === 0)) return id
    }
    return undefined
  }

  record(version: number): SealedRecord | undefined {
    return this.#records[version - 1]
  }

  records(from: number, to: number, countMax: number): SealedRecord[] {
    return this.#records.slice(from - 1, Math.min(to, from - 1 + countMax))
  }

  versionOfKey(keyHash: Uint8Array): number | undefined {
    return this.#keys.get(textOf(keyHash))
  }

  versionAtTime(timeMs: number, at: number): number {
    return this.#records.findLast((record) => record.version <= at && openRecord(record.bytes).timeMs <= timeMs)?.version ?? 0
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex")
}
