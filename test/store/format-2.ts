// A data file as the release before checksums wrote it.
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { open } from "lmdb"
import { formatKey } from "../../src/store/checked-table.ts"
import { tableNames, type Tables } from "../../src/store/tables.ts"

/** It had no digest of the state in it. */
const positionKey = Buffer.from("position")

/** With the entries of these tables, in a directory without one. */
export async function writeFormat2(directory: string, tables: Tables): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const root = open<Buffer, Buffer>({ path: join(directory, "data.mdb"), noSubdir: true, overlappingSync: false, maxDbs: 8, encoding: "binary", keyEncoding: "binary", permissionsMode: 0o600 } as Parameters<typeof open>[0])
  for (const name of tableNames) {
    const table = root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })
    root.transactionSync(() => {
      for (const { key, value } of tables[name].getRange({})) if (!key.equals(formatKey)) void table.put(key, name === "hard_state" && key.equals(positionKey) ? value.subarray(0, 44) : value)
      if (name === "hard_state") void table.put(formatKey, Buffer.from("2"))
    })
  }
  await root.close()
}
