// Users, and what belongs to them beside their sessions: passwords, identities elsewhere, one-time tokens.
import type { RevertOptions } from "./collection.ts"
import type { Identity } from "./identity.ts"
import type { JsonObject } from "./json.ts"
import type { ConsumedToken, NewOneTimeToken, OneTimeToken } from "./one-time-token.ts"
import type { Change } from "./operation.ts"
import { Reader } from "./reader.ts"
import { shownOnce, type WithSecret } from "./shown-once.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, transactOne } from "./transaction.ts"
import type { CallOptions, Transport } from "./transport.ts"
import type { NewUser, User, UserChanges } from "./user.ts"
import { View } from "./view.ts"

export interface SetPasswordOptions extends OperationOptions {
  /** The user's sessions end in the same version, but for the one that asks. */
  readonly revokeSessions?: boolean | undefined
  /** What a session must know to change its user's password. */
  readonly currentPassword?: string | undefined
}

export class Accounts extends View {
  protected readonly transport: Transport

  constructor(transport: Transport) {
    super(new Reader(transport, {}))
    this.transport = transport
  }

  async createUser<Data extends object = JsonObject>(user: NewUser<Data>, options: OperationOptions = {}): Promise<User<Data>> {
    return (await transactOne(this.transport, { op: "user.create", data: user as NewUser }, options)) as User<Data>
  }

  async updateUser<Data extends object = JsonObject>(id: string, changes: UserChanges<Data>, options: OperationOptions = {}): Promise<User<Data>> {
    return (await transactOne(this.transport, { op: "user.update", data: { ...(changes as UserChanges), id } }, options)) as User<Data>
  }

  /** Removes the user with its password, sessions, tokens and identities. The history stays. */
  async deleteUser(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.transport, { op: "user.delete", data: { id } }, options)
  }

  async setPassword(userId: string, password: string, { revokeSessions, currentPassword, ...options }: SetPasswordOptions = {}): Promise<void> {
    const data = { userId, password, revokeSessions, currentPassword }
    await transactOne(this.transport, { op: "credential.setPassword", data }, options)
  }

  async removePassword(userId: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.transport, { op: "credential.remove", data: { userId } }, options)
  }

  /** From now on the issuer's subject is this user: see `getUserByIdentity`. Refused with `unique` where it is another one. */
  async linkIdentity(userId: string, identity: Identity, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.transport, { op: "credential.link", data: { ...identity, userId } }, options)
  }

  /** The id of the user whose it was. */
  async unlinkIdentity({ issuer, subject }: Identity, options: OperationOptions = {}): Promise<string> {
    return (await transactOne(this.transport, { op: "credential.unlink", data: { issuer, subject } }, options)).userId
  }

  /** For what a link in an e-mail may do once. */
  async createToken(token: NewOneTimeToken, options: OperationOptions = {}): Promise<WithSecret<OneTimeToken, "token">> {
    const { result } = await shownOnce(this.transport, { op: "token.create", data: token }, undefined, options)
    return result as WithSecret<OneTimeToken, "token">
  }

  /** Uses a token up. Undefined where it is unknown, used or expired, or has another purpose. */
  async consumeToken(token: string, purpose: string, options: OperationOptions = {}): Promise<ConsumedToken | undefined> {
    try {
      return await transactOne(this.transport, { op: "token.consume", data: { token, purpose } }, options)
    } catch (error) {
      if (error instanceof TandemError && error.code === "entity-missing") return undefined
      throw error
    }
  }

  /** The id of the user whose e-mail address and password these are; undefined where they do not belong together. */
  async verify(email: string, password: string, options: CallOptions = {}): Promise<string | undefined> {
    const body = JSON.stringify({ email, password })
    const answer = await this.transport.send({ ...options, method: "POST", path: "/verify", body, first: "primary" })
    return (answer.json as { readonly userId?: string }).userId
  }

  /** Makes a user again what it was as of a version. */
  revertUser(id: string, to: number, { force, ...options }: RevertOptions = {}): Promise<readonly Change[]> {
    return transactOne(this.transport, { op: "revert", data: { collection: "users", id, to, force } }, options)
  }
}
