// `service.session`: users log in, stay, and are logged out. Sessions are listed by `service.listSessions`.
import type { Operation } from "./operation.ts"
import type { Login, Session, StartedSession } from "./session.ts"
import { type Shown, shownOnce, type WithSecret } from "./shown-once.ts"
import { type OperationOptions, transactOne } from "./transaction.ts"
import type { CallOptions, Transport } from "./transport.ts"

export type NewSession = WithSecret<StartedSession, "token">

export interface RevokeAllOptions extends OperationOptions {
  /** The id of a session that stays. */
  readonly except?: string | undefined
}

/**
 * ```ts
 * const { token } = await service.session.create({ email, password, idle: "30m" })
 * ```
 */
export class Sessions {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Logs a user in. Where the answer is lost, and the token with it, another session is made, and the lost one revoked.
   * Refused with `login-failed` where address and password do not belong together.
   */
  async create(login: Login, options: OperationOptions = {}): Promise<NewSession> {
    return withoutOthers(this.#transport, await shownOnce(this.#transport, { op: "session.create", data: login }, revoking, options), options)
  }

  /** Puts the idle end off. */
  touch(id: string, options: OperationOptions = {}): Promise<Omit<StartedSession, "token">> {
    return transactOne(this.#transport, { op: "session.touch", data: { id } }, options)
  }

  /** It is dead on both nodes from now on. */
  async revoke(id: string, options: OperationOptions = {}): Promise<Pick<Session, "id" | "userId">> {
    return transactOne(this.#transport, { op: "session.revoke", data: { id } }, options)
  }

  /** How many sessions of the user ended by it. */
  async revokeAll(userId: string, { except, ...options }: RevokeAllOptions = {}): Promise<number> {
    const { revoked } = await transactOne(this.#transport, { op: "session.revokeAll", data: { userId, except } }, options)
    return revoked
  }
}

export function revoking(id: string): Operation {
  return { op: "session.revoke", data: { id } }
}

/** A user may end what is left of its own sessions, even where who logged it in may not. Those that stay end by themselves. */
export async function withoutOthers(transport: Transport, { result, left }: Shown<Operation<"session.create">>, { signal }: CallOptions): Promise<NewSession> {
  const session = result as NewSession
  if (left.length > 0) {
    const own = transport.withToken(session.token)
    await Promise.allSettled(left.map((id) => transactOne(own, revoking(id), { signal, timeoutMs: othersMs })))
  }
  return session
}

/** Nobody waits longer for a log-in because of them. */
const othersMs = 5_000
