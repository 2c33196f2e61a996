// Histories written down by hand: `told(1, 3, "a", input, output)` was asked for at 1 and answered at 3.
import type { Operation } from "./history.ts"

export function told<Input, Output>(askedMs: number, answeredMs: number, client: string, input: Input, output: Output): Operation<Input, Output> {
  return { client, input, output, askedMs, answeredMs }
}

/** Nobody heard what became of it. */
export function untold<Input>(askedMs: number, client: string, input: Input): Operation<Input, never> {
  return { client, input, output: undefined, askedMs, answeredMs: Number.POSITIVE_INFINITY }
}
