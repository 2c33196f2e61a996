// A list in a document that grows at its end: each writer names the version that it read, so none overwrites another's.
import type { Model } from "../history.ts"

export type ListInput = { readonly kind: "read" } | { readonly kind: "append"; readonly item: number; readonly onto: number }

/** Of a read: what is in it. Of an addition: its version, null where another one came first. */
export type ListOutput = ListState | { readonly version: number } | null

export interface ListState {
  readonly items: readonly number[]
  /** 0 where there is no document yet; null where nobody heard which it is. */
  readonly version: number | null
}

export const listModel: Model<ListState, ListInput, ListOutput> = {
  name: "list",
  initial: { items: [], version: 0 },
  isRead: ({ kind }, output) => kind === "read" || output === null,
  text: ({ items, version }) => `[${items.join(" ")}] of version ${version}`,
  step: (state, input, output) => {
    if (input.kind === "read") {
      if (output === undefined) return state
      if (output === null || !("items" in output) || String(output.items) !== String(state.items)) return undefined
      return state.version === null || state.version === output.version ? output : undefined
    }
    if (output === null) return state.version === input.onto ? undefined : state
    if (state.version !== input.onto && state.version !== null) return output === undefined ? state : undefined
    const version = output?.version ?? null
    if (version !== null && version <= input.onto) return undefined
    return { items: [...state.items, input.item], version }
  },
}
