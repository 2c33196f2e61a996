// What the simulator can be asked to try, as cases one after another; each says how to try it again alone.
import { type CrashPoint, crashPointFrom, crashPointText, type Writing } from "./crash-point.ts"
import { type History, tellHistory } from "./crash-history.ts"
import type { NodeName } from "./disk.ts"
import { simulate, type Summary } from "./simulate.ts"

export type Job =
  | { readonly kind: "seeds"; readonly from: number; readonly count: number }
  /** Every crash and every pair of crashes of the short history; of the pairs, every `stride`-th. */
  | { readonly kind: "exhaustive"; readonly stride: number }

export interface Case {
  /** The arguments of `npm run sim --` that replay it. */
  readonly replay: string
  readonly run: (trace?: (line: string) => void) => Summary
}

export function* casesOf(job: Job): Iterable<Case> {
  if (job.kind === "exhaustive") {
    for (const history of histories(job.stride)) yield* withWrites(history)
    return
  }
  for (let seed = job.from; seed < job.from + job.count; seed++) yield seedCase(seed)
}

export function seedCase(seed: number): Case {
  return { replay: `--seed ${seed}`, run: (trace) => simulate(seed, trace) }
}

export function crashCase(history: History): Case {
  const { crashes, whenStuck, restartMs } = history
  const replay = `--crash ${crashes.map(crashPointText).join(",") || "none"} --when-stuck ${whenStuck} --restart ${restartMs}`
  return { replay, run: (trace) => tellHistory(history, trace) }
}

export function historyFrom(crashes: string, whenStuck: string, restartMs: number): History {
  return { crashes: crashes === "none" ? [] : crashes.split(",").map(crashPointFrom), whenStuck: whenStuck === "serve-reads" ? "serve-reads" : "exit", restartMs }
}

const names = ["a", "b"] as const
/** More effects than a node has from its restart until it is in sync and has taken another batch. */
const recoveryEffects = 16
/** Shorter than the other node takes to notice, and longer. */
const restarts = [50, 2_500] as const

/** Where a crash falls on a write under way, that write may have reached the disk or not: both are tried. */
function* withWrites(history: History): Iterable<Case> {
  let whileWriting = false
  const lost = crashCase(history)
  yield {
    replay: lost.replay,
    run: (trace) => {
      const summary = lost.run(trace)
      whileWriting = summary.counts.crashesWhileWriting > 0
      return summary
    },
  }
  if (!whileWriting) return
  const count = history.crashes.length
  for (let chosen = 1; chosen < 2 ** count; chosen++) {
    const writing = (n: number): Writing => (((chosen >> n) & 1) === 1 ? "done" : "lost")
    yield crashCase({ ...history, crashes: history.crashes.map((point, n) => ({ ...point, writing: writing(n) })) })
  }
}

function* histories(stride: number): Iterable<History> {
  const { effects } = tellHistory({ crashes: [], whenStuck: "exit", restartMs: 50 })
  const points = (name: NodeName, when: CrashPoint["when"]): CrashPoint[] => Array.from({ length: effects[name] }, (_, n) => ({ node: name, effect: n + 1, when, writing: "lost" }))
  const singles = names.flatMap((name) => [...points(name, "before"), ...points(name, "after")])
  for (const whenStuck of ["exit", "serve-reads"] as const) {
    for (const restartMs of restarts) for (const point of singles) yield { crashes: [point], whenStuck, restartMs }
  }
  let pair = 0
  for (const crashes of [...pairsOfNodes(points("a", "before"), points("b", "before")), ...pairsOfOneNode(singles)]) {
    if (pair++ % stride === 0) yield { crashes, whenStuck: pair % 2 === 0 ? "exit" : "serve-reads", restartMs: restarts[pair % 3 === 0 ? 1 : 0] }
  }
}

/** A crash of either node, wherever the other one is. */
function pairsOfNodes(a: readonly CrashPoint[], b: readonly CrashPoint[]): CrashPoint[][] {
  return a.flatMap((first) => b.map((second) => [first, second]))
}

/** A crash, and one of the same node at each effect of its recovery. */
function pairsOfOneNode(points: readonly CrashPoint[]): CrashPoint[][] {
  return points.flatMap((first) => Array.from({ length: recoveryEffects }, (_, n) => [first, { ...first, effect: first.effect + n + 1 }]))
}
