// Sign-up: a user with a password and a first session, all in one transaction or none of it.
import { type NewSession, revoking, withoutOthers } from "./sessions.ts"
import { anotherWhereLost } from "./shown-once.ts"
import { transact, type TransactionOptions } from "./transaction.ts"
import type { Transport } from "./transport.ts"
import type { NewUser, User } from "./user.ts"

/** Of the session, see `session.create`. */
export interface SignUp extends NewUser {
  readonly password: string
  readonly ttl?: string | undefined
  readonly idle?: string | undefined
}

export interface SignedUp {
  readonly user: User
  readonly session: NewSession
}

export async function signUp(transport: Transport, { password, ttl, idle, ...user }: SignUp, options: Omit<TransactionOptions, "dryRun">): Promise<SignedUp> {
  const endMs = transport.endMs(options)
  const userId = { $ref: "u.id" }
  const done = await transact(
    transport,
    [
      { op: "user.create", data: user, as: "u" },
      { op: "credential.setPassword", data: { userId, password } },
      { op: "session.create", data: { userId, ttl, idle } },
    ],
    options,
  )
  const logIn = { op: "session.create", data: { email: user.email, password, ttl, idle } } as const
  const shown = await anotherWhereLost(transport, done, logIn, revoking, { ...options, endMs })
  return { user: done.results[0], session: await withoutOthers(transport, shown, options) }
}
