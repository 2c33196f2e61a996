// What is done to a pair while clients use it, of each kind once: kills at any moment, in recovery or at a step, pauses, a bad
// network, and an operator who changes the roles. Each leaves nodes that come back by themselves, or brings them back.
import { failpointVariable } from "../../src/runtime/failpoint.ts"
import type { Random } from "../sim/random.ts"
import type { PeerPost, Treatment } from "./peer-proxy.ts"
import { runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { type RealPair, until } from "./real-pair.ts"
import { writeSteps } from "./write-steps.ts"

/** How often what was done. */
export interface Tally {
  kills: number
  pauses: number
  handovers: number
  promotions: number
  solos: number
  rejoins: number
}

export function emptyTally(): Tally {
  return { kills: 0, pauses: 0, handovers: 0, promotions: 0, solos: 0, rejoins: 0 }
}

export type Blow = (pair: RealPair, random: Random, tally: Tally) => Promise<void>

/** Of either node, or of both at nearly the same moment; their supervisor starts them again. */
export const kill: Blow = async (pair, random, tally) => {
  for (let times = random.between(1, 3); times > 0; times--) {
    await sleep(random.between(20, 400))
    await killSome(pair, random, tally)
  }
}

/** Again and again before they can have found together. */
export const killInRecovery: Blow = async (pair, random, tally) => {
  await sleep(random.between(20, 200))
  for (let times = random.between(2, 5); times > 0; times--) {
    await killSome(pair, random, tally)
    await sleep(random.between(100, 700))
  }
}

async function killSome({ a, b }: RealPair, random: Random, tally: Tally): Promise<void> {
  const victims = random.pick([[a], [b], [a, b], [b, a]])
  for (const victim of victims) {
    if (victim.running) tally.kills++
    victim.kill("SIGKILL")
    if (victims.length > 1) await sleep(random.between(0, 30))
  }
}

/** It is killed now, and again at a step soon after its start; or else goes on, armed. */
export const killAtStep: Blow = async (pair, random, tally) => {
  const step = random.pick(writeSteps)
  const victim = step.startsWith("primary") ? pair.primary : pair.other(pair.primary)
  const before = victim.starts
  victim.supervise({ environment: { [failpointVariable]: `${step}:${random.between(1, 12)}` } })
  victim.kill("SIGKILL")
  tally.kills++
  for (const endMs = performance.now() + 3_000; performance.now() < endMs && victim.starts < before + 2; ) await sleep(20)
  if (victim.starts >= before + 2) tally.kills++
}

/** Longer than a message may take, sometimes longer than the lease. */
export const pause: Blow = async ({ nodes }, random, tally) => {
  await sleep(random.between(20, 200))
  const victim = random.pick(nodes)
  victim.kill("SIGSTOP")
  tally.pauses++
  await sleep(random.between(100, 3_000))
  victim.kill("SIGCONT")
  await sleep(random.between(0, 300))
}

/** Where there is a proxy or a bad line on the way to the replica. Else it is a kill. */
export const badNetwork: Blow = async (pair, random, tally) => {
  if (pair.hasBadLine) return badLine(pair, random, tally)
  if (!pair.isProxied) return kill(pair, random, tally)
  const loss = random.pick([0.05, 0.3, 1])
  const treat = (): Treatment => (random.chance(loss) ? random.pick(["drop-request", "drop-answer", "duplicate", { delayMs: random.between(1, 1_500) }] as const) : "pass")
  pair.proxy.treatment = (_: PeerPost) => treat()
  await sleep(random.between(200, 1_500))
  if (random.chance(0.3)) await killSome(pair, random, tally)
  pair.proxy.treatment = () => "pass"
}

/** Connections are cut after any byte, again and again; or one direction, or each by itself, is silent, or slow. */
async function badLine(pair: RealPair, random: Random, tally: Tally): Promise<void> {
  const line = pair.lineFrom(pair.primary)
  const slowMs = random.between(0, 700)
  const slow = { delayMs: (connection: number) => (connection % 3) * slowMs }
  for (let times = random.between(1, 8); times > 0; times--) {
    const treatment = random.pick([{ cutAfterBytes: random.between(0, 4_000) }, { cutAfterBytes: random.between(0, 400) }, "hold", "lose", slow] as const)
    line.set(random.pick(["there", "back"]), treatment)
    await sleep(random.between(50, 600))
    if (random.chance(0.1)) await killSome(pair, random, tally)
    // What is silent for long is found out by a timeout; more often it is not for so long.
    if (random.chance(0.7)) line.pass()
  }
  line.pass()
}

/** Back and forth; sometimes a node dies of it, and where the old primary is fenced it rejoins. */
export const handOver: Blow = async (pair, random, tally) => {
  for (let times = random.between(1, 2); times > 0; times--) {
    await sleep(random.between(50, 300))
    const handingOver = pair.primary.decide("handover", { reason: "a new kernel" }).catch(() => undefined)
    if (random.chance(0.4)) {
      await sleep(random.between(0, 40))
      await killSome(pair, random, tally)
    }
    if ((await handingOver)?.status === 200) tally.handovers++
  }
  await bringBack(pair, tally)
}

/** The primary dies, or hangs, and its replica is promoted as soon as that may be; the old one comes back, and rejoins. */
export const promote: Blow = async (pair, random, tally) => {
  await pair.inSync()
  await sleep(random.between(50, 300))
  const old = pair.primary
  const next = pair.other(old)
  if ((await roleOf(next)) !== "replica") return
  const hangs = random.chance(0.4)
  if (hangs) {
    old.kill("SIGSTOP")
    tally.pauses++
  } else {
    await old.stop("SIGKILL")
    tally.kills++
  }
  const body = { solo: random.chance(0.6), reason: "the other one is gone" }
  await until("it is promoted", async () => (await next.decide("promote", body).catch(() => undefined))?.status === 200, () => pair.printed)
  tally.promotions++
  pair.primary = next
  await sleep(random.between(0, 400))
  sometimesKill(next, random, tally)
  if (hangs) old.kill("SIGCONT")
  else old.start()
  old.supervise()
  await bringBack(pair, tally)
}

/** The replica dies, or is only cut off, and an operator lets the primary go on without it, until it is back. */
export const goSolo: Blow = async (pair, random, tally) => {
  await pair.inSync()
  await sleep(random.between(50, 300))
  const primary = pair.primary
  const replica = pair.other(primary)
  if ((await roleOf(primary)) !== "primary") return
  const isCutOff = pair.isProxied && primary === pair.a && random.chance(0.5)
  if (isCutOff) pair.proxy.treatment = () => "drop-request"
  else {
    await replica.stop("SIGKILL")
    tally.kills++
  }
  await until("it is solo", async () => (await primary.decide("solo", { on: true, reason: "the other one is away" }).catch(() => undefined))?.status === 200, () => pair.printed)
  tally.solos++
  await sleep(random.between(100, 600))
  sometimesKill(primary, random, tally)
  if (isCutOff) pair.proxy.treatment = () => "pass"
  else replica.start()
  replica.supervise()
  await bringBack(pair, tally)
}

function sometimesKill(node: RealNode, random: Random, tally: Tally): void {
  if (!random.chance(0.3)) return
  node.kill("SIGKILL")
  tally.kills++
}

/** Until both are in sync; whoever was fenced rejoins. */
async function bringBack(pair: RealPair, tally: Tally): Promise<void> {
  await until("both are back", async () => {
    for (const node of pair.nodes) if (!node.running && (await node.ended).code === 76) await rejoin(pair, node, tally)
    return (await pair.a.isReady()) && (await pair.b.isReady())
  }, () => pair.printed)
}

async function rejoin(pair: RealPair, node: RealNode, tally: Tally): Promise<void> {
  const { code, out, err } = await runCommand(["rejoin", ...node.flags], { program: node.program })
  // The other one may just have been killed.
  if (code !== 0 && code !== 75 && code !== 1) throw new Error(`rejoin ended with ${code}\n${out}${err}\n${pair.printed}`)
  if (code !== 0) return
  tally.rejoins++
  node.start()
}

async function roleOf(node: RealNode): Promise<string | undefined> {
  return ((await node.json("/status").catch(() => undefined)) as { readonly role: string } | undefined)?.role
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
