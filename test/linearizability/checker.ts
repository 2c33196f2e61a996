// Whether what clients saw of an object can be explained by operations that happened one at a time, each between being asked
// for and being answered. Where it cannot, says with as little as possible what cannot be explained. Never gives up silently.
import type { History, Model, Operation } from "./history.ts"
import { endStates } from "./search.ts"
import { type Failure, smallestFailure } from "./smallest-failure.ts"

export class NotLinearizable extends Error {}

/** The states that the object may be in now, where it was in one of `from` at first. Throws where nothing explains the history. */
export function checkLinearizable<State, Input, Output>(what: string, model: Model<State, Input, Output>, history: History<Input, Output>, from: readonly State[] = [model.initial]): readonly State[] {
  const found = new Map(from.flatMap((state) => endStates(model, history, { from: state })).map((state) => [model.text(state), state]))
  if (found.size > 0) return [...found.values()]
  const failures = from.map((state) => described(smallestFailure({ model, from: state, history })))
  throw new NotLinearizable(`P4: ${what} is no ${model.name}\n${failures.join("\n")}`)
}

export function isLinearizable<State, Input, Output>(model: Model<State, Input, Output>, history: History<Input, Output>): boolean {
  return endStates(model, history, { anyWillDo: true }).length > 0
}

function described<State, Input, Output>({ model, from, history }: Failure<State, Input, Output>): string {
  const inOrder = [...history].sort((one, other) => one.askedMs - other.askedMs)
  const startMs = inOrder.find(({ askedMs }) => Number.isFinite(askedMs))?.askedMs ?? 0
  return [`  at first: ${model.text(from)}`, ...inOrder.map((operation) => `  ${lineOf(operation, startMs)}`)].join("\n")
}

function lineOf<Input, Output>({ client, input, output, askedMs, answeredMs }: Operation<Input, Output>, startMs: number): string {
  const time = (ms: number): string => (Number.isFinite(ms) ? (ms - startMs).toFixed(2) : "").padStart(9)
  const told = output === undefined ? "nobody knows" : JSON.stringify(output)
  return `${time(askedMs)} to${time(answeredMs)} ms  ${client}: ${JSON.stringify(input)} → ${told}`
}
