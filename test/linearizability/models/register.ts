// A document: holds the value that was written last, of which each has a version of its own. Values are written once each.
import type { Model } from "../history.ts"
import { followedBy, type Versioned } from "./versioned.ts"

export type RegisterInput =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: number }
  | { readonly kind: "delete" }

/** Of a read: the value and the version that wrote it, null where there is none. Of a write or a deletion: its version, null where there was nothing to delete. */
export type RegisterOutput = { readonly value: number; readonly version: number } | { readonly version: number } | null

export interface RegisterState extends Versioned {
  readonly value: number | null
}

export const registerModel: Model<RegisterState, RegisterInput, RegisterOutput> = {
  name: "register",
  initial: { value: null, version: 0, isExact: true },
  isRead: ({ kind }, output) => kind === "read" || output === null,
  text: ({ value, version, isExact }) => `${value} of version ${isExact ? "" : "above "}${version}`,
  step: (state, input, output) => {
    switch (input.kind) {
      case "read":
        return read(state, output)
      case "write":
        if (output === null) return undefined
        return changed(state, input.value, output)
      case "delete":
        if (output === null) return state.value === null ? state : undefined
        return state.value === null && output !== undefined ? undefined : changed(state, null, output)
      default:
        return input satisfies never
    }
  },
}

/** A deletion's version is not seen by reads. */
function read(state: RegisterState, output: RegisterOutput | undefined): RegisterState | undefined {
  if (output === undefined) return state
  if (output === null) return state.value === null ? state : undefined
  if (!("value" in output) || output.value !== state.value) return undefined
  const exact = state.isExact ? output.version === state.version : output.version > state.version
  return exact ? { ...state, version: output.version, isExact: true } : undefined
}

function changed(state: RegisterState, value: number | null, output: RegisterOutput | undefined): RegisterState | undefined {
  const versioned = followedBy(state, output?.version)
  return versioned === undefined ? undefined : { value, ...versioned }
}
