// A number in a document that is added to, within bounds that each addition names.
import type { Model } from "../history.ts"

export type CounterInput = { readonly kind: "read" } | { readonly kind: "add"; readonly by: number; readonly min: number; readonly max: number }

/** The sum; null where it would have been out of bounds, or, of a read, where there is no document yet. */
export type CounterOutput = number | null

export const counterModel: Model<number, CounterInput, CounterOutput> = {
  name: "counter",
  initial: 0,
  isRead: ({ kind }, output) => kind === "read" || output === null,
  text: String,
  step: (count, input, output) => {
    if (input.kind === "read") return output === undefined || (output ?? 0) === count ? count : undefined
    const sum = count + input.by
    const isWithin = sum >= input.min && sum <= input.max
    if (output !== undefined && output !== (isWithin ? sum : null)) return undefined
    return isWithin ? sum : count
  },
}
