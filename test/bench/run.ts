// npm run bench [-- --seconds 5 --rounds 3]: ratios against the bare HTTP server, measured in turns in one run, because
// what a machine gives changes from minute to minute. Needs wrk.
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { RealPair } from "../cluster/real-pair.ts"
import { authentication } from "./authentication.ts"
import { logins } from "./logins.ts"
import { memory, pin } from "./process-facts.ts"
import { type Measured, wrk } from "./wrk.ts"
import { print } from "./shown.ts"

const { values } = parseArgs({ options: { seconds: { type: "string", default: "5" }, rounds: { type: "string", default: "3" } } })
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const script = fileURLToPath(new URL("post-user.lua", import.meta.url))
const serverCore = "0"
const otherCore = "1"

interface Bare {
  readonly url: string
  readonly pid: number
}

const pair = await RealPair.make()
let child: ChildProcess | undefined
try {
  await pair.start()
  await pair.a.do({ op: "user.create", data: { id: "ada", email: "ada@example.com", name: "Ada Lovelace" } })
  await rest()
  print(`memory at rest: primary ${memory(pair.a.pid)}; replica ${memory(pair.b.pid)}; to reach: less than 150 MB\n`)

  const bare = await startBare(JSON.stringify(await pair.a.json("/users/ada")))
  await reads(bare)
  for (const clients of [64, 256]) await writes(bare, clients)
  await authentication(pair, { seconds, rounds }, print)
  await logins(pair, print)
  await rest()
  print(`memory after it: primary ${memory(pair.a.pid)}; replica ${memory(pair.b.pid)}\n`)
  const [a, b] = [await pair.a.json("/status/verify"), await pair.b.json("/status/verify")]
  print(`verify: digests are ${(a as { digest: string }).digest === (b as { digest: string }).digest ? "equal" : "DIFFERENT"}\n`)
} finally {
  child?.kill()
  await pair.remove()
}

/** Each server on one core, the load on the other, so that a read is compared and not what else runs beside it. */
async function reads(bare: Bare): Promise<void> {
  for (const pid of [bare.pid, pair.a.pid]) pin(pid, serverCore)
  pin(pair.b.pid, otherCore)
  const load = (url: string, pid: number) => () => wrk({ url, pid, token: pair.a.rootKey, connections: 64, seconds, cores: otherCore })
  await compare("GET /users/{id} on one core, 64 clients", 0.5, { theirs: load(bare.url, bare.pid), ours: load(`${pair.a.url}/users/ada`, pair.a.pid) })
  for (const pid of [bare.pid, pair.a.pid, pair.b.pid]) pin(pid, `${serverCore},${otherCore}`)
}

/** Both nodes, their disks and the load share the machine. */
async function writes(bare: Bare, clients: number): Promise<void> {
  const load = (url: string, pid: number) => () => wrk({ url, pid, token: pair.a.rootKey, connections: clients, seconds, script })
  const toReach = clients === 64 ? 0.12 : undefined
  await compare(`POST /do user.create on a pair, ${clients} clients`, toReach, { theirs: load(`${bare.url}/do`, bare.pid), ours: load(`${pair.a.url}/do`, pair.a.pid) })
}

/** The middle of all rounds, each of which measures both. */
async function compare(what: string, toReach: number | undefined, { theirs, ours }: { theirs: () => Promise<Measured>; ours: () => Promise<Measured> }): Promise<void> {
  print(`${what}\n`)
  await ours()
  const ratios: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const bare = await theirs()
    const tandem = await ours()
    if (tandem.failed > 0) throw new Error(`${tandem.failed} requests failed`)
    ratios.push(tandem.perSecond / bare.perSecond)
    print(`  round ${round}: bare ${shown(bare)}; tandem ${shown(tandem)}: ${percent(ratios.at(-1) ?? 0)}\n`)
  }
  const middle = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0
  print(`  median ${percent(middle)}${toReach === undefined ? "" : `; to reach: ${percent(toReach)}`}\n`)
}

function startBare(body: string): Promise<Bare> {
  const port = 20_000 + (process.pid % 20_000)
  const started = spawn(process.execPath, [fileURLToPath(new URL("raw-server.ts", import.meta.url)), String(port), body], { stdio: ["ignore", "pipe", "inherit"] })
  child = started
  return new Promise((resolve, reject) => {
    started.stdout.once("data", () => resolve({ url: `http://127.0.0.1:${port}`, pid: started.pid ?? 0 }))
    started.once("exit", () => reject(new Error("the bare server ended")))
  })
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000))
}

function shown({ perSecond, cpuMicroseconds }: Measured): string {
  return `${Math.round(perSecond).toLocaleString("en")}/s, ${cpuMicroseconds.toFixed(0)} µs CPU`
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}
