// Fault 2: clients write and read while a seeded schedule kills either node or both, again and again; after each round
// the pair must be what the clients were told. A seed replays its schedule; what the machine makes of it may differ.
import { Random } from "../sim/random.ts"
import { Load } from "./load.ts"
import type { Program } from "./real-node.ts"
import { RealPair } from "./real-pair.ts"
import { Witness } from "./witness.ts"

export interface ChaosSummary {
  readonly acknowledged: number
  readonly refused: number
  readonly unknown: number
  readonly kills: number
}

/** Rounds that one pair lives through; each compares more. */
export const roundsOfAPair = 20
/** A pair that is always busy stores what is committed with the next batch; one that is not has more in doubt when it dies. */
const crowds = [1, 3, 6]
/** Of the primary and the replica, by seed. */
const programs: readonly (readonly [Program, Program])[] = [["bun", "bun"], ["bun", "deno"], ["deno", "bun"], ["deno", "deno"]]

/** One pair, some rounds. Throws with what was broken; its pair's output is in the message. */
export async function chaos(seed: number, rounds: number, onRound: () => void = () => undefined): Promise<ChaosSummary> {
  const random = new Random(seed)
  const [primary, replica] = programs[seed % programs.length] ?? ["bun", "bun"]
  const pair = await RealPair.make({ primary, replica, flags: ["--peer-timeout", "1s"] })
  const witness = new Witness()
  let kills = 0
  try {
    await pair.start()
    pair.supervise()
    const load = new Load(pair, witness)
    await load.prepare()
    for (let round = 0; round < rounds; round++) {
      load.start(random.pick(crowds), seed * 100 + round)
      for (let times = random.between(1, 3); times > 0; times--) {
        await sleep(random.between(20, 400))
        kills += await kill(pair, random)
      }
      await sleep(random.between(0, 200))
      await load.stop()
      await witness.settle(pair)
      onRound()
    }
    const { acknowledged, refused, unknown } = witness
    return { acknowledged, refused, unknown, kills }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${pair.printed.slice(-4_000)}`, { cause: error })
  } finally {
    await pair.remove()
  }
}

/** Of either node, or of both at nearly the same moment; their supervisor starts them again. */
async function kill({ a, b }: RealPair, random: Random): Promise<number> {
  const victims = random.pick([[a], [b], [a, b], [b, a]])
  for (const victim of victims) {
    victim.kill("SIGKILL")
    if (victims.length > 1) await sleep(random.between(0, 30))
  }
  return victims.length
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
