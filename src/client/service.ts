// The TypeScript client: everything a front end or a server asks of Tandem. Needs `fetch` and nothing else, so it works in
// browsers, Bun, Node and Deno. What front ends import; a token with the scope `write` belongs on servers only.
import type { ApiKey, NewApiKey } from "./api-key.ts"
import { Collection, type RevertOptions } from "./collection.ts"
import type { CollectionDefinition } from "./document.ts"
import type { Identity } from "./identity.ts"
import type { JsonObject } from "./json.ts"
import type { LogRecord } from "./log-record.ts"
import type { NodeStatus, StoreReport } from "./node-status.ts"
import type { ConsumedToken, NewOneTimeToken, OneTimeToken } from "./one-time-token.ts"
import type { Change, Operation, ResultsOf } from "./operation.ts"
import { eachItem, type Page } from "./page.ts"
import { pathOf } from "./path.ts"
import { Reader } from "./reader.ts"
import { Sessions } from "./sessions.ts"
import { shownOnce, type WithSecret } from "./shown-once.ts"
import { type Surroundings, surroundings } from "./surroundings.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, transact, type Transacted, type TransactionOptions, transactOne } from "./transaction.ts"
import { type CallOptions, Transport } from "./transport.ts"
import type { NewUser, User, UserChanges } from "./user.ts"
import { View } from "./view.ts"

export { TandemError }
export type { ErrorOutcome, Issue } from "./tandem-error.ts"
export type { Collection, CollectionView, IncrementOptions, NewDocumentOptions, NumberField } from "./collection.ts"
export type { Document } from "./document.ts"
export type { DiffStep, HistoryItem } from "./history-item.ts"
export type { Condition, OperationName, Reference, ResultOf } from "./operation.ts"
export type { PageOptions } from "./page.ts"
export type { JsonObject, Patch } from "./json.ts"
export type { Login, Session, StartedSession } from "./session.ts"
export type { NewSession, RevokeAllOptions } from "./sessions.ts"
export type { Scope } from "./api-key.ts"
export type { ApiKey, CallOptions, Change, CollectionDefinition, ConsumedToken, Identity, LogRecord, NewApiKey, NewOneTimeToken, NewUser, NodeStatus, OneTimeToken }
export type { Operation, OperationOptions, Page, RevertOptions, Sessions, StoreReport, Surroundings, Transacted, TransactionOptions, User, UserChanges, View, WithSecret }

export interface ServiceOptions {
  /** Of the primary, such as `https://a.example.com`. */
  readonly url: string
  /** Of the other node: reads go there first, and either stands in for the other. */
  readonly replicaUrl?: string
  /** An API key; undefined for what needs none. */
  readonly token?: string | undefined
  /** For a whole call, all tries and waits together (30,000). */
  readonly timeoutMs?: number
  /** What reads must not be older than: `service.version` of another client whose writes this one shall see. */
  readonly minVersion?: number
  /**
   * How many users, documents and definitions to keep (none): one that has not changed since is not sent again. Each read still
   * asks a node.
   */
  readonly cache?: number
  /** How often a call is tried at most (as long as its time lasts). */
  readonly tries?: number
  /** For tests: in place of the real fetch, clock and randomness. */
  readonly surroundings?: Partial<Surroundings>
}

export interface SetPasswordOptions extends OperationOptions {
  /** All of the user's sessions end in the same version. */
  readonly revokeSessions?: boolean | undefined
}

export interface LogOptions extends CallOptions {
  /** The first version (1). */
  readonly from?: number | undefined
  /** Records of a page. */
  readonly limit?: number | undefined
}

export type Outcome = { readonly outcome: "committed"; readonly version: number } | { readonly outcome: "in-doubt" } | { readonly outcome: "unheard-of" }

/**
 * ```ts
 * import { createService } from "tandem/client"
 *
 * const service = createService({ url: "https://a.example.com", replicaUrl: "https://b.example.com", token })
 * const ada = await service.createUser({ email: "ada@example.com", name: "Ada" })
 * ```
 */
export function createService({ surroundings: own, ...options }: ServiceOptions): Service {
  return new Service(new Transport({ ...options, surroundings: { ...surroundings, ...own } }))
}

export class Service extends View {
  readonly session: Sessions
  readonly #transport: Transport

  constructor(transport: Transport) {
    super(new Reader(transport, {}))
    this.session = new Sessions(transport)
    this.#transport = transport
  }

  /** The newest version that was seen, by a write or a read: no later read is older, on either node. */
  get version(): number {
    return this.#transport.version
  }

  /** The read half as of a version; its answers never change. */
  at(version: number): View {
    return new View(new Reader(this.#transport, { at: version }))
  }

  /** The read half as of a moment. */
  atTime(time: Date | string): View {
    const atTime = typeof time === "string" ? time : time.toISOString()
    return new View(new Reader(this.#transport, { atTime }))
  }

  /**
   * All of the operations or none of them.
   *
   * ```ts
   * const { version, results: [user, goal] } = await service.do([
   *   { op: "user.create", data: { email: "ada@example.com" }, as: "u" },
   *   { op: "document.create", data: { collection: "goals", value: { owner: { $ref: "u.id" }, title: "Read" } } },
   * ], { note: "sign-up" })
   * ```
   */
  do<const Asked extends readonly Operation[]>(operations: Asked, options: TransactionOptions = {}): Promise<Transacted<ResultsOf<Asked>>> {
    return transact(this.#transport, operations, options)
  }

  /**
   * What became of a transaction, by its key. `unheard-of` is true for now: one that is still on its way shows up later.
   * Sending it again with its key is surer.
   */
  async outcome(key: string, options: CallOptions = {}): Promise<Outcome> {
    try {
      return await this.reader.json<Outcome>(pathOf(["do", key]), options, "primary")
    } catch (error) {
      if (error instanceof TandemError && error.code === "entity-missing") return { outcome: "unheard-of" }
      throw error
    }
  }

  createUser(user: NewUser, options: OperationOptions = {}): Promise<User> {
    return transactOne(this.#transport, { op: "user.create", data: user }, options)
  }

  updateUser(id: string, changes: UserChanges, options: OperationOptions = {}): Promise<User> {
    return transactOne(this.#transport, { op: "user.update", data: { ...changes, id } }, options)
  }

  /** Removes the user with its password, sessions, tokens and identities. The history stays. */
  async deleteUser(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "user.delete", data: { id } }, options)
  }

  async setPassword(userId: string, password: string, { revokeSessions, ...options }: SetPasswordOptions = {}): Promise<void> {
    const data = { userId, password, revokeSessions }
    await transactOne(this.#transport, { op: "credential.setPassword", data }, options)
  }

  async removePassword(userId: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "credential.remove", data: { userId } }, options)
  }

  /** From now on the issuer's subject is this user: see `getUserByIdentity`. Refused with `unique` where it is another one. */
  async linkIdentity(userId: string, identity: Identity, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "credential.link", data: { ...identity, userId } }, options)
  }

  /** The id of the user whose it was. */
  async unlinkIdentity({ issuer, subject }: Identity, options: OperationOptions = {}): Promise<string> {
    return (await transactOne(this.#transport, { op: "credential.unlink", data: { issuer, subject } }, options)).userId
  }

  /** For what a link in an e-mail may do once. */
  async createToken(token: NewOneTimeToken, options: OperationOptions = {}): Promise<WithSecret<OneTimeToken, "token">> {
    const made = await shownOnce(this.#transport, { op: "token.create", data: token }, undefined, options)
    return made as WithSecret<OneTimeToken, "token">
  }

  /** Uses a token up. Undefined where it is unknown, used or expired, or has another purpose. */
  async consumeToken(token: string, purpose: string, options: OperationOptions = {}): Promise<ConsumedToken | undefined> {
    try {
      return await transactOne(this.#transport, { op: "token.consume", data: { token, purpose } }, options)
    } catch (error) {
      if (error instanceof TandemError && error.code === "entity-missing") return undefined
      throw error
    }
  }

  /** The id of the user whose e-mail address and password these are; undefined where they do not belong together. */
  async verify(email: string, password: string, options: CallOptions = {}): Promise<string | undefined> {
    const body = JSON.stringify({ email, password })
    const answer = await this.#transport.send({ ...options, method: "POST", path: "/verify", body, first: "primary" })
    return (answer.json as { readonly userId?: string }).userId
  }

  override collection<T extends object = JsonObject>(name: string): Collection<T> {
    return new Collection<T>(name, this.reader, this.#transport)
  }

  defineCollection(name: string, options: OperationOptions = {}): Promise<CollectionDefinition> {
    return transactOne(this.#transport, { op: "collection.define", data: { name } }, options)
  }

  /** Removes the collection and its documents. */
  dropCollection(name: string, options: OperationOptions = {}): Promise<CollectionDefinition> {
    return transactOne(this.#transport, { op: "collection.drop", data: { name } }, options)
  }

  /** Where the answer is lost, and the key with it, another one is made, and the lost one revoked in the same version. */
  async createKey(key: NewApiKey, options: OperationOptions = {}): Promise<WithSecret<ApiKey, "key">> {
    const made = await shownOnce(this.#transport, { op: "key.create", data: key }, (id) => ({ op: "key.revoke", data: { id } }), options)
    return made as WithSecret<ApiKey, "key">
  }

  /** It works no more on either node, from now on. */
  async revokeKey(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "key.revoke", data: { id } }, options)
  }

  /** Undoes a version: what it changed becomes again what it was before. */
  revert(version: number, { force, ...options }: RevertOptions = {}): Promise<readonly Change[]> {
    return transactOne(this.#transport, { op: "revert", data: { version, force } }, options)
  }

  /** Makes a user again what it was as of a version. */
  revertUser(id: string, to: number, { force, ...options }: RevertOptions = {}): Promise<readonly Change[]> {
    return transactOne(this.#transport, { op: "revert", data: { collection: "users", id, to, force } }, options)
  }

  /** The records from one version to the newest, oldest first. Needs the scope `log`. */
  log(options: LogOptions = {}): AsyncGenerator<LogRecord, void, undefined> {
    return eachItem((from: number | undefined) => this.pageOfLog(from === undefined ? options : { ...options, from }))
  }

  pageOfLog({ from = 1, limit, ...options }: LogOptions = {}): Promise<Page<LogRecord, number>> {
    return this.reader.json(pathOf(["log"], { from, limit }), options)
  }

  /** Checks the whole data of a node: give it time. Needs the scope `admin`. */
  checkStore(options: CallOptions = {}): Promise<StoreReport> {
    return this.reader.json("/status/verify", options, "primary")
  }

  status(options: CallOptions = {}): Promise<NodeStatus> {
    return this.reader.json("/status", options, "primary")
  }
}
