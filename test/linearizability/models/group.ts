// Documents of a collection that share the value of an indexed field: made and deleted one by one, listed together.
import type { Model } from "../history.ts"

export type GroupInput = { readonly kind: "create" | "delete"; readonly id: string } | { readonly kind: "list" }

/** Of a list the ids, sorted; else whether it was done: it was not where there is one already, or none. */
export type GroupOutput = readonly string[] | boolean

/** The ids that there are, sorted. */
export type GroupState = readonly string[]

export const groupModel: Model<GroupState, GroupInput, GroupOutput> = {
  name: "set",
  initial: [],
  isRead: ({ kind }, output) => kind === "list" || output === false,
  text: (ids) => `{${ids.join(" ")}}`,
  step: (ids, input, output) => {
    if (input.kind === "list") return output === undefined || String(output) === String(ids) ? ids : undefined
    const isThere = ids.includes(input.id)
    const isPossible = input.kind === "create" ? !isThere : isThere
    if (output !== undefined && output !== isPossible) return undefined
    if (!isPossible) return ids
    return input.kind === "create" ? [...ids, input.id].sort() : ids.filter((id) => id !== input.id)
  },
}
