// The definition itself, word by word, for histories of a few operations: tries every order of every choice of what is unknown.
import { type History, isKnown, type Model, type Operation } from "./history.ts"

export function hasAnOrder<State, Input, Output>(model: Model<State, Input, Output>, history: History<Input, Output>): boolean {
  return fits(model, history, model.initial)
}

function fits<State, Input, Output>(model: Model<State, Input, Output>, left: History<Input, Output>, state: State): boolean {
  if (!left.some(isKnown)) return true
  return left.some((operation) => {
    const others = left.filter((one) => one !== operation)
    if (others.some((one) => isOver(one, operation))) return false
    const next = model.step(state, operation.input, operation.output)
    if (next !== undefined && fits(model, others, next)) return true
    // What is unknown may never happen.
    return !isKnown(operation) && fits(model, others, state)
  })
}

function isOver(one: Operation<unknown, unknown>, before: Operation<unknown, unknown>): boolean {
  return one.answeredMs < before.askedMs
}
