// npm run bench [-- --seconds 5 --rounds 3]: ratios against the bare HTTP server, measured in turns in one run, because
// what a machine gives changes from minute to minute. Needs wrk.
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { RealPair } from "../cluster/real-pair.ts"
import type { RealNode } from "../cluster/real-node.ts"
import { type Measured, wrk } from "./wrk.ts"

const { values } = parseArgs({ options: { seconds: { type: "string", default: "5" }, rounds: { type: "string", default: "3" } } })
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const script = fileURLToPath(new URL("post-user.lua", import.meta.url))

const pair = await RealPair.make()
let raw: ChildProcess | undefined
try {
  await pair.start()
  await pair.a.do({ op: "user.create", data: { id: "ada", email: "ada@example.com", name: "Ada Lovelace" } })
  await rest()
  print(`memory at rest: primary ${memory(pair.a)}; replica ${memory(pair.b)}; to reach: less than 150 MB\n`)

  const rawUrl = await startRaw(JSON.stringify(await pair.a.json("/users/ada")))
  await compare("GET /users/{id}, 64 clients", 0.5, { theirs: load(rawUrl, 64), ours: load(`${pair.a.url}/users/ada`, 64) })
  for (const clients of [64, 256]) {
    await compare(`POST /do user.create on a pair, ${clients} clients`, clients === 64 ? 0.12 : undefined, {
      theirs: load(`${rawUrl}/do`, clients, script),
      ours: load(`${pair.a.url}/do`, clients, script),
    })
  }
  await rest()
  print(`memory after it: primary ${memory(pair.a)}; replica ${memory(pair.b)}\n`)
  const [a, b] = [await pair.a.json("/status/verify"), await pair.b.json("/status/verify")]
  print(`verify: digests are ${(a as { digest: string }).digest === (b as { digest: string }).digest ? "equal" : "DIFFERENT"}\n`)
} finally {
  raw?.kill()
  await pair.remove()
}

function load(url: string, connections: number, luaScript?: string): () => Promise<Measured> {
  return () => wrk({ url, token: pair.a.rootKey, connections, seconds, ...(luaScript === undefined ? {} : { script: luaScript }) })
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
    print(`  round ${round}: bare ${perSecond(bare)}, tandem ${perSecond(tandem)}: ${percent(ratios.at(-1) ?? 0)}\n`)
  }
  const middle = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0
  print(`  median ${percent(middle)}${toReach === undefined ? "" : `; to reach: ${percent(toReach)}`}\n`)
}

function startRaw(body: string): Promise<string> {
  const port = 20_000 + (process.pid % 20_000)
  raw = spawn(process.execPath, [fileURLToPath(new URL("raw-server.ts", import.meta.url)), String(port), body], { stdio: ["ignore", "pipe", "inherit"] })
  return new Promise((resolve, reject) => {
    raw?.stdout?.once("data", () => resolve(`http://127.0.0.1:${port}`))
    raw?.once("exit", () => reject(new Error("the bare server ended")))
  })
}

/** Resident, and how much of it is not the mapped data file and the program. */
function memory(node: RealNode): string {
  const status = readFileSync(`/proc/${node.pid}/status`, "utf8")
  const megabytes = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return `${megabytes("VmRSS")} MB, ${megabytes("RssAnon")} MB of it anonymous`
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000))
}

function perSecond({ perSecond: rate }: Measured): string {
  return `${Math.round(rate).toLocaleString("en")}/s`
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}

function print(text: string): void {
  process.stdout.write(text)
}
