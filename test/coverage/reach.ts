// Runs what is to reach every branch of src/protocol, in one process, under Deno: the scenarios of its tests, and simulated seeds.
import { readdirSync } from "node:fs"
import { tryShare } from "../sim/shares.ts"
import { runAll } from "./bun-test.ts"

const tests = new URL("../protocol/", import.meta.url)
for (const name of readdirSync(tests).filter((each) => each.endsWith(".test.ts")).sort()) await import(new URL(name, tests).href)
process.stdout.write(`${await runAll()} tests\n`)
const { failure } = await tryShare({ job: { kind: "seeds", from: 1, count: Number(process.argv[2]) }, nth: 0, of: 1 }, () => {})
if (failure !== undefined) throw failure.error
