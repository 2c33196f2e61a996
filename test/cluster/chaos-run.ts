// npm run chaos -- --rounds 500 [--seed 7] [--pairs 2], or --hours 2: treats pairs badly under load until a promise is broken, and
// then prints the command that replays the schedule. `--record` adds lines to docs/proof/runs.jsonl: one after every so many
// rounds, and one at the end, also of an interrupted run.
import { parseArgs } from "node:util"
import { chaos, type ChaosSummary, roundsOfAPair } from "./chaos.ts"
import { recordRun } from "./recorded-runs.ts"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    hours: { type: "string" },
    pairs: { type: "string", default: "1" },
    seed: { type: "string" },
    record: { type: "boolean", default: false },
  },
})
const startMs = performance.now()
const rounds = values.hours === undefined ? Number(values.rounds) : Number.POSITIVE_INFINITY
const endMs = values.hours === undefined ? Number.POSITIVE_INFINITY : startMs + Number(values.hours) * 3_600_000
const pairs = Number(values.pairs)
let seed = values.seed === undefined ? 1 + Math.floor(Math.random() * 1_000_000) : Number(values.seed)
if (Number.isNaN(rounds + endMs + seed + pairs)) throw new Error("--rounds, --hours, --pairs and --seed are numbers")

const counted = ["rounds", "acknowledged", "refused", "unknown", "operations", "kills", "pauses", "handovers", "promotions", "solos", "rejoins"] as const
type Total = Record<(typeof counted)[number], number>
const total = none()
/** Since the last line of the record. */
let unrecorded = none()
let recordedMs = startMs
/** Of a line of the record: what is lost if this process is killed as well. */
const roundsOfALine = 500
let left = rounds
let broken = 0
let stopping = false
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (stopping = true))

await Promise.all(Array.from({ length: pairs }, lane))
process.stdout.write(`${told()}, ${broken === 0 ? "no promise broken" : "A PROMISE BROKEN"}\n`)
if (values.record) record()
if (broken > 0) process.exitCode = 1

/** One pair after the other. */
async function lane(): Promise<void> {
  while (left > 0 && performance.now() < endMs && !stopping) {
    const mine = seed++
    const some = Math.min(roundsOfAPair, left)
    left -= some
    try {
      add(await chaos(mine, some))
      process.stdout.write(`${told()}, up to seed ${mine}\n`)
    } catch (error) {
      broken++
      stopping = true
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      process.stderr.write(`seed ${mine} failed; replay its schedule with: npm run chaos -- --rounds ${some} --seed ${mine}\n`)
    }
  }
}

function add(summary: ChaosSummary): void {
  for (const name of counted) {
    total[name] += summary[name]
    unrecorded[name] += summary[name]
  }
  if (values.record && unrecorded.rounds >= roundsOfALine) record()
}

function record(): void {
  const nowMs = performance.now()
  recordRun({ kind: "chaos", ...unrecorded, hours: Number(((nowMs - recordedMs) / 3_600_000).toFixed(3)), broken })
  unrecorded = none()
  recordedMs = nowMs
}

function none(): Total {
  return Object.fromEntries(counted.map((name) => [name, 0])) as Total
}

function told(): string {
  return counted.map((name) => `${total[name]} ${name}`).join(", ")
}
