// npm run power-cuts -- --cuts 300 [--seed 7], or --hours 1: cuts the power of recorded pairs, each some hundred times, until a promise
// is broken. A seed picks the moment and the losses; the recording is another one each time. `--record` as in chaos-run.ts.
import { parseArgs } from "node:util"
import { inTurns } from "./in-turns.ts"
import { Recording } from "./power-cut.ts"
import { recordRun } from "./recorded-runs.ts"

const cutsOfARecording = 150

const { values } = parseArgs({
  options: { cuts: { type: "string", default: "300" }, hours: { type: "string" }, seed: { type: "string", default: "1" }, record: { type: "boolean", default: false } },
})
const startMs = performance.now()
const cuts = values.hours === undefined ? Number(values.cuts) : Number.POSITIVE_INFINITY
const endMs = values.hours === undefined ? Number.POSITIVE_INFINITY : startMs + Number(values.hours) * 3_600_000
const first = Number(values.seed)
if (Number.isNaN(cuts + endMs + first)) throw new Error("--cuts, --hours and --seed are numbers")

let done = 0
let broken = 0
let stopping = false
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (stopping = true))

while (done < cuts && performance.now() < endMs && !stopping) {
  const recording = await Recording.make(8 + (done % 5))
  const seeds = Array.from({ length: Math.min(cutsOfARecording, cuts - done) }, (_, n) => first + done + n)
  await inTurns(seeds, async (seed) => {
    if (stopping || performance.now() >= endMs) return
    try {
      await recording.cut(seed)
    } catch (error) {
      broken++
      stopping = true
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    }
    done++
  }, 3)
  process.stdout.write(`${done} power cuts, up to seed ${first + done - 1}\n`)
}
process.stdout.write(`${done} power cuts, ${broken === 0 ? "no promise broken" : "A PROMISE BROKEN"}\n`)
if (values.record) recordRun({ kind: "power cut", cuts: done, hours: Number(((performance.now() - startMs) / 3_600_000).toFixed(3)), broken })
if (broken > 0) process.exitCode = 1
