// What may go wrong in a simulated run, and how a seed chooses it.
import type { NodeName } from "./disk.ts"
import type { Weather } from "./network.ts"
import type { Random } from "./random.ts"

export interface Faults {
  readonly weather: Weather
  /** Chance of a crash before each effect; after an effect it is half of that. */
  readonly crash: number
  /** Chance, for each disk, that it refuses a batch for lack of space. */
  readonly full: { readonly [Name in NodeName]: number }
  /** Chances at each step of a run. */
  readonly pause: number
  readonly cut: number
  /** Of a pause and of a cut, at most. */
  readonly outageMsMax: number
  /** How long a node is down after a crash, at most. */
  readonly restartMsMax: number
  readonly clockJump: number
  /** An old message arrives again. */
  readonly replay: number
  /** A node comes back with an empty disk (b only) or one that was restored from a backup. */
  readonly diskLoss: number
}

export interface Plan {
  readonly faults: Faults
  readonly whenStuck: WhenStuck
  readonly lengthMs: number
  /** At the end, one disk turns out to continue another history: both must be left as they are. */
  readonly fork: boolean
  readonly decisions: Decisions
  /** The first primary speaks the oldest protocol that a replica understands, until it is upgraded. */
  readonly oldPrimary: boolean
  readonly clockRates: { readonly [Name in NodeName]: number }
  /** Transactions of a batch. */
  readonly batchMax: number
}

/** What an operator decides, as chances at each step of a run. */
export interface Decisions {
  readonly handover: number
  /** Of either node, to be cut off or paused for long enough that the other one may have to go on without it. */
  readonly depose: number
  /** Of the replica, without force: it comes to pass where the primary has not been heard for long enough. */
  readonly promote: number
  /** Of a node that was fenced: it waits for that. */
  readonly rejoin: number
  /** Of a node that waits for its primary where there is none. */
  readonly lead: number
  /** That a primary commits alone; of a promotion, that it comes with it. */
  readonly solo: number
  /** That it does so no more. */
  readonly pair: number
  /** Of a promotion, that what the other node may have by itself counts no more. */
  readonly force: number
}

export const noDecisions: Decisions = { handover: 0, depose: 0, promote: 0, rejoin: 0, lead: 0, solo: 0, pair: 0, force: 0 }

export type WhenStuck = "exit" | "serve-reads"

export const calm: Faults = {
  weather: { drop: 0, duplicate: 0, delayMsMax: 5, late: 0 },
  crash: 0,
  full: { a: 0, b: 0 },
  pause: 0,
  cut: 0,
  outageMsMax: 0,
  restartMsMax: 3_000,
  clockJump: 0,
  replay: 0,
  diskLoss: 0,
}

export function drawPlan(random: Random): Plan {
  const faults: Faults = {
    weather: {
      drop: random.pick([0, 0, 0.02, 0.15]),
      duplicate: random.pick([0, 0.05, 0.3]),
      delayMsMax: random.pick([3, 30, 400]),
      late: random.pick([0, 0.01, 0.1]),
    },
    crash: random.pick([0, 0.002, 0.01, 0.03]),
    full: { a: random.pick([0, 0, 0.05, 0.2]), b: random.pick([0, 0, 0.05, 0.2]) },
    pause: random.pick([0, 0, 0.02]),
    cut: random.pick([0, 0, 0.02]),
    outageMsMax: random.pick([1_000, 8_000, 15_000]),
    restartMsMax: random.pick([300, 3_000, 12_000]),
    clockJump: random.pick([0, 0.05]),
    replay: random.pick([0, 0.2, 0.7]),
    diskLoss: random.pick([0, 0, 0.02]),
  }
  const fork = random.chance(0.05)
  // Without decisions the logs parted where the disk was replaced, and nowhere else.
  const decides = !fork && random.chance(0.5)
  const decisions = decides ? drawDecisions(random) : noDecisions
  return {
    faults,
    whenStuck: random.pick(["exit", "serve-reads"]),
    lengthMs: decisions.solo > 0 ? random.between(8_000, 20_000) : random.between(2_000, decides ? 15_000 : 9_000),
    fork,
    decisions,
    oldPrimary: !fork && random.chance(0.15),
    clockRates: { a: 1, b: decides ? random.pick([1, 0.95, 1.05]) : 1 },
    batchMax: random.pick([1, 3, 8]),
  }
}

function drawDecisions(random: Random): Decisions {
  const solo = random.pick([0, 0.05, 0.3])
  return {
    handover: random.pick([0, 0.02, 0.1]),
    depose: solo > 0 ? random.pick([0.01, 0.03]) : random.pick([0, 0.01, 0.03]),
    promote: random.pick([0, 0.05, 0.5]),
    rejoin: random.pick([0.02, 0.3]),
    lead: 0.1,
    solo,
    pair: solo / 20,
    force: random.pick([0, 0, 0, 0.05]),
  }
}
