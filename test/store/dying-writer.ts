// A process that prepares batches in a data directory, says which are prepared, and kills itself right after the last one.
// Run as `dying-writer.ts <directory> <batches>`; with 0 batches it dies while the data file is being made.
import { mkdtempSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { Chain, unique } from "./chain.ts"
import { first } from "./disks.ts"

const [directory = "", batches = "0"] = process.argv.slice(2)

if (batches === "0") {
  writeFileSync(join(mkdtempSync(join(directory, "new-")), "data.mdb"), Buffer.alloc(5_000, 1))
} else {
  const store = openLmdbStore(directory, first)
  const chain = new Chain()
  for (let n = 1; n <= Number(batches); n++) {
    const records = [chain.next([{ id: `e${n}`, body: `${n}`, terms: [unique(`v${n}`)] }], { key: `k${n}` }), chain.next([{ id: "same", body: "x".repeat(50_000) }])]
    const refused = await store.prepare({ records, committed: store.position().head })
    if (refused !== undefined) throw new Error(refused.detail)
    writeSync(1, `${store.position().head} ${Buffer.from(store.position().headDigest).toString("hex")}\n`)
    if (n < Number(batches)) store.commit(store.position().head)
  }
}
process.kill(process.pid, "SIGKILL")
