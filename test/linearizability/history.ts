// What clients asked of one object, when, and what they were told: the input of the checker.

/** One thing that a client asked for. */
export interface Operation<Input, Output> {
  readonly client: string
  readonly input: Input
  /** Undefined where nobody knows the outcome: it may take effect at any time after it was asked for, or never. */
  readonly output: Output | undefined
  /** By one clock, that of the program the clients run in. What is not known is never over. */
  readonly askedMs: number
  readonly answeredMs: number
}

export type History<Input, Output> = readonly Operation<Input, Output>[]

/** What an object may do, one operation after the other. States are values: `step` never changes one. */
export interface Model<State, Input, Output> {
  readonly name: string
  readonly initial: State
  /** The state after `input` was answered with `output`, or with what nobody knows; undefined where that cannot be. */
  step(state: State, input: Input, output: Output | undefined): State | undefined
  /** Whether it leaves every state as it is, having been answered so; of a read whatever the answer, known or not. */
  isRead(input: Input, output: Output | undefined): boolean
  /** Equal for equal states, and for no others. */
  text(state: State): string
}

/** Known ones come to an end; the others never do. */
export function isKnown({ output }: Operation<unknown, unknown>): boolean {
  return output !== undefined
}
