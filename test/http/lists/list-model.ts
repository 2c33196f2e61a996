// What a list must answer, found in the plainest way: every document of every version in memory, filtered and sorted in one go.
// Shares no code with what it checks. Must never be used outside of tests.

export type Scalar = string | number | boolean | null
export type Value = Readonly<Record<string, Scalar>>

export interface ModelFilter {
  readonly field: string
  readonly operator: "is" | "gt" | "gte" | "lt" | "lte"
  readonly value: Exclude<Scalar, null>
}

export interface ModelSort {
  readonly field: string
  readonly reverse: boolean
}

export class ListModel {
  /** By version; what was not changed is shared. */
  readonly #versions: ReadonlyMap<string, Value>[] = [new Map()]

  /** Says what a version left behind. Versions in between that were not told changed nothing. */
  set(version: number, change: (documents: Map<string, Value>) => void): void {
    const documents = new Map(this.at(version - 1))
    change(documents)
    this.#versions[version] = documents
  }

  at(version: number): ReadonlyMap<string, Value> {
    for (let known = version; known > 0; known--) {
      const documents = this.#versions[known]
      if (documents !== undefined) return documents
    }
    return new Map()
  }

  /** Ids in the order of `sort`, or of ids. */
  list(version: number, filters: readonly ModelFilter[], sort: ModelSort | undefined): string[] {
    const found = [...this.at(version)].filter(([, value]) => filters.every((filter) => fulfils(value, filter)))
    const ordered = found.sort(([idA, a], [idB, b]) => (sort === undefined ? 0 : compare(a[sort.field] ?? null, b[sort.field] ?? null)) || compare(idA, idB))
    const ids = ordered.map(([id]) => id)
    return sort?.reverse === true ? ids.reverse() : ids
  }
}

function fulfils(value: Value, { field, operator, value: wanted }: ModelFilter): boolean {
  const own = value[field] ?? null
  if (own === null) return false
  const order = compare(own, wanted)
  switch (operator) {
    case "is":
      return order === 0
    case "gt":
      return order > 0
    case "gte":
      return order >= 0
    case "lt":
      return order < 0
    case "lte":
      return order <= 0
    default:
      return operator satisfies never
  }
}

/** What is missing comes first; text goes by its bytes. */
function compare(a: Scalar, b: Scalar): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a) - Number(b)
}
