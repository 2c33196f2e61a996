// One simulated run of a seed: faults for a while, then calm, then everything must have come together.
import { protocolVersion } from "../../src/protocol/messages.ts"
import { CheckFailed } from "./check-failed.ts"
import { names, type NodeName } from "./disk.ts"
import { calm, drawPlan, noDecisions, type Plan } from "./faults.ts"
import type { MemoryEngine } from "./memory-engine.ts"
import { lateMsMax } from "./network.ts"
import { Operator } from "./operator.ts"
import { Random } from "./random.ts"
import { backUp, fork, loseDisk } from "./replaced-disks.ts"
import { World } from "./world.ts"

export interface Summary {
  readonly acknowledged: number
  readonly counts: World["counts"]
  readonly effects: { readonly [Name in NodeName]: number }
}

const healMs = 90_000
/** By then nothing is under way that was sent before. */
export const quietMs = 3_000

/** Throws where a checker or an assertion fails. */
export function simulate(seed: number, trace?: (line: string) => void): Summary {
  const random = new Random(seed)
  const plan = drawPlan(random)
  const world = new World({ random, faults: plan.faults, whenStuck: plan.whenStuck, oldPrimary: plan.oldPrimary, clockRates: plan.clockRates, trace })
  const operator = new Operator(world)
  const backups: { [Name in NodeName]: MemoryEngine | undefined } = { a: undefined, b: undefined }
  // Drawn apart from everything else. What is trimmed cannot be taken back, by force or because it is another's, and a copy of it is given by this release only.
  const retention = new Random(~seed)
  const trims = retention.chance(plan.faults.diskLoss === 0 ? 0.4 : 0.7) && plan.decisions.force === 0 && !plan.fork && !(plan.oldPrimary && plan.faults.diskLoss > 0)
  while (world.schedule.nowMs < plan.lengthMs) {
    world.schedule.runUntil(world.schedule.nowMs + random.between(5, 200))
    for (const name of names) if (plan.fork || random.chance(plan.faults.diskLoss)) backups[name] ??= backUp(world, name)
    misfortune(world, plan, backups)
    if (trims) trim(world, retention)
    if (isOld(world) && random.chance(0.02)) world.upgrade("a")
    // The release that speaks it knows of no change of the primary.
    operator.act(isOld(world) ? noDecisions : plan.decisions)
    const { primary } = world
    if (primary?.accepts === true) primary.submit(someOf(world, primary.name, plan.batchMax))
    world.inSync()
    world.look()
  }
  const forkedInto = random.pick(names)
  if (plan.fork && backups[forkedInto] !== undefined && fork(world, forkedInto, backups[forkedInto])) findFork(world)
  else heal(world, operator, plan.faults.weather.late > 0 ? lateMsMax + quietMs : quietMs)
  return summaryOf(world)
}

function isOld({ protocols }: World): boolean {
  return protocols.a < protocolVersion
}

/** The primary moves the horizon now and then, and both nodes take away what is below it, each in its own time. */
function trim(world: World, retention: Random): void {
  const nodes = names.map((name) => world.nodes[name])
  for (const node of nodes) if (node?.primary !== undefined && retention.chance(0.2)) node.primary.moveHorizon(retention.between(0, node.store.position().committed))
  for (const node of nodes) if (retention.chance(0.7)) node?.trimSome(retention.between(1, 15))
  world.clients.forgetBelow(world.horizon)
}

function someOf({ random, clients }: World, node: NodeName, countMax: number): ReturnType<typeof clients.next>[] {
  return Array.from({ length: random.between(1, countMax) }, () => clients.next(node))
}

function misfortune(world: World, plan: Plan, backups: { readonly [Name in NodeName]: MemoryEngine | undefined }): void {
  const { random } = world
  const { faults } = plan
  if (random.chance(faults.pause)) world.pause(random.pick(names), random.between(200, faults.outageMsMax))
  if (random.chance(faults.cut)) for (const to of random.pick([["a"], ["b"], names] as const)) world.network.cut(to, random.between(200, faults.outageMsMax))
  if (random.chance(faults.clockJump)) world.jumpClock()
  if (random.chance(faults.replay)) world.replayMessage()
  if (random.chance(faults.replay / 50)) world.flood()
  if (random.chance(faults.diskLoss)) {
    const name = random.pick(names)
    const backup = random.chance(0.5) ? backups[name]?.copy() : undefined
    if ((plan.decisions !== noDecisions && !isOld(world)) || world.nodes[name]?.primary === undefined || backup !== undefined) loseDisk(world, name, backup)
  }
}

export function summaryOf({ checkers, counts, effects }: World): Summary {
  return { acknowledged: checkers.acknowledged, counts: { ...counts }, effects: { ...effects } }
}

/** No more faults: both come together, take another write, and hold the same. Messages may still be under way for `lateMs`. */
export function heal(world: World, operator: Operator, lateMs: number): void {
  // Old messages must change nothing also after the pair has come together; but for as long as they come a primary may seem to be there.
  const replays = world.faults.replay
  world.calmDown()
  const { schedule, random } = world
  if (isOld(world) && random.chance(0.5)) world.upgrade("a")
  const calmSinceMs = schedule.nowMs
  while (schedule.nowMs < calmSinceMs + healMs && !(world.inSync() && schedule.nowMs > calmSinceMs + lateMs)) {
    schedule.runUntil(schedule.nowMs + 1_000)
    if (schedule.nowMs < calmSinceMs + healMs / 2 && random.chance(replays)) world.replayMessage()
    operator.restoreOrder()
    world.look()
  }
  if (!world.inSync()) throw new CheckFailed("liveness", `not in sync ${healMs} ms after everything healed`)
  // What it has decided is logged meanwhile, and takes its turn.
  while (world.primary?.accepts !== true && schedule.nowMs < calmSinceMs + 2 * healMs) schedule.runUntil(schedule.nowMs + 100)
  const { acknowledged } = world.checkers
  world.primary?.submit([world.clients.make([{ op: "user.create", data: { id: "last", email: "last@x" } }])])
  schedule.runUntil(schedule.nowMs + 2_500)
  const { a, b } = world.nodes
  if (a === undefined || b === undefined) throw new CheckFailed("liveness", "a node is down")
  if (world.checkers.acknowledged === acknowledged) throw new CheckFailed("liveness", "after everything healed a write is not acknowledged")
  world.look()
  world.checkers.atTheEnd({ a: a.store, b: b.store })
  for (const [name, node] of [["a", a], ["b", b]] as const) if (node.primary !== undefined) world.clients.resolve(name, node.store, (key) => world.disks[name].versionOfKey(key), world.wallMs)
}

/**
 * Both come back, one with another history: the primary must name the last common version, and neither may change
 * anything. The replica is told, and must stop as well, unless the network loses that.
 */
function findFork(world: World): void {
  const { schedule, stops, forkedAt } = world
  const certain = world.random.chance(0.5)
  world.faults = calm
  if (certain) world.calmDown()
  const untilMs = schedule.nowMs + healMs
  while (schedule.nowMs < untilMs && stops.a === undefined) {
    schedule.runUntil(schedule.nowMs + 1_000)
    world.lookAtOnce()
  }
  for (const name of names) {
    const stop = stops[name]
    if (stop === undefined && name === "b" && !certain) continue
    const found = stop?.startsWith("diverged:") === true && stop.includes(`the last common version is ${forkedAt};`)
    if (!found) throw new CheckFailed("P6", `the logs differ after version ${forkedAt}, and ${name} says ${stop ?? "nothing"}`)
  }
}
