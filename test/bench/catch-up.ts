// npm run bench:catch-up [-- --versions 200000 --rounds 3]: how fast a replica with an empty disk is given a log of small records.
import { rmSync } from "node:fs"
import { parseArgs } from "node:util"
import type { RealNode } from "../cluster/real-node.ts"
import { RealPair } from "../cluster/real-pair.ts"
import { fillVersions } from "./filled-pair.ts"
import { print } from "./shown.ts"

const { values } = parseArgs({ options: { versions: { type: "string", default: "200000" }, rounds: { type: "string", default: "3" } } })
const toReach = 30_000

const pair = await RealPair.make({ flags: ["--lease", "60s", "--peer-timeout", "30s", "--sync-timeout", "600s", "--watchdog", "60s"] })
try {
  await pair.start()
  await fillVersions(Number(values.versions), pair)
  const rates: number[] = []
  for (let round = 1; round <= Number(values.rounds); round++) rates.push(await caughtUp(round))
  print(`  median ${Math.round(rates.sort((one, other) => one - other)[Math.floor(rates.length / 2)] ?? 0)} records a second; to reach: ${toReach}\n`)
} finally {
  await pair.remove()
}

/** Records a second, from the first one that the replica has to the last. */
async function caughtUp(round: number): Promise<number> {
  const { a, b } = pair
  await b.stop("SIGKILL")
  rmSync(b.data, { recursive: true })
  a.supervise()
  b.start({ flags: ["--join"] })
  const head = await headOf(a)
  let from: { readonly head: number; readonly atMs: number } | undefined
  for (;;) {
    const now = await headOf(b)
    if (from === undefined && now > 0) from = { head: now, atMs: performance.now() }
    if (from !== undefined && now === head) {
      const rate = ((head - from.head) * 1_000) / (performance.now() - from.atMs)
      print(`  round ${round}: ${head - from.head} records in ${((performance.now() - from.atMs) / 1_000).toFixed(1)} s: ${Math.round(rate)} a second\n`)
      return rate
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function headOf(node: RealNode): Promise<number> {
  return ((await node.json("/status").catch(() => ({ head: 0 }))) as { readonly head: number }).head
}
