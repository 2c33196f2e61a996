// npm run bench:snapshot [-- --gigabytes 1]: how fast a replica with an empty disk fetches a whole copy, where the log was trimmed, beside what
// the disk can write in order.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RealPair, until } from "../cluster/real-pair.ts"
import { dataBytes, fillTo } from "./filled-pair.ts"
import { sequentialRate } from "./disk-rate.ts"
import { megabytes, percent, print } from "./shown.ts"

const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "1" } } })
const toReach = 0.5

const pair = await RealPair.make({ flags: ["--retention", "10", "--lease", "60s", "--peer-timeout", "30s", "--sync-timeout", "600s", "--watchdog", "60s"] })
try {
  await pair.start()
  await fillTo(Number(values.gigabytes) * 1e9, pair)
  await until("the log is trimmed", async () => ((await pair.a.json("/status")) as { readonly oldestVersion: number }).oldestVersion > 1)
  await measure()
} finally {
  await pair.remove()
}

async function measure(): Promise<void> {
  const { a, b } = pair
  await b.stop("SIGKILL")
  rmSync(b.data, { recursive: true })
  pair.supervise()
  const startedMs = performance.now()
  b.start({ flags: ["--join"] })
  await until("b is in sync", () => b.isReady(), () => pair.printed)
  const tookMs = performance.now() - startedMs
  const bytes = dataBytes(b)
  await a.stop()
  await b.stop()
  const plain = sequentialRate(join(pair.directory, "plain"), bytes)
  // The replica's own word for the chunks alone.
  const said = [...pair.printed.matchAll(/has \d+ % of the copy, at ([\d.]+) MB\/s/g)].at(-1)?.[1]
  const fetched = Number(said ?? Number.NaN) * 1_000
  print(`a copy of ${megabytes(bytes)}: fetched at ${Math.round(fetched / 1_000)} MB/s, ${percent(fetched / plain)} of the ${Math.round(plain / 1_000)} MB/s that the disk writes in order; to reach: ${percent(toReach)}\n`)
  print(`  from its start to being in sync, with making the copy and checking all of it: ${(tookMs / 1_000).toFixed(1)} s, ${Math.round(bytes / tookMs / 1_000)} MB/s, ${percent(bytes / tookMs / plain)}\n`)
}
