// What logging in takes, and the one answer to whoever cannot: it never says which of the two was wrong.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { refuse } from "../refusal.ts"

/** No rule on form: what cannot be an account does not match. */
export const loginEmailField = v.pipe(v.string(), v.maxLength(bounds.emailLengthMax))
export const loginPasswordField = v.pipe(v.string(), v.maxLength(bounds.passwordLengthMax))

/** By the address, or for who is known already by the user's id. */
export type LoginCredentials = ({ readonly email: string } | { readonly userId: string }) & { readonly password: string }

/** The version that set a user's password: a new hash of the same one remembers it. */
export function passwordVersionOf(credential: { readonly [field: string]: unknown }): number {
  return (credential["passwordVersion"] ?? credential["version"]) as number
}

export const loginFailed = refuse("login-failed", "The e-mail address or the password is wrong, or the user is disabled.")
