// A short quiet history in which only the chosen crashes happen: writes, a no from either disk, and a retry.
import type { Asked } from "./clients.ts"
import { CheckFailed } from "./check-failed.ts"
import type { CrashPoint } from "./crash-point.ts"
import type { NodeName } from "./disk.ts"
import { redefinitions } from "./definitions.ts"
import { calm, type WhenStuck } from "./faults.ts"
import { Operator } from "./operator.ts"
import { Random } from "./random.ts"
import { heal, quietMs, type Summary, summaryOf } from "./simulate.ts"
import { World } from "./world.ts"

interface Step {
  readonly asks: (world: World) => readonly Asked[]
  /** Whose disk is full meanwhile. */
  readonly full?: NodeName
}

const put = (id: string, n: number): object => ({ op: "document.put", data: { collection: "things", id, value: { n } } })
const made = (...transactions: readonly (readonly object[])[]) => (world: World): Asked[] => transactions.map((operations) => world.clients.make(operations))

/** Fills what is there. */
const redefined = (n: number) => (world: World): Asked[] => redefinitions.slice(n, n + 1).map((transaction) => world.clients.redefine(transaction))

const steps: readonly Step[] = [
  { asks: (world) => [world.clients.define()] },
  { asks: made([{ op: "user.create", data: { id: "u0", email: "e0@x" } }, put("d0", 1)], [put("d1", 1)]) },
  { asks: (world) => [...made([put("d0", 2)], [{ op: "user.delete", data: { id: "u0" } }])(world), ...redefined(0)(world)], full: "b" },
  { asks: made([{ op: "user.update", data: { id: "u0", email: "e1@x" } }]), full: "a" },
  { asks: made([put("d1", 2)]), full: "a" },
  // Whoever heard nothing asks again, and one who did as well.
  { asks: (world) => [...world.clients.withUnknownOutcome("a"), ...world.clients.withOutcome("a", "committed").slice(0, 1), ...made([put("d0", 3)])(world), ...redefined(1)(world)] },
  { asks: made([{ op: "document.delete", data: { collection: "things", id: "d0" } }]) },
]

const stepMs = 90
/** Of the messages: a seed with which one rollback comes before the batch that it takes back, and one after. */
const order = 1
const waitMs = 60_000

export interface History {
  readonly crashes: readonly CrashPoint[]
  readonly whenStuck: WhenStuck
  readonly restartMs: number
}

/** Throws where a checker or an assertion fails. */
export function tellHistory({ crashes, whenStuck, restartMs }: History, trace?: (line: string) => void): Summary {
  const world = new World({ random: new Random(order), faults: calm, crashPoints: crashes, whenStuck, restartMs, trace })
  for (const { asks, full } of steps) {
    accept(world)
    world.faults = { ...calm, full: { a: full === "a" ? 1 : 0, b: full === "b" ? 1 : 0 } }
    world.primary?.submit(asks(world))
    world.schedule.runUntil(world.schedule.nowMs + stepMs)
    world.faults = calm
    world.look()
  }
  heal(world, new Operator(world), quietMs)
  return summaryOf(world)
}

/** Waits until the primary takes a batch: at once, but after a crash. */
function accept(world: World): void {
  const { schedule } = world
  const untilMs = schedule.nowMs + waitMs
  while (world.primary?.accepts !== true) {
    if (schedule.nowMs > untilMs) throw new CheckFailed("liveness", `the primary takes no batch ${waitMs} ms after a crash`)
    schedule.runUntil(schedule.nowMs + stepMs)
    world.lookAtOnce()
  }
}
