// Fault 2 and more: clients write and read while a seeded schedule kills, pauses, cuts off, promotes and hands over, again and
// again; after each round the pair must be what the clients were told, and what they saw must have an order. A seed replays its
// schedule; what the machine makes of it may differ.
import { Random } from "../sim/random.ts"
import { badNetwork, type Blow, emptyTally, goSolo, handOver, kill, killAtStep, killInRecovery, pause, promote, type Tally } from "./blows.ts"
import { Load } from "./load.ts"
import type { Program } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Witness } from "./witness.ts"

export interface ChaosSummary extends Tally {
  readonly rounds: number
  readonly acknowledged: number
  readonly refused: number
  readonly unknown: number
  /** On shared objects, of which an order was found. */
  readonly operations: number
}

/** Rounds that one pair lives through: what it holds, and what is remembered of it, grows with each. */
export const roundsOfAPair = 25
/** Both disks are checked whole after every so many, and at the end. */
const roundsToWhole = 5
/** A pair that is always busy stores what is committed with the next batch; one that is not has more in doubt when it dies. */
const crowds = [2, 4, 8]
/** Of the primary and the replica, by seed. */
const programs: readonly (readonly [Program, Program])[] = [["bun", "bun"], ["bun", "deno"], ["deno", "bun"], ["deno", "deno"]]
/** Short, so that a round is; not shorter than what a busy machine can keep most of the time. */
const flags = ["--peer-timeout", "1s", "--lease", "3s"]

/** The more often, the more different the schedules it can make. */
const blows: readonly (readonly [weight: number, blow: Blow])[] = [
  [8, kill],
  [5, killInRecovery],
  [5, killAtStep],
  [2, pause],
  [4, badNetwork],
  [3, handOver],
  [2, promote],
  [1, goSolo],
]
const all = blows.flatMap(([weight, blow]) => Array.from({ length: weight }, () => blow))

/** One pair, some rounds. Throws with what was broken; its pair's output is in the message. */
export async function chaos(seed: number, rounds: number, onRound: (tally: Tally) => void = () => undefined): Promise<ChaosSummary> {
  const random = new Random(seed)
  const pair = await pairOf(seed)
  const witness = new Witness()
  const tally = emptyTally()
  try {
    await pair.start()
    pair.supervise()
    const load = new Load(pair, witness)
    await load.prepare()
    for (let round = 1; round <= rounds; round++) {
      load.start(random.pick(crowds), seed * 100 + round)
      await random.pick(all)(pair, random, tally)
      // Where a client found something wrong, that is why they do not.
      await Promise.race([goesOn(pair, witness, random.between(5, 40)), load.broken])
      await load.stop()
      await load.settle(round % roundsToWhole === 0 || round === rounds ? "whole" : "news")
      onRound(tally)
    }
    const { acknowledged, refused, unknown } = witness
    return { rounds, acknowledged, refused, unknown, ...tally, operations: load.recorder.operations }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${pair.printed.slice(-6_000)}`, { cause: error })
  } finally {
    await pair.remove()
  }
}

/** Some forget what is old, some have a proxy between them, some a line whose bytes fare badly. */
async function pairOf(seed: number): Promise<RealPair> {
  const [primary, replica] = programs[seed % programs.length] ?? ["bun", "bun"]
  const proxied = seed % 3 === 0
  const retention = seed % 5 === 0 ? ["--retention", "1000"] : []
  const pair = await RealPair.make({ primary, replica, flags: [...flags, ...retention], proxied, badLine: seed % 3 === 1 })
  if (proxied) pair.proxy.keeps = false
  return pair
}

/** Clients are answered again, and then some. */
async function goesOn(pair: RealPair, witness: Witness, acknowledgements: number): Promise<void> {
  const enough = witness.acknowledged + acknowledgements
  await until("writes go on", () => witness.acknowledged >= enough, () => pair.printed)
}
