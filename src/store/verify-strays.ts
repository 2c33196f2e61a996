// The part of the full check that names rows that no record wrote, once the tally shows that there may be some.
import { openWrites } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { oldestOf } from "./horizon.ts"
import { partsOfKey, versionBytes } from "./keys.ts"
import { rowChanged } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import type { Tally } from "./tally.ts"
import type { VersionVisitor } from "./version-walk.ts"

export class StrayRows implements VersionVisitor {
  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly tally: Tally,
    private readonly findings: Findings,
  ) {}

  superseded(key: Buffer, version: number): void {
    if (version > this.committed || !this.tally.differs(key, version) || this.findings.isFull) return
    const { collection, id } = partsOfKey(key)
    if (version <= oldestOf(this.store.horizon(), collection)) return
    if (this.#isWritten(collection, id, version)) return
    this.findings.report(`${collection}/${id}`, `version ${version} of it is in no record`)
  }

  newest(key: Buffer, row: Buffer): void {
    if (row.length > versionBytes) this.superseded(key, rowChanged(row))
  }

  malformed(): void {}

  /** What the record says; true where it cannot be read, which is reported elsewhere. */
  #isWritten(collection: string, id: string, version: number): boolean {
    try {
      const record = this.store.record(version)
      return record !== undefined && openWrites(record.bytes).writes.some((write) => write.collection === collection && write.id === id)
    } catch (error) {
      if (error instanceof StoreDamaged) return true
      throw error
    }
  }
}
