// npm run chaos -- --rounds 500 [--seed 7], or --minutes 30: kills nodes under load until a promise is broken, and then
// prints the command that replays the schedule.
import { parseArgs } from "node:util"
import { chaos, type ChaosSummary, roundsOfAPair } from "./chaos.ts"

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "100" }, minutes: { type: "string" }, seed: { type: "string" } },
})
const rounds = values.minutes === undefined ? Number(values.rounds) : Number.POSITIVE_INFINITY
const endMs = values.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(values.minutes) * 60_000
const first = values.seed === undefined ? 1 + Math.floor(Math.random() * 1_000_000) : Number(values.seed)
if (Number.isNaN(rounds + endMs + first)) throw new Error("--rounds, --minutes and --seed are numbers")

const total = { acknowledged: 0, refused: 0, unknown: 0, kills: 0 }
let done = 0
for (let seed = first; done < rounds && performance.now() < endMs; seed++) {
  const some = Math.min(roundsOfAPair, rounds - done)
  try {
    add(await chaos(seed, some, () => done++))
  } catch (error) {
    process.stderr.write(`seed ${seed} failed; replay its schedule with: npm run chaos -- --rounds ${some} --seed ${seed}\n`)
    throw error
  }
  process.stdout.write(`${done} rounds, up to seed ${seed}: ${described()}\n`)
}
process.stdout.write(`${done} rounds: ${described()}, no promise broken\n`)

function add(summary: ChaosSummary): void {
  for (const name of ["acknowledged", "refused", "unknown", "kills"] as const) total[name] += summary[name]
}

function described(): string {
  return `${total.kills} kills, ${total.acknowledged} acknowledged, ${total.refused} refused, ${total.unknown} unknown at first`
}
