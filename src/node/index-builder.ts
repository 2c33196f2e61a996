// Builds the indexes that definitions of large collections began, on the primary: it looks through the documents in turns and gives
// those without their terms these, a few hundred in each transaction, through the writer like any other. After a restart it looks
// through all of them again; what has its terms is passed over. So it keeps nothing, and may be killed at any moment.
import { bounds } from "../bounds.ts"
import { buildingTerm } from "../operations/defining.ts"
import { definitionAt } from "../operations/definition.ts"
import { indexFill } from "../operations/index-fill.ts"
import { indexReady } from "../operations/index-ready.ts"
import { internalTransaction } from "../operations/internal-transaction.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import { rowTerms } from "../store/row.ts"
import type { EntityRow, Reader } from "../store/store.ts"
import { Turns } from "../store/turns.ts"
import type { Outcome } from "./service.ts"

export interface IndexBuilderParts {
  readonly reader: Reader
  readonly submit: (transaction: SubmittedTransaction) => Promise<Outcome>
}

export class IndexBuilder {
  readonly #parts: IndexBuilderParts
  #underWay = false
  /** Nothing was being built as of this version. */
  #idleAt = -1

  constructor(parts: IndexBuilderParts) {
    this.#parts = parts
  }

  /** Called often, and only while this node takes writes. */
  tick(): void {
    const { reader } = this.#parts
    const { committed } = reader.position()
    if (this.#underWay || committed === this.#idleAt) return
    const { field, value } = buildingTerm
    const [name] = reader.holders("collections", field, value, { at: committed, after: undefined, limit: 1 }).ids
    if (name === undefined) {
      this.#idleAt = committed
      return
    }
    this.#underWay = true
    // Whatever came of it: the next tick sees what is left to do.
    void this.#build(name).then(() => {
      this.#underWay = false
    })
  }

  async #build(name: string): Promise<void> {
    const { reader, submit } = this.#parts
    const terms = buildingIn(reader, name)
    const turns = new Turns()
    let after: string | undefined
    do {
      const { rows, next } = reader.page(name, { at: reader.position().committed, after, limit: bounds.fillDocumentsMax })
      const chunk = firstOf(rows)
      const ids = chunk.filter(({ row }) => lacksOne(row, terms)).map(({ id }) => id)
      if (ids.length > 0 && !(await this.#done(internalTransaction(indexFill, { collection: name, ids })))) return
      after = chunk.length < rows.length ? chunk.at(-1)?.id : next
      // Other work gets its turn where nothing was to be filled.
      await turns.end()
    } while (after !== undefined)
    await submit(internalTransaction(indexReady, { collection: name, terms: [...terms] }))
  }

  async #done(transaction: SubmittedTransaction): Promise<boolean> {
    return (await this.#parts.submit(transaction)).kind === "committed"
  }
}

/** The terms of the indexes of a collection that are not ready. */
function buildingIn(reader: Reader, name: string): ReadonlySet<string> {
  const indexes = Object.values(definitionAt(reader, name, reader.position().committed)?.indexes ?? {})
  return new Set(indexes.flatMap(({ term, state }) => (state === "building" ? [term] : [])))
}

function lacksOne(row: Uint8Array, terms: ReadonlySet<string>): boolean {
  const own = new Set(rowTerms(row).map(({ field }) => field))
  return [...terms].some((term) => !own.has(term))
}

/** As many rows as one transaction should look at; at least one where there is one. */
function firstOf(rows: readonly EntityRow[]): readonly EntityRow[] {
  let bytes = 0
  const end = rows.findIndex(({ row }, n) => (bytes += row.length) > bounds.fillBytesMax && n > 0)
  return end < 0 ? rows : rows.slice(0, end)
}
