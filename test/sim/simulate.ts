// One simulated run of a seed: faults for a while, then calm, then everything must have come together.
import { CheckFailed } from "./checkers.ts"
import type { Faults } from "./world.ts"
import { type CrashPoint, World } from "./world.ts"

export interface Summary {
  readonly acknowledged: number
  readonly crashes: number
  readonly effects: { readonly a: number; readonly b: number }
}

const calm: Faults = { weather: { drop: 0, duplicate: 0, delayMsMax: 5, late: 0 }, crash: 0, full: 0 }
const healMs = 90_000

/** Throws where a checker or an assertion fails. */
export function simulate(seed: number): Summary {
  const probe = new World(seed, calm)
  const { random } = probe
  const faults: Faults = {
    weather: {
      drop: random.pick([0, 0, 0.02, 0.15]),
      duplicate: random.pick([0, 0.05, 0.3]),
      delayMsMax: random.pick([3, 30, 400]),
      late: random.pick([0, 0.01, 0.1]),
    },
    crash: random.pick([0, 0.002, 0.01, 0.03]),
    full: random.pick([0, 0, 0.05, 0.2]),
  }
  const world = new World(seed, faults)
  const endMs = world.random.between(3_000, 12_000)
  return finish(world, endMs, () => world.random.between(5, 200))
}

/** A short quiet history with one crash, exactly before one effect of one node. */
export function simulateCrashAt(point: CrashPoint | undefined): Summary {
  const world = new World(7, calm, point)
  return finish(world, 1_500, () => 90)
}

function finish(world: World, endMs: number, pauseMs: () => number): Summary {
  while (world.schedule.nowMs < endMs) {
    world.schedule.runUntil(world.schedule.nowMs + pauseMs())
    world.submit()
    world.look()
  }
  world.faults = calm
  world.network.weather = calm.weather
  const healedBy = world.schedule.nowMs + healMs
  // Late messages are still under way: they must change nothing, also after the pair has come together.
  while (world.schedule.nowMs < healedBy && !(world.inSync() && world.schedule.nowMs > endMs + 25_000)) {
    world.schedule.runUntil(world.schedule.nowMs + 1_000)
    world.look()
  }
  if (!world.inSync()) throw new CheckFailed("liveness", `not in sync ${healMs} ms after everything healed`)
  world.schedule.runUntil(world.schedule.nowMs + 3_000)
  const { a, b } = world.nodes
  if (a === undefined || b === undefined) throw new CheckFailed("liveness", "a node is down")
  world.checkers.atTheEnd({ a: a.store, b: b.store })
  world.resolveUnknown()
  return { acknowledged: world.checkers.acknowledged, crashes: world.crashes, effects: { ...world.effects } }
}
