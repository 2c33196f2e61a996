// Histories that a real object could have made, with overlapping clients and outcomes that nobody heard of, from a seed; and
// what becomes of them when one answer is another one's.
import type { Random } from "../sim/random.ts"
import type { Operation } from "./history.ts"

/** An object as it is implemented: does what is asked, and answers. */
export interface Implementation<Input, Output> {
  ask(random: Random): Input
  do(input: Input): Output
}

export interface Shape {
  readonly operations: number
  readonly clients: number
  /** Of how many nobody hears. */
  readonly unknown: number
}

export function generated<Input, Output>({ ask, do: run }: Implementation<Input, Output>, random: Random, { operations, clients, unknown }: Shape): Operation<Input, Output>[] {
  const busyUntilMs = Array.from({ length: clients }, () => 0)
  const history: Operation<Input, Output>[] = []
  for (let atMs = 1; history.length < operations; atMs += random.between(1, 3)) {
    const client = random.between(0, clients - 1)
    if ((busyUntilMs[client] ?? 0) >= atMs) continue
    const input = ask(random)
    const isUnknown = random.chance(unknown)
    const output = isUnknown && random.chance(0.5) ? undefined : run(input)
    // A client is never asking twice at the same time.
    const askedMs = random.between((busyUntilMs[client] ?? 0) + 1, atMs)
    const answeredMs = atMs + random.between(0, 6)
    busyUntilMs[client] = answeredMs
    const name = `c${client}`
    history.push(isUnknown ? { client: name, input, output: undefined, askedMs, answeredMs: Number.POSITIVE_INFINITY } : { client: name, input, output, askedMs, answeredMs })
  }
  return history
}

/** Two answers change places, or one comes at another time. */
export function spoiled<Input, Output>(history: readonly Operation<Input, Output>[], random: Random): Operation<Input, Output>[] {
  const one = random.between(0, history.length - 1)
  const other = random.between(0, history.length - 1)
  const late = random.chance(0.3)
  return history.map((operation, n) => {
    if (n === one && late) return { ...operation, askedMs: operation.askedMs + 10, answeredMs: operation.answeredMs + 10 }
    if (n === one) return { ...operation, output: history[other]?.output ?? operation.output }
    if (n === other) return { ...operation, output: history[one]?.output ?? operation.output }
    return operation
  })
}
