// Looks for an order in which a history's operations could have happened one at a time: the search of Wing and Gong, which
// remembers, as Lowe proposed, which sets of operations have led to which states. Never guesses: where its memory is full it says so.
import { type History, isKnown, type Model, type Operation } from "./history.ts"

/** Pairs of a set of operations and a state that are remembered at most: some hundred megabytes. */
const memoriesMaxDefault = 1_000_000

export interface SearchOptions<State> {
  readonly from?: State
  /** The first order that is found will do. */
  readonly anyWillDo?: boolean
  readonly memoriesMax?: number
}

export class TooHard extends Error {}

/** The states that some order of the whole history ends in. None: there is no order. */
export function endStates<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  options: SearchOptions<State> = {},
): readonly State[] {
  return new Search(model, history, options).run()
}

interface Frame<State> {
  readonly state: State
  readonly candidates: readonly number[]
  next: number
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>
  /** By when they were asked for. */
  readonly #known: readonly Operation<Input, Output>[]
  /** Their places come after those of the known ones. */
  readonly #unknown: readonly Operation<Input, Output>[]
  readonly #done: Uint8Array
  /** Every known operation before it has been placed. */
  #base = 0
  #left: number
  readonly #from: State
  readonly #anyWillDo: boolean
  readonly #memoriesMax: number
  readonly #seen = new Set<string>()
  readonly #found = new Map<string, State>()

  constructor(model: Model<State, Input, Output>, history: History<Input, Output>, options: SearchOptions<State>) {
    const { from = model.initial, anyWillDo = false, memoriesMax = memoriesMaxDefault } = options
    const inOrder = [...history].sort((one, other) => one.askedMs - other.askedMs)
    this.#model = model
    this.#known = inOrder.filter(isKnown)
    // A read that was not answered says nothing.
    this.#unknown = inOrder.filter((operation) => !isKnown(operation) && !model.isRead(operation.input, undefined))
    this.#done = new Uint8Array(this.#known.length + this.#unknown.length)
    this.#left = this.#known.length
    this.#from = from
    this.#anyWillDo = anyWillDo
    this.#memoriesMax = memoriesMax
  }

  run(): readonly State[] {
    const stack: Frame<State>[] = [this.#frame(this.#from)]
    const placed: number[] = []
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const place = top.candidates[top.next++]
      if (place === undefined) {
        stack.pop()
        const last = placed.pop()
        if (last !== undefined) this.#takeBack(last)
        continue
      }
      const state = this.#stepped(top.state, place)
      if (state === undefined) continue
      this.#put(place)
      if (this.#isNew(state)) {
        placed.push(place)
        stack.push(this.#frame(state))
        if (this.#anyWillDo && this.#found.size > 0) break
      } else {
        this.#takeBack(place)
      }
    }
    return [...this.#found.values()]
  }

  #frame(state: State): Frame<State> {
    if (this.#left === 0) this.#found.set(this.#model.text(state), state)
    const candidates = this.#candidates()
    // A read that fits may as well come now: wherever else it fits, it changes as little.
    const read = candidates.find((place) => this.#fitsAndChangesNothing(state, place))
    return { state, candidates: read === undefined ? candidates : [read], next: 0 }
  }

  /** What may come next: whatever was asked for before the first of those that are left was answered. */
  #candidates(): number[] {
    const candidates: number[] = []
    let firstAnswerMs = Number.POSITIVE_INFINITY
    for (let place = this.#base; place < this.#known.length; place++) {
      const operation = this.#known[place] as Operation<Input, Output>
      if (operation.askedMs > firstAnswerMs) break
      if (this.#done[place] === 1) continue
      firstAnswerMs = Math.min(firstAnswerMs, operation.answeredMs)
      candidates.push(place)
    }
    // Most of what is unknown has not happened.
    for (const [n, { askedMs }] of this.#unknown.entries()) {
      const place = this.#known.length + n
      if (askedMs > firstAnswerMs) break
      if (this.#done[place] === 0) candidates.push(place)
    }
    return candidates
  }

  #fitsAndChangesNothing(state: State, place: number): boolean {
    const operation = this.#known[place]
    if (operation === undefined || !this.#model.isRead(operation.input, operation.output)) return false
    const next = this.#model.step(state, operation.input, operation.output)
    return next !== undefined && (next === state || this.#model.text(next) === this.#model.text(state))
  }

  #stepped(state: State, place: number): State | undefined {
    const operation = this.#known[place] ?? this.#unknown[place - this.#known.length]
    return operation === undefined ? undefined : this.#model.step(state, operation.input, operation.output)
  }

  #put(place: number): void {
    this.#done[place] = 1
    if (place < this.#known.length) this.#left--
    while (this.#base < this.#known.length && this.#done[this.#base] === 1) this.#base++
  }

  #takeBack(place: number): void {
    this.#done[place] = 0
    if (place >= this.#known.length) return
    this.#left++
    this.#base = Math.min(this.#base, place)
  }

  #isNew(state: State): boolean {
    const memory = `${this.#placedText()} ${this.#model.text(state)}`
    if (this.#seen.has(memory)) return false
    if (this.#seen.size === this.#memoriesMax) throw new TooHard(`${this.#model.name}: ${this.#done.length} operations are too many to find an order of`)
    this.#seen.add(memory)
    return true
  }

  /** Which operations have been placed, in few characters: nearly all of them are those before `base`. */
  #placedText(): string {
    let text = String(this.#base)
    let firstAnswerMs = Number.POSITIVE_INFINITY
    for (let place = this.#base; place < this.#known.length; place++) {
      const operation = this.#known[place] as Operation<Input, Output>
      // None that was asked for after another one was over can have been placed before that.
      if (operation.askedMs > firstAnswerMs) break
      if (this.#done[place] === 1) text += `,${place}`
      else firstAnswerMs = Math.min(firstAnswerMs, operation.answeredMs)
    }
    for (let place = this.#known.length; place < this.#done.length; place++) if (this.#done[place] === 1) text += `,${place}`
    return text
  }
}
