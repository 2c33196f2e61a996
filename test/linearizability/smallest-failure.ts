// Makes a history that has no order as small as it can be and still have none, for somebody to read. Only takes away what can
// explain nothing else: the end, whatever was over before the rest began, and reads.
import { type History, isKnown, type Model, type Operation } from "./history.ts"
import { endStates } from "./search.ts"

export interface Failure<State, Input, Output> {
  readonly model: Model<State, Input, Output>
  /** What the object was when it began. */
  readonly from: State
  readonly history: History<Input, Output>
}

export function smallestFailure<State, Input, Output>(failure: Failure<State, Input, Output>): Failure<State, Input, Output> {
  return withoutReads(withoutStart(withoutEnd(failure)))
}

function fails<State, Input, Output>({ model, from, history }: Failure<State, Input, Output>): boolean {
  return endStates(model, history, { from, anyWillDo: true }).length === 0
}

/** As it stood at the first answer that cannot be explained. */
function withoutEnd<State, Input, Output>(failure: Failure<State, Input, Output>): Failure<State, Input, Output> {
  const answersMs = failure.history.filter(isKnown).map(({ answeredMs }) => answeredMs).sort((one, other) => one - other)
  let low = 0
  let high = answersMs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (fails(asOf(failure, answersMs[middle] ?? 0))) high = middle
    else low = middle + 1
  }
  return asOf(failure, answersMs[low] ?? 0)
}

function asOf<State, Input, Output>(failure: Failure<State, Input, Output>, nowMs: number): Failure<State, Input, Output> {
  const begun = failure.history.filter(({ askedMs }) => askedMs <= nowMs)
  return { ...failure, history: begun.map((operation) => (operation.answeredMs <= nowMs ? operation : forgotten(operation))) }
}

function forgotten<Input, Output>(operation: Operation<Input, Output>): Operation<Input, Output> {
  return { ...operation, output: undefined, answeredMs: Number.POSITIVE_INFINITY }
}

/** From the last moment on at which nothing was under way and the object could only be one thing. */
function withoutStart<State, Input, Output>(failure: Failure<State, Input, Output>): Failure<State, Input, Output> {
  const inOrder = [...failure.history].sort((one, other) => one.askedMs - other.askedMs)
  let answeredMs = Number.NEGATIVE_INFINITY
  let smallest = failure
  for (const [n, operation] of inOrder.entries()) {
    if (operation.askedMs > answeredMs && n > 0) {
      const [from, ...more] = endStates(failure.model, inOrder.slice(0, n), { from: failure.from })
      const rest = from === undefined || more.length > 0 ? undefined : { ...failure, from, history: inOrder.slice(n) }
      if (rest !== undefined && fails(rest)) smallest = rest
    }
    answeredMs = Math.max(answeredMs, operation.answeredMs)
  }
  return smallest
}

function withoutReads<State, Input, Output>(failure: Failure<State, Input, Output>): Failure<State, Input, Output> {
  let smallest = failure
  for (const read of failure.history.filter(({ input, output }) => failure.model.isRead(input, output))) {
    const without = { ...failure, history: smallest.history.filter((one) => one !== read) }
    if (fails(without)) smallest = without
  }
  return smallest
}
