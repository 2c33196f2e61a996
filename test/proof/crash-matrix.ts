// npm run proof:crashes kills a real pair at every step of a write, in every restart order, and writes what became of it to
// docs/proof/crashes.json. Ends at the first promise that is broken.
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { failpoints } from "../../src/runtime/failpoint.ts"
import { type Kept, killAt, type Order, orders } from "../cluster/killed-at.ts"
import { groupOf, groups } from "./failpoint-groups.ts"

export const crashesFile = join(import.meta.dirname, "../../docs/proof/crashes.json")

export interface Crash extends Kept {
  readonly failpoint: string
  readonly order: Order
}

export interface Crashes {
  readonly commit: string
  readonly crashes: readonly Crash[]
}

async function run(): Promise<void> {
  const crashes: Crash[] = []
  for (const failpoint of failpoints) {
    if (groupOf(failpoint) !== groups.write) continue
    crashes.push(...(await Promise.all(orders.map(async (order) => ({ failpoint, order, ...(await killAt(failpoint, order)) })))))
    process.stdout.write(`${failpoint}: kept in all ${orders.length} orders\n`)
  }
  const commit = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).trim()
  const found: Crashes = { commit, crashes }
  mkdirSync(dirname(crashesFile), { recursive: true })
  writeFileSync(crashesFile, `${JSON.stringify(found, undefined, 1)}\n`)
}

if (import.meta.main) await run()
