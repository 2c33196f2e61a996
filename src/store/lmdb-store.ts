// The Store of a real node: tables in an LMDB environment.
import { openEnvironment } from "./environment.ts"
import type { FirstIdentity } from "./store.ts"
import { TableStore } from "./table-store.ts"

/** Opens the store of a data directory, or makes it as `first`; the caller holds the directory's lock. Throws StoreDamaged. */
export function openLmdbStore(directory: string, first: FirstIdentity): TableStore {
  const engine = openEnvironment(directory)
  try {
    return new TableStore(engine, first)
  } catch (error) {
    void engine.close()
    throw error
  }
}
