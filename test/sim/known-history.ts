// What every committed version wrote, kept apart from any store: what a read as of any version has to answer, for ever.
import type { Write } from "../../src/protocol/record.ts"
import { rowDeleted, rowFill, rowTerms, rowText } from "../../src/store/row.ts"

interface Written {
  readonly version: number
  /** The body's text; undefined for a tombstone. */
  readonly text: string | undefined
  /** Fills add to them. */
  readonly terms: KnownTerm[]
}

interface KnownTerm {
  readonly field: string
  /** Its bytes as latin1, whose order is theirs. */
  readonly value: string
  readonly since: number
}

export class KnownHistory {
  /** By collection and id, oldest first. */
  readonly #written = new Map<string, Map<string, Written[]>>()

  /** Versions come in order. */
  add(version: number, writes: readonly Write[]): void {
    for (const { collection, id, row } of writes) {
      const text = rowDeleted(row) ? undefined : rowText(row)
      const terms = rowTerms(row).map(({ field, value }) => ({ field, value: latin1(value), since: version }))
      const entities = this.#written.get(collection) ?? new Map<string, Written[]>()
      this.#written.set(collection, entities)
      const versions = entities.get(id)
      if (rowFill(row)) {
        versions?.at(-1)?.terms.push(...terms)
        continue
      }
      if (versions === undefined) entities.set(id, [{ version, text, terms }])
      else versions.push({ version, text, terms })
    }
  }

  /** Of a history that goes on from `version` without what is above it. */
  cutAt(version: number): KnownHistory {
    const cut = new KnownHistory()
    for (const [collection, entities] of this.#written) {
      const kept = [...entities].map(([id, written]) => [id, writtenUpTo(written, version)] as const)
      cut.#written.set(collection, new Map(kept.filter(([, written]) => written.length > 0)))
    }
    return cut
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
    const text = latin1(value)
    for (const [id, versions] of this.#written.get(collection) ?? []) {
      if (newest(versions, at)?.terms.some((term) => term.field === field && term.value === text && term.since <= at) === true) return id
    }
    return undefined
  }

  /** Who had which value of a field, in the order of an index. */
  entries(collection: string, field: string, at: number): { readonly value: string; readonly id: string }[] {
    const found = [...(this.#written.get(collection) ?? [])].flatMap(([id, versions]) => {
      const terms = newest(versions, at)?.terms ?? []
      return terms.flatMap((term) => (term.field === field && term.since <= at ? [{ value: term.value, id, order: `${term.value}\0${id}` }] : []))
    })
    return found.sort((a, b) => (a.order < b.order ? -1 : 1))
  }
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1")
}

function writtenUpTo(written: readonly Written[], at: number): Written[] {
  const kept = written.filter(({ version }) => version <= at)
  return kept.map(({ version, text, terms }) => ({ version, text, terms: terms.filter(({ since }) => since <= at) }))
}

function newest(versions: readonly Written[], at: number): Written | undefined {
  for (let n = versions.length - 1; n >= 0; n--) {
    const written = versions[n]
    if (written !== undefined && written.version <= at) return written
  }
  return undefined
}
