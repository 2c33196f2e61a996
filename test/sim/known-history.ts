// What every committed version wrote, kept apart from any store: what a read as of any version has to answer, for ever.
import type { Write } from "../../src/protocol/record.ts"
import { rowDeleted, rowTerms, rowText } from "../../src/store/row.ts"

interface Written {
  readonly version: number
  /** The body's text; undefined for a tombstone. */
  readonly text: string | undefined
  readonly terms: readonly string[]
}

export class KnownHistory {
  /** By collection and id, oldest first. */
  readonly #written = new Map<string, Map<string, Written[]>>()

  /** Versions come in order. */
  add(version: number, writes: readonly Write[]): void {
    for (const { collection, id, row } of writes) {
      const text = rowDeleted(row) ? undefined : rowText(row)
      const terms = rowTerms(row).map(({ field, value }) => `${field} ${Buffer.from(value).toString("latin1")}`)
      const entities = this.#written.get(collection) ?? new Map<string, Written[]>()
      this.#written.set(collection, entities)
      const versions = entities.get(id)
      if (versions === undefined) entities.set(id, [{ version, text, terms }])
      else versions.push({ version, text, terms })
    }
  }

  row(collection: string, id: string, at: number): string | undefined {
    return newest(this.#written.get(collection)?.get(id) ?? [], at)?.text
  }

  /** Versions of an entity, newest first. */
  versions(collection: string, id: string, at: number): number[] {
    const written = this.#written.get(collection)?.get(id) ?? []
    return written.map(({ version }) => version).filter((version) => version <= at).reverse()
  }

  entities(): { readonly collection: string; readonly id: string; readonly versions: readonly number[] }[] {
    const all = [...this.#written].flatMap(([collection, entities]) => [...entities].map(([id, written]) => ({ collection, id, written })))
    return all.map(({ collection, id, written }) => ({ collection, id, versions: written.map(({ version }) => version) }))
  }

  /** Live ids, in order. */
  ids(collection: string, at: number): string[] {
    const entities = [...(this.#written.get(collection) ?? [])]
    return entities.filter(([, versions]) => newest(versions, at)?.text !== undefined).map(([id]) => id).sort()
  }

  /** Who had a unique value. */
  holder(collection: string, field: string, value: Uint8Array, at: number): string | undefined {
    const term = `${field} ${Buffer.from(value).toString("latin1")}`
    for (const [id, versions] of this.#written.get(collection) ?? []) {
      if (newest(versions, at)?.terms.includes(term) === true) return id
    }
    return undefined
  }
}

function newest(versions: readonly Written[], at: number): Written | undefined {
  for (let n = versions.length - 1; n >= 0; n--) {
    const written = versions[n]
    if (written !== undefined && written.version <= at) return written
  }
  return undefined
}
