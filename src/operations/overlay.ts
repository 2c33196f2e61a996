// Changes over the state at head that are on no disk yet: rows by collection and id, and who has which value. One for a batch, one
// for each of its transactions, which is merged into that of the batch or dropped whole.
import type { RowFacts, Term } from "../store/row.ts"
import type { Definition } from "./definition.ts"

export interface Staged {
  readonly collection: string
  readonly id: string
  readonly facts: RowFacts
  readonly terms: readonly Term[]
  /** Of the row, nearly. */
  readonly length: number
  /** JSON text; empty for a tombstone. Undefined where it is that of the row at head. */
  readonly body: string | undefined
  /** That row, where it is kept. */
  readonly row?: Uint8Array | undefined
  /** What the row at head, or that of an earlier transaction, gets from this one, which does not write it. */
  readonly filled?: readonly Term[] | undefined
}

export class Overlay {
  readonly rows = new Map<string, Staged>()
  readonly holders = new Map<string, string | null>()
  /** Who was given a value that is not unique; some may have it no more. */
  readonly given = new Map<string, Set<string>>()
  /** Definitions that were looked at and not written since: every write asks for one. */
  readonly definitions = new Map<string, Definition | undefined>()

  give(key: string, id: string): void {
    const ids = this.given.get(key)
    if (ids === undefined) this.given.set(key, new Set([id]))
    else ids.add(id)
  }

  merge(other: Overlay): void {
    for (const [key, staged] of other.rows) {
      this.rows.set(key, staged)
      if (staged.collection === "collections") this.definitions.delete(staged.id)
    }
    for (const [key, holder] of other.holders) this.holders.set(key, holder)
    for (const [key, ids] of other.given) for (const id of ids) this.give(key, id)
  }
}

export function rowKey(collection: string, id: string): string {
  return `${collection}\0${id}`
}

export function termKey(collection: string, term: Term): string {
  return `${collection}\0${term.field}\0${Buffer.from(term.value).toString("latin1")}`
}
