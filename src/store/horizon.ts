// The horizon: the oldest version that may still be read. It is a row like any other, so it is replicated, undone and committed
// as every row is, and both nodes have it at the same version. What lies below it may be taken away; trim.ts does that.
import { rowDeleted, rowText } from "./row.ts"

/** Where the row is. A name that no collection can be given, and that no read shows. */
export const horizonRow = { collection: "retention", id: "horizon" } as const

export interface Horizon {
  /** Of every collection that is not named below; 0 where everything is kept. */
  readonly oldest: number
  readonly collections: ReadonlyMap<string, number>
  /** The least of all: the log, its idempotency keys and the definitions go as far back as any collection does. */
  readonly log: number
}

/** As the row has it. */
export interface HorizonBody {
  readonly oldest: number
  readonly collections: { readonly [collection: string]: number }
}

export const noHorizon: Horizon = { oldest: 0, collections: new Map(), log: 0 }

export function horizonOfRow(row: Uint8Array | undefined): Horizon {
  if (row === undefined || rowDeleted(row)) return noHorizon
  const { oldest, collections } = JSON.parse(rowText(row)) as HorizonBody
  const named = new Map(Object.entries(collections))
  return { oldest, collections: named, log: Math.min(oldest, ...named.values()) }
}

/** The oldest version as of which a collection can be read. */
export function oldestOf({ oldest, collections }: Horizon, collection: string): number {
  return collections.get(collection) ?? oldest
}
