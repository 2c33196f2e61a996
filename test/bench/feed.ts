// npm run bench:feed [-- --subscribers 1000 --seconds 2 --rounds 3 --node a --idle 10000]: writes a second with and without
// subscribers of the change feed, in turns in one run, and that each of them gets every change; then what idle subscribers take
// of memory. Needs wrk.
import { spawn } from "node:child_process"
import { createInterface, type Interface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { RealPair } from "../cluster/real-pair.ts"
import { memory } from "./process-facts.ts"
import { wrk } from "./wrk.ts"
import { print } from "./shown.ts"

const { values } = parseArgs({
  options: {
    subscribers: { type: "string", default: "1000" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    node: { type: "string", default: "a" },
    idle: { type: "string", default: "10000" },
  },
})
const script = fileURLToPath(new URL("post-user.lua", import.meta.url))
const program = fileURLToPath(new URL("subscribers.ts", import.meta.url))

const pair = await RealPair.make()
const followed = values.node === "b" ? pair.b : pair.a
try {
  await pair.start()
  await writes()
  await rates(Number(values.subscribers))
  if (Number(values.idle) > 0) await idle(Number(values.idle))
} finally {
  await pair.remove()
}

async function rates(count: number): Promise<void> {
  print(`POST /do user.create on a pair, 64 clients, with ${count} subscribers of node ${values.node} and without\n`)
  const ratios: number[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    const without = await writes()
    const began = await committed()
    const subscribers = await Subscribers.open(count, began)
    const withThem = await writes()
    const end = await committed()
    const startedMs = performance.now()
    const bytes = await subscribers.reach(end)
    const lateMs = performance.now() - startedMs
    await subscribers.close()
    ratios.push(withThem / without)
    print(`  round ${round}: ${rate(without)} without, ${rate(withThem)} with: ${percent(withThem / without)}; each got all ${end - began} changes, the last ${(lateMs / 1_000).toFixed(1)} s after the writes, ${Math.round(bytes / 1e6)} MB in all\n`)
  }
  const middle = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0
  print(`  median ${percent(middle)}; to reach: 50 %\n`)
}

async function idle(count: number): Promise<void> {
  await rest()
  print(`memory with none: ${memory(followed.pid)}\n`)
  const subscribers = await Subscribers.open(count, await committed())
  await rest()
  print(`memory with ${count} idle subscribers: ${memory(followed.pid)}\n`)
  await pair.a.do({ op: "user.create", data: { email: "one@example.com" } })
  await subscribers.reach(await committed())
  await rest()
  print(`memory after a change for each: ${memory(followed.pid)}\n`)
  await subscribers.close()
  await rest()
  print(`memory after they left: ${memory(followed.pid)}\n`)
}

class Subscribers {
  readonly #lines: AsyncIterator<string>
  readonly #input: { write(text: string): unknown; end(): unknown }
  readonly #ended: Promise<unknown>

  private constructor(lines: Interface, input: { write(text: string): unknown; end(): unknown }, ended: Promise<unknown>) {
    this.#lines = lines[Symbol.asyncIterator]()
    this.#input = input
    this.#ended = ended
  }

  /** Resolves once all of them are subscribed. */
  static async open(count: number, since: number): Promise<Subscribers> {
    const child = spawn(process.execPath, [program, followed.url, followed.rootKey, String(count), String(since)], { stdio: ["pipe", "pipe", "inherit"] })
    const ended = new Promise((resolve) => child.once("close", resolve))
    const subscribers = new Subscribers(createInterface({ input: child.stdout }), child.stdin, ended)
    await subscribers.#next()
    return subscribers
  }

  /** Resolves once each of them has every change up to `version`; with the bytes they got together. */
  async reach(version: number): Promise<number> {
    this.#input.write(`${version}\n`)
    return Number((await this.#next()).split(" ")[1])
  }

  async close(): Promise<void> {
    this.#input.end()
    await this.#ended
  }

  async #next(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error("the subscribers ended")
    return value
  }
}

/** A second. */
async function writes(): Promise<number> {
  const { perSecond, failed } = await wrk({ url: `${pair.a.url}/do`, pid: pair.a.pid, token: pair.a.rootKey, connections: 64, seconds: Number(values.seconds), script })
  if (failed > 0) throw new Error(`${failed} requests failed`)
  return perSecond
}

async function committed(): Promise<number> {
  return ((await pair.a.json("/status")) as { readonly committed: number }).committed
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000))
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString("en")}/s`
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}
