// npm run sim:mutants -- [--seeds 10000]: breaks each rule on purpose and prints which checker found it, with which seed.
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { mutants } from "./mutants.ts"
import { type Found, runMutants } from "./mutant-run.ts"

const { values } = parseArgs({ options: { seeds: { type: "string", default: "10000" } } })
const width = Math.max(...mutants.map(({ rule }) => rule.length))
const line = ({ mutant, seed, check }: Found): string => `${mutant.rule.padEnd(width)}  ${check.padEnd(11)}  ${seed ?? "survived"}\n`

process.stdout.write(`${"broken rule".padEnd(width)}  found by     seed\n`)
const all = await runMutants(Number(values.seeds), availableParallelism(), (found) => process.stdout.write(line(found)))
const survived = all.filter(({ seed }) => seed === undefined)
process.stdout.write(survived.length === 0 ? "every broken rule was found\n" : `${survived.length} broken rules were not found\n`)
process.exitCode = survived.length === 0 ? 0 : 1
