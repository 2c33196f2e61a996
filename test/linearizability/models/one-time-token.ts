// A one-time token, from when it was shown: of all who use it one succeeds.
import type { Model } from "../history.ts"

export type TokenInput = { readonly kind: "consume" }

/** Whether it was let in; it was not where the token is used up. */
export type TokenOutput = boolean

export const tokenModel: Model<"fresh" | "used", TokenInput, TokenOutput> = {
  name: "one-time token",
  initial: "fresh",
  isRead: (_, output) => output === false,
  text: (state) => state,
  step: (state, _, output) => {
    const isPossible = state === "fresh"
    return output === undefined || output === isPossible ? "used" : undefined
  },
}
