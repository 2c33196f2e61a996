// An idempotency key under which several clients send the same: it is done once, and all who are answered hear of the same version.
import type { Model } from "../history.ts"

export type KeyInput = { readonly kind: "send" } | { readonly kind: "look" }

/** The version; null where a look-up found nothing. */
export type KeyOutput = number | null

/** Null where nothing was done yet; 0 where nobody heard of the version. */
export type KeyState = number | null

export const keyModel: Model<KeyState, KeyInput, KeyOutput> = {
  name: "idempotency key",
  initial: null,
  isRead: ({ kind }) => kind === "look",
  text: String,
  step: (state, input, output) => {
    if (output === undefined) return input.kind === "send" && state === null ? 0 : state
    if (output === null) return input.kind === "look" && state === null ? state : undefined
    if (state === null) return input.kind === "send" ? output : undefined
    return state === 0 || state === output ? output : undefined
  },
}
