// A session, from when its token was shown: alive until it is revoked, and then dead for ever.
import type { Model } from "../history.ts"

export type SessionInput = { readonly kind: "use" } | { readonly kind: "revoke" }

/** Of a use: whether its token was taken. Of a revocation: whether there was a session to revoke. */
export type SessionOutput = boolean

export const sessionModel: Model<"alive" | "dead", SessionInput, SessionOutput> = {
  name: "session",
  initial: "alive",
  isRead: ({ kind }, output) => kind === "use" || output === false,
  text: (state) => state,
  step: (state, input, output) => {
    if (output !== undefined && output !== (state === "alive")) return undefined
    return input.kind === "use" ? state : "dead"
  },
}
