// npm run sim -- --seed 42, or --seeds 10000 [--from 1]: tries seeds and prints the command that replays a failing one.
import { parseArgs } from "node:util"
import { simulate } from "./simulate.ts"

const { values } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string", default: "10000" }, from: { type: "string", default: "1" } },
})
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
let acknowledged = 0
let crashes = 0
for (let seed = from; seed < from + count; seed++) {
  try {
    const summary = simulate(seed)
    acknowledged += summary.acknowledged
    crashes += summary.crashes
  } catch (error) {
    process.stderr.write(`seed ${seed} failed; replay it with: npm run sim -- --seed ${seed}\n`)
    throw error
  }
  if ((seed - from + 1) % 1_000 === 0) process.stdout.write(`${seed - from + 1} of ${count} seeds: ${acknowledged} acknowledged, ${crashes} crashes\n`)
}
process.stdout.write(`${count} seeds: ${acknowledged} acknowledged, ${crashes} crashes, no check failed\n`)
