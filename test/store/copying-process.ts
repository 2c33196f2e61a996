// A process that fills a store, copies it while it goes on writing, and kills itself at a step of the copy; without a step it closes the
// store in the middle of the copy, and ends in order. Run as `copying-process.ts <directory> [<step>]`.
import { join } from "node:path"
import { copyEnvironment } from "../../src/store/copy.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { Chain } from "./chain.ts"
import { first } from "./disks.ts"

const [directory = "", step] = process.argv.slice(2)
const store = openLmdbStore(join(directory, "store"), first)
const chain = new Chain()

async function write(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, n) => chain.next([{ id: `e${n}`, body: "x".repeat(10_000) }]))
  await store.prepare({ records, committed: store.position().head })
  store.commit(store.position().head)
}

for (let n = 0; n < 20; n++) await write(100)
const copying = copyEnvironment(store, join(directory, "copy.mdb"), {
  freeBytes: () => Number.MAX_SAFE_INTEGER,
  floorBytes: 0,
  at: (done) => {
    if (done === step) process.kill(process.pid, "SIGKILL")
  },
})
if (step === undefined) {
  await store.close()
  process.exit(0)
}
for (let n = 0; n < 5; n++) {
  await write(1)
  await new Promise((resolve) => setImmediate(resolve))
}
process.stdout.write(`${(await copying).version}\n`)
await store.close()
