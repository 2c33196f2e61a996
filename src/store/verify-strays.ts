// The part of the full check that names rows and later terms of rows that no record wrote, once the tally shows that there may
// be some.
import { openWrites, type Write } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { oldestOf } from "./horizon.ts"
import { partsOfKey, versionBytes } from "./keys.ts"
import { rowChanged, rowFacts, rowFill, rowTerms, type Term } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import { fillKey, type Tally } from "./tally.ts"
import { sameTerm } from "./term-index.ts"
import type { VersionVisitor } from "./version-walk.ts"

export class StrayRows implements VersionVisitor {
  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly tally: Tally,
    private readonly findings: Findings,
  ) {}

  superseded(key: Buffer, version: number, row: Buffer): void {
    if (version > this.committed || this.findings.isFull) return
    const { collection, id } = partsOfKey(key)
    const oldest = oldestOf(this.store.horizon(), collection)
    const isOf = (write: Write): boolean => write.collection === collection && write.id === id
    if (version > oldest && this.tally.differs(key, version) && !this.#isWritten(version, (write) => isOf(write) && !rowFill(write.row))) {
      this.findings.report(`${collection}/${id}`, `version ${version} of it is in no record`)
    }
    for (const { since, ...term } of termsOf(row)) {
      if (since === undefined || since <= oldest || since > this.committed || !this.tally.differs(fillKey(key, term), since)) continue
      if (this.#isWritten(since, (write) => isOf(write) && isFillOf(write.row, version, term))) continue
      this.findings.report(`${collection}/${id}`, `version ${version} of it has a ${term.field} added by version ${since}, whose record does not have it`)
    }
  }

  newest(key: Buffer, row: Buffer): void {
    if (row.length > versionBytes) this.superseded(key, rowChanged(row), row)
  }

  malformed(): void {}

  /** What the record says; true where it cannot be read, which is reported elsewhere. */
  #isWritten(version: number, isIt: (write: Write) => boolean): boolean {
    try {
      const record = this.store.record(version)
      return record !== undefined && openWrites(record.bytes).writes.some(isIt)
    } catch (error) {
      if (error instanceof StoreDamaged) return true
      throw error
    }
  }
}

function isFillOf(row: Uint8Array, completes: number, term: Term): boolean {
  return rowFill(row) && rowFacts(row).created === completes && rowTerms(row).some((own) => sameTerm(own, term))
}

/** None of a damaged row, which is reported elsewhere. */
function termsOf(row: Buffer): Term[] {
  try {
    return rowTerms(row)
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
}
