// Who a user is elsewhere: the issuer that knows it (an OpenID provider, say) and its subject there. One user may have
// several; one of them belongs to one user.
import { digestOf, digestText } from "../protocol/digest.ts"
import { type Term, textTerm } from "../store/row.ts"

export interface Identity {
  readonly issuer: string
  readonly subject: string
}

/** Of bounded length, whatever the two are; neither holds a line break. */
export function identityTerm({ issuer, subject }: Identity): Term {
  return textTerm("identity", digestText(digestOf(`${issuer}\n${subject}`)), true)
}
