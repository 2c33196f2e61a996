// The TypeScript client: everything a front end or a server asks of Tandem. Needs `fetch` and nothing else, so it works in
// browsers, Bun, Node and Deno.
import { Accounts } from "./accounts.ts"
import type { ApiKey, NewApiKey } from "./api-key.ts"
import { backoffMs } from "./backoff.ts"
import { type ChangedVersion, ChangeFeed, type ChangesOptions } from "./change-feed.ts"
import { Collection, type RevertOptions } from "./collection.ts"
import type { CollectionDefinition, Fields, NewDefinition, NewValueOf, ValueOf } from "./definition.ts"
import type { JsonObject } from "./json.ts"
import type { LogRecord } from "./log-record.ts"
import type { NodeStatus, StoreReport } from "./node-status.ts"
import type { Change, Operation, ResultsOf } from "./operation.ts"
import { Operator } from "./operator.ts"
import { eachItem, type Page } from "./page.ts"
import { pathOf } from "./path.ts"
import { Reader } from "./reader.ts"
import type { Login } from "./session.ts"
import { type NewSession, Sessions } from "./sessions.ts"
import { shownOnce, type WithSecret } from "./shown-once.ts"
import { signUp, type SignUp } from "./sign-up.ts"
import { type Surroundings, surroundings } from "./surroundings.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, transact, type Transacted, type TransactionOptions, transactOne } from "./transaction.ts"
import { type CallOptions, Transport, type TransportOptions } from "./transport.ts"
import type { User } from "./user.ts"
import { View } from "./view.ts"

export { TandemError }
export type { SetPasswordOptions } from "./accounts.ts"
export type { Scope } from "./api-key.ts"
export type { Cut, FeedOptions } from "./change-feed.ts"
export type { Collection, CollectionView, DocumentChange, IncrementOptions, NewDocumentOptions, NumberName } from "./collection.ts"
export type { Access, DefinedField, Field, Index, Rule } from "./definition.ts"
export type { Document } from "./document.ts"
export type { ErrorCode, NodeCode } from "./error-code.ts"
export type { DiffStep, HistoryItem } from "./history-item.ts"
export type { Decided, DecisionOptions, PromoteOptions } from "./operator.ts"
export type { Identity } from "./identity.ts"
export type { JsonObject, Patch } from "./json.ts"
export type { Filter, FilterValue, ListOptions, ListOptionsFor, Range, Where } from "./list-query.ts"
export type { ConsumedToken, NewOneTimeToken, OneTimeToken } from "./one-time-token.ts"
export type { Condition, OperationName, Reference, ResultOf } from "./operation.ts"
export type { PageOptions } from "./page.ts"
export type { Problem } from "./problem.ts"
export type { Session, StartedSession } from "./session.ts"
export type { RevokeAllOptions } from "./sessions.ts"
export type { ErrorOutcome, Issue } from "./tandem-error.ts"
export type { NewUser, UserChanges } from "./user.ts"
export type { UserListOptions } from "./view.ts"
export type { ApiKey, CallOptions, Change, ChangedVersion, ChangesOptions, CollectionDefinition, Fields, Login, LogRecord, NewApiKey, NewDefinition, NewSession, NewValueOf, NodeStatus, Operation, OperationOptions }
export type { Page, RevertOptions, Sessions, SignUp, StoreReport, Surroundings, Transacted, TransactionOptions, User, ValueOf, View, WithSecret }

export interface ServiceOptions extends Omit<TransportOptions, "surroundings"> {
  /** For tests: in place of the real fetch, clock and randomness. */
  readonly surroundings?: Partial<Surroundings>
}

export interface LoggedIn {
  readonly session: NewSession
  /** What it asks, it asks as that user. */
  readonly service: Service
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

export class Service extends Accounts {
  readonly session: Sessions
  readonly operator: Operator

  constructor(transport: Transport) {
    super(transport)
    this.session = new Sessions(transport)
    this.operator = new Operator(transport)
  }

  /** The same nodes for somebody else: with the token of a session, say, or with none. Shares nothing but `version`. */
  withToken(token: string | undefined): Service {
    return new Service(this.transport.withToken(token))
  }

  /**
   * The service as a user, by e-mail and password. Keep `session.token` for `withToken`.
   *
   * ```ts
   * const { service: ada, session } = await service.logIn({ email, password })
   * await ada.logOut(session.id)
   * ```
   */
  async logIn(login: Login, options: OperationOptions = {}): Promise<LoggedIn> {
    const session = await this.session.create(login, options)
    return { session, service: this.withToken(session.token) }
  }

  /** Ends a session by itself: all is well where it had ended before, or where an answer was lost that had ended it. */
  async logOut(sessionId: string, options: OperationOptions = {}): Promise<void> {
    try {
      await this.session.revoke(sessionId, options)
    } catch (error) {
      if (!(error instanceof TandemError) || (error.code !== "unauthenticated" && error.code !== "entity-missing")) throw error
    }
  }

  /** Makes a user with a password, and logs it in: all or nothing. Refused with `unique` where the address is taken. */
  async signUp(asked: SignUp, options: Omit<TransactionOptions, "dryRun"> = {}): Promise<LoggedIn & { readonly user: User }> {
    const { user, session } = await signUp(this.transport, asked, options)
    return { user, session, service: this.withToken(session.token) }
  }

  /** The newest version that was seen, by a write or a read: no later read is older, on either node. */
  get version(): number {
    return this.transport.version
  }

  /** The read half as of a version; its answers never change. */
  at(version: number): View {
    return new View(new Reader(this.transport, { at: version }))
  }

  /** The read half as of a moment. */
  atTime(time: Date | string): View {
    const atTime = typeof time === "string" ? time : time.toISOString()
    return new View(new Reader(this.transport, { atTime }))
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
    return transact(this.transport, operations, options)
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

  /** `T` is what you say that its documents are, and `New` what is given to make one. */
  override collection<T extends object = JsonObject, New extends object = T>(name: string): Collection<T, New> {
    return new Collection<T, New>(name, this.reader, this.transport)
  }

  /**
   * Makes a collection, or changes its definition: what is left out stays as it is. What its documents are follows from the fields.
   *
   * ```ts
   * const goals = await service.define({
   *   name: "goals",
   *   fields: { owner: { type: "reference", to: "users", required: true }, title: { type: "string", required: true }, stars: { type: "integer", default: 0 } },
   *   access: { create: "owner:owner", read: "owner:owner", update: "owner:owner", delete: "owner:owner" },
   * })
   * ```
   */
  define<const Given extends Fields>(definition: NewDefinition<Given> & { readonly fields: Given }, options?: OperationOptions): Promise<Collection<ValueOf<Given>, NewValueOf<Given>>>
  define<T extends object = JsonObject>(definition: NewDefinition, options?: OperationOptions): Promise<Collection<T>>
  async define(definition: NewDefinition, options: OperationOptions = {}): Promise<Collection<JsonObject>> {
    await transactOne(this.transport, { op: "collection.define", data: definition }, options)
    return this.collection(definition.name)
  }

  /** Resolves once lists may use every index of a collection: those of a large one are built after `define`, in the background. */
  async whenIndexed(name: string, options: CallOptions = {}): Promise<void> {
    const { nowMs, random } = this.transport.surroundings
    const endMs = this.transport.endMs(options)
    for (let waits = 0; ; waits++) {
      const definition = await this.getCollection(name, { ...options, timeoutMs: endMs - nowMs() })
      if (Object.values(definition?.indexes ?? {}).every(({ state }) => state === "ready")) return
      const waitMs = backoffMs(waits, random())
      if (nowMs() + waitMs >= endMs) throw new TandemError({ code: "unavailable", message: `Indexes of \`${name}\` are still being built.` })
      await this.transport.wait(waitMs, options.signal)
    }
  }

  /** Removes the collection and its documents. */
  dropCollection(name: string, options: OperationOptions = {}): Promise<CollectionDefinition> {
    return transactOne(this.transport, { op: "collection.drop", data: { name } }, options)
  }

  /** Where the answer is lost, and the key with it, another one is made, and the lost one revoked in the same version. */
  async createKey(key: NewApiKey, options: OperationOptions = {}): Promise<WithSecret<ApiKey, "key">> {
    const { result } = await shownOnce(this.transport, { op: "key.create", data: key }, (id) => ({ op: "key.revoke", data: { id } }), options)
    return result as WithSecret<ApiKey, "key">
  }

  /** It works no more on either node, from now on. */
  async revokeKey(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.transport, { op: "key.revoke", data: { id } }, options)
  }

  /** Undoes a version: what it changed becomes again what it was before. */
  revert(version: number, { force, ...options }: RevertOptions = {}): Promise<readonly Change[]> {
    return transactOne(this.transport, { op: "revert", data: { version, force } }, options)
  }

  /**
   * What is committed from now on, or since a version: whole versions in order, none twice and none left out, whichever node
   * ends meanwhile. Ends when `signal` is aborted.
   *
   * ```ts
   * const { items, version } = await service.collection("goals").page()
   * for await (const { changes } of service.changes({ since: version, collections: ["goals"], signal })) show(changes)
   * ```
   */
  changes(options: ChangesOptions): AsyncGenerator<ChangedVersion, void, undefined> {
    return new ChangeFeed(this.transport, options).versions()
  }

  /** The records from one version to the newest, oldest first. Needs the scope `log`. */
  log(options: LogOptions = {}): AsyncGenerator<LogRecord, void, undefined> {
    return eachItem((from: number | undefined) => this.pageOfLog(from === undefined ? options : { ...options, from }))
  }

  pageOfLog({ from = 1, limit, ...options }: LogOptions = {}): Promise<Page<LogRecord, number>> {
    return this.reader.json(pathOf(["log"], { from, limit }), options)
  }

  /** One record; undefined where there is none. */
  getRecord(version: number, options: CallOptions = {}): Promise<LogRecord | undefined> {
    return this.reader.entity(["log", String(version)], options)
  }

  /** Checks the whole data of a node: give it time. Needs the scope `admin`. */
  checkStore(options: CallOptions = {}): Promise<StoreReport> {
    return this.reader.json("/status/verify", options, "primary")
  }

  status(options: CallOptions = {}): Promise<NodeStatus> {
    return this.reader.json("/status", options, "primary")
  }
}
