// Fault 7: a pair is watched by strace from its first start on, and its disks are built again as they might have been at any moment had
// the power gone: both at once, or one. Pairs started from such disks must have everything that either node had said by then.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Random } from "../sim/random.ts"
import { diskCalls, diskHistory, type DiskStep } from "./disk-history.ts"
import { imageAt, type Loss, losses, writeImage } from "./disk-image.ts"
import { FewWrites } from "./few-writes.ts"
import { RealPair, until } from "./real-pair.ts"
import { readTrace, strace } from "./strace.ts"
import { type Attempt, PromiseBroken, sameDigests, Witness } from "./witness.ts"

const flags = ["--peer-timeout", "2s"]
/** More free space than any disk has: every batch is refused, and taken back. */
const noRoom = ["--disk-floor", String(Number.MAX_SAFE_INTEGER)]
/** More than one call ever writes here. */
const shownBytes = 4_000_000

interface LogItem {
  readonly version: number
  readonly key: string | null
  readonly digest: string
}

/** To a client: an answer that reflects this version. */
interface Said {
  readonly atS: number
  readonly version: number
}

export interface PowerCut {
  readonly which: "both" | "the primary" | "the replica"
  readonly lost: readonly [Loss, Loss]
  /** What had been said before it. */
  readonly version: number
  /** What the pair has that is started from what is left. */
  readonly head: number
}

export class Recording {
  readonly #root: string
  readonly #histories: readonly [DiskStep[], DiskStep[]]
  readonly #said: readonly Said[]
  readonly #attempts: ReadonlyMap<string, Attempt>
  readonly #log: readonly LogItem[]
  readonly #moments: readonly number[]

  private constructor(root: string, histories: readonly [DiskStep[], DiskStep[]], said: readonly Said[], attempts: ReadonlyMap<string, Attempt>, log: readonly LogItem[]) {
    this.#root = root
    this.#histories = histories
    this.#said = said
    this.#attempts = attempts
    this.#log = log
    this.#moments = [...histories.flat().flatMap(({ beginS, endS }) => [beginS, endS]), ...said.map(({ atS }) => atS)].toSorted((one, other) => one - other)
  }

  /** `rounds` of a few writes at a time; then the replica has no room for a while; then some more. */
  static async make(rounds: number): Promise<Recording> {
    const pair = await RealPair.make({ flags })
    try {
      const { a, b } = pair
      const traces = [[join(pair.directory, "a.trace")], [1, 2, 3].map((n) => join(pair.directory, `b.trace.${n}`))] as const
      const under = (trace: string | undefined): readonly string[] => strace(trace ?? "", { calls: [...diskCalls, "/^send"], shownBytes })
      const witness = new Witness()
      const writes = new FewWrites(pair, witness)
      let count = 0
      const write = async (atOnce: number): Promise<void> => {
        count += atOnce
        await Promise.all(Array.from({ length: atOnce }, () => writes.next()))
      }
      a.start({ under: under(traces[0][0]) })
      for (const [start, trace] of traces[1].entries()) {
        b.start({ under: under(trace), flags: start === 1 ? noRoom : [] })
        await pair.inSync()
        if (start === 0) await write(1)
        for (let n = 0; n < (start === 1 ? 2 : rounds); n++) await write(1 + (n % 4))
        if (start < 2) await b.stop()
      }
      await witness.settle(pair)
      const { items } = (await a.json("/log?from=1&limit=500")) as { readonly items: readonly LogItem[] }
      for (const node of pair.nodes) await node.stop()
      const keys = Array.from({ length: count }, (_, n) => `write-${n}`)
      const attempts = new Map(keys.map((key) => [key, witness.attemptAt(key)] as const))
      const histories = [diskHistory(traces[0], pair.directory), diskHistory(traces[1], pair.directory)] as const
      return new Recording(pair.directory, histories, traces.flat().flatMap(saidIn), attempts, items)
    } finally {
      await pair.remove()
    }
  }

  get refused(): number {
    return [...this.#attempts.values()].filter(({ told }) => told.kind === "refused").length
  }

  /** Cuts the power at a moment, and in a way, that the seed picks. */
  async cut(seed: number): Promise<PowerCut> {
    const random = new Random(seed)
    const n = random.between(0, this.#moments.length - 2)
    const cutS = ((this.#moments[n] ?? 0) + (this.#moments[n + 1] ?? 0)) / 2
    const which = random.pick(["both", "the primary", "the replica"] as const)
    const lost = [which === "the replica" ? losses[0] : random.pick(losses), which === "the primary" ? losses[0] : random.pick(losses)] as const
    const version = Math.max(0, ...this.#said.filter(({ atS }) => atS < cutS).map(({ version: said }) => said))
    const pair = await RealPair.make({ flags })
    try {
      for (const [node, history] of this.#histories.entries()) writeImage(imageAt(history, cutS, lost[node] ?? losses[0], random), this.#root, pair.directory)
      pair.supervise()
      for (const node of pair.nodes) node.start()
      await until("both nodes are in sync", async () => {
        for (const node of pair.nodes) if (await node.hasGivenUp()) throw new PromiseBroken(`P6: ${node.data} is of no use any more`)
        return (await pair.a.isReady()) && pair.b.isReady()
      })
      const head = await this.#check(pair, cutS, version)
      return { which, lost, version, head }
    } catch (error) {
      const what = `power cut ${seed}: ${which}, ${cutS}, ${lost.join(" and ")}, version ${version}`
      throw new Error(`${what}\n${error instanceof Error ? error.message : String(error)}\n${pair.printed.slice(-4_000)}`, { cause: error })
    } finally {
      await pair.remove()
    }
  }

  /** Gives the head. */
  async #check(pair: RealPair, cutS: number, version: number): Promise<number> {
    await sameDigests(pair)
    const found = await this.#readLog(pair)
    for (const { version: one, digest } of this.#log.slice(0, version)) {
      if (found[one - 1]?.digest !== digest) throw new PromiseBroken(`P1, P2: version ${one} had been shown, and is ${JSON.stringify(found[one - 1]) ?? "missing"}`)
    }
    const versions = new Map(found.flatMap(({ key, version: one }) => (key === null ? [] : [[key, one] as const])))
    if (versions.size !== found.filter(({ key }) => key !== null).length) throw new PromiseBroken("P3: a key took effect twice")
    for (const [key, { told, answeredMs }] of this.#attempts) {
      if (secondsOf(answeredMs) >= cutS) continue
      const expected = told.kind === "acknowledged" ? told.version : undefined
      if (versions.get(key) !== expected) throw new PromiseBroken(`P1, P3: ${key} was ${told.kind} as ${expected}, and is ${versions.get(key)}`)
    }
    await this.#sendAgain(pair, cutS, versions)
    return found.length
  }

  /** What was under way when the power went has one outcome, and what is there is found under its key. */
  async #sendAgain(pair: RealPair, cutS: number, versions: ReadonlyMap<string, number>): Promise<void> {
    if (!versions.has("write-0")) return
    for (const [key, { body, askedMs }] of [...this.#attempts].slice(-8)) {
      if (secondsOf(askedMs) < cutS && !versions.has(key)) continue
      const answer = await pair.a.do(body, key)
      if (answer.status !== 200) throw new PromiseBroken(`${key} sent again: ${answer.status} ${JSON.stringify(answer.body)}`)
      const version = versions.get(key)
      if (version !== undefined && answer.body["version"] !== version) throw new PromiseBroken(`P3: ${key} is version ${version}, and again ${JSON.stringify(answer.body)}`)
    }
    await sameDigests(pair)
  }

  async #readLog(pair: RealPair): Promise<readonly LogItem[]> {
    const [a, b] = (await Promise.all(pair.nodes.map((node) => node.json("/log?from=1&limit=500")))) as { readonly items: readonly LogItem[] }[]
    if (JSON.stringify(a) !== JSON.stringify(b)) throw new PromiseBroken("I4: the logs differ")
    return a?.items ?? []
  }
}

/** Of the system's clock, which strace uses. */
function secondsOf(performanceMs: number): number {
  return (performance.timeOrigin + performanceMs) / 1_000
}

function saidIn(trace: string): Said[] {
  if (!existsSync(trace)) return []
  return readTrace(trace).flatMap(({ name, arguments: shown, beginS }) => {
    const version = name.startsWith("send") && shown.includes('"HTTP/1.1 200') ? /\\r\\ntandem-version: (\d+)/.exec(shown)?.[1] : undefined
    return version === undefined ? [] : [{ atS: beginS, version: Number(version) }]
  })
}
