// The two engines of the store, each as a disk that a test can open, look at, crash and throw away.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { type Identity, undecided } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { tableNames, type Tables } from "../../src/store/tables.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

export interface Disk {
  /** The store on it: new at first, later what was left there. One that is open must be closed before. */
  open(first?: Identity): TableStore
  /** The store that a process finds that starts after the one with `store` was killed now. */
  crash(store: TableStore): TableStore
  remove(): Promise<void>
}

export const first: Identity = { ...undecided, clusterId: undefined, nodeId: "a", role: "primary", epoch: { number: 0, id: "" } }

export function memoryDisk(): Disk {
  const engine = new MemoryEngine()
  const open = (identity = first): TableStore => new TableStore(engine, identity)
  return { open, crash: () => open(), remove: async () => undefined }
}

export function lmdbDisk(): Disk {
  const directory = mkdtempSync(join(tmpdir(), "tandem-store-"))
  const opened: TableStore[] = []
  let lives = 0
  const open = (identity = first): TableStore => {
    const store = openLmdbStore(join(directory, `life-${lives}`), identity)
    opened.push(store)
    return store
  }
  return {
    open,
    // A killed process leaves what it gave to the system: the file as it is at this moment, beside an environment that was never closed.
    crash: () => {
      const killed = join(directory, `life-${lives}`, "data.mdb")
      lives++
      mkdirSync(join(directory, `life-${lives}`))
      copyFileSync(killed, join(directory, `life-${lives}`, "data.mdb"))
      return open()
    },
    remove: async () => {
      for (const store of opened) await store.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** The mark of the format is the file's, not the store's. */
const formatKey = Buffer.from("format")

/** Every entry of every table, as text. */
export function dump(tables: Tables): string[] {
  const lines: string[] = []
  for (const name of tableNames) {
    for (const { key, value } of tables[name].getRange({})) if (!key.equals(formatKey)) lines.push(`${name} ${key.toString("hex")} ${value.toString("hex")}`)
  }
  return lines
}
