// npm run bench:backup [-- --gigabytes 1 --seconds 10 --rounds 3]: what a backup of a large data file costs those who write meanwhile, in
// turns in one run; and how fast the copy is made, beside what the disk can do. Needs wrk.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { copyEnvironment } from "../../src/store/copy.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { RealCommand } from "../cluster/real-command.ts"
import { RealPair } from "../cluster/real-pair.ts"
import { first } from "../store/disks.ts"
import { sequentialRate } from "./disk-rate.ts"
import { dataBytes, fillTo } from "./filled-pair.ts"
import { megabytes, percent, print } from "./shown.ts"
import { wrk } from "./wrk.ts"

const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "1" }, seconds: { type: "string", default: "10" }, rounds: { type: "string", default: "3" } } })
const wantedBytes = Number(values.gigabytes) * 1e9
const seconds = Number(values.seconds)
const script = fileURLToPath(new URL("post-user.lua", import.meta.url))
const toReach = 0.8

const pair = await RealPair.make({ flags: ["--peer-timeout", "20s", "--watchdog", "60s"] })
try {
  await pair.start()
  await fillTo(wantedBytes, pair)
  print(`a data file of ${megabytes(dataBytes(pair.a))}\n`)
  const ratios: number[] = []
  await writesPerSecond()
  for (let round = 1; round <= Number(values.rounds); round++) ratios.push(await compared(round))
  const middle = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0
  print(`  median ${percent(middle)}; to reach: ${percent(toReach)}\n`)
  for (const node of pair.nodes) await node.stop()
  await copyRate()
} finally {
  await pair.remove()
}

async function writesPerSecond(): Promise<number> {
  const { perSecond, failed } = await wrk({ url: `${pair.a.url}/do`, pid: pair.a.pid, token: pair.a.rootKey, connections: 64, seconds, script })
  if (failed > 0) throw new Error(`${failed} requests failed`)
  return perSecond
}

/** The load begins with the backup; where that takes longer, all of the load falls into it. */
async function compared(round: number): Promise<number> {
  const alone = await writesPerSecond()
  const startedMs = performance.now()
  const to = join(pair.directory, `${round}.backup`)
  const backup = new RealCommand(["backup", to, "--url", pair.a.url, "--data", pair.a.data], { program: "bun" })
  let tookMs = Number.NaN
  const ended = backup.ended.then((ending) => {
    tookMs = performance.now() - startedMs
    return ending
  })
  const during = await writesPerSecond()
  const inIt = Number.isNaN(tookMs) ? 1 : Math.min(1, tookMs / (seconds * 1_000))
  const { code } = await ended
  if (code !== 0) throw new Error(`the backup failed: ${backup.err}`)
  print(`  round ${round}: ${Math.round(alone)}/s alone, ${Math.round(during)}/s with a backup, which took ${(tookMs / 1_000).toFixed(1)} s (${percent(inIt)} of the load): ${percent(during / alone)}\n`)
  rmSync(to)
  return during / alone
}

async function copyRate(): Promise<void> {
  const store = openLmdbStore(pair.a.data, first)
  const path = join(pair.directory, "copy")
  const startedMs = performance.now()
  const { bytes } = await copyEnvironment(store, path, { freeBytes: () => Number.MAX_SAFE_INTEGER, floorBytes: 0 })
  const copied = bytes / (performance.now() - startedMs)
  await store.close()
  rmSync(path)
  const plain = sequentialRate(path, bytes)
  print(`copy of ${megabytes(bytes)}: ${Math.round(copied / 1_000)} MB/s; the disk writes ${Math.round(plain / 1_000)} MB/s in order: ${percent(copied / plain)}\n`)
}
