// npm run sim -- --seeds 1000000 --from 1 [--workers n] [--record] | --exhaustive | --seed 42 [--trace] | --crash … as a failure prints it.
// Tries seeds, or every crash of a short history, on all cores; a failing one is printed with the command that replays it.
// With --record what was run is added to docs/proof/runs.jsonl.
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { type Case, crashCase, historyFrom, type Job, seedCase } from "./cases.ts"
import { type Failure, failureOf, type Outcome, type Totals, tryJob, tryShare } from "./shares.ts"
import { traceDigest } from "./trace-digest.ts"
import { recordRun } from "../cluster/recorded-runs.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    exhaustive: { type: "boolean", default: false },
    crash: { type: "string" },
    "when-stuck": { type: "string", default: "exit" },
    restart: { type: "string", default: "50" },
    workers: { type: "string", default: String(availableParallelism()) },
    trace: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
})

const one = values.seed !== undefined ? seedCase(Number(values.seed)) : values.crash !== undefined ? crashCase(historyFrom(values.crash, values["when-stuck"], Number(values.restart))) : undefined
process.exitCode = one === undefined ? await runJob() : replay(one)

function replay(replayed: Case): number {
  try {
    const digest = traceDigest((hear) => replayed.run(hear), values.trace ? (line) => process.stdout.write(`${line}\n`) : undefined)
    process.stdout.write(`${replayed.replay}: no check failed; trace ${digest}\n`)
    return 0
  } catch (error) {
    return failed(failureOf(replayed, error))
  }
}

async function runJob(): Promise<number> {
  const job: Job = values.exhaustive ? { kind: "exhaustive", stride: 1 } : { kind: "seeds", from: Number(values.from), count: Number(values.seeds) }
  const what = job.kind === "seeds" ? `${job.count} seeds` : "crashes"
  const begun = performance.now()
  const seconds = (): number => (performance.now() - begun) / 1_000
  let shownAt = 0
  const progress = (totals: Totals): void => {
    if (seconds() - shownAt < 2) return
    shownAt = seconds()
    const leftSeconds = job.kind === "seeds" ? (seconds() / totals.cases) * (job.count - totals.cases) : undefined
    const left = leftSeconds === undefined ? "" : `, ${Math.ceil(leftSeconds / 60)} min left`
    process.stdout.write(`${totals.cases} of ${what}, ${Math.round(totals.cases / seconds())} a second${left}: ${textOf(totals)}\n`)
  }
  const workers = Number(values.workers)
  const { totals, failure }: Outcome = workers === 1 ? await tryShare({ job, nth: 0, of: 1 }, progress) : await tryJob(job, workers, progress)
  if (values.record) record(job, totals, seconds(), failure)
  if (failure !== undefined) return failed(failure)
  process.stdout.write(`${totals.cases} ${job.kind === "seeds" ? "seeds" : "histories"} in ${seconds().toFixed(1)} s: ${textOf(totals)}; no check failed\n`)
  return 0
}

function record(job: Job, { cases, ...happened }: Totals, seconds: number, failure: Failure | undefined): void {
  const tried = job.kind === "seeds" ? { from: job.from, seeds: cases } : { histories: cases }
  recordRun({ kind: "sim", ...tried, ...happened, seconds: Math.round(seconds), failed: failure?.replay ?? "" })
}

function textOf({ acknowledged, crashes, stuck, rejected, disksLost, promotions, handovers, rejoins, solos, partings, discards, copies, upgrades }: Totals): string {
  return `${acknowledged} acknowledged, ${rejected} rejected, ${crashes} crashes, ${stuck} times stuck, ${disksLost} disks lost, ${promotions} promotions, ${handovers} hand-overs, ${rejoins} rejoins, ${solos} times solo, ${partings} times parted by force, ${discards} discarded, ${copies} copies fetched, ${upgrades} upgrades`
}

function failed({ replay: again, check, error }: Failure): number {
  process.stderr.write(`${error}\n\n${again} failed (${check}); replay it with: npm run sim -- ${again} --trace\n`)
  return 1
}
