// The TypeScript client: everything a front end or a server asks of Tandem. Needs `fetch` and nothing else, so it works in
// browsers, Bun, Node and Deno. What front ends import; a token with the scope `write` belongs on servers only.
import type { ApiKey, NewApiKey } from "./api-key.ts"
import { Collection } from "./collection.ts"
import type { CollectionDefinition } from "./document.ts"
import type { JsonObject } from "./json.ts"
import type { LogRecord } from "./log-record.ts"
import type { NodeStatus } from "./node-status.ts"
import type { Operation, ResultsOf } from "./operation.ts"
import { eachItem } from "./page.ts"
import { pathOf } from "./path.ts"
import { Reader } from "./reader.ts"
import { type Surroundings, surroundings } from "./surroundings.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, transact, type Transacted, type TransactionOptions, transactOne } from "./transaction.ts"
import { type CallOptions, Transport } from "./transport.ts"
import type { NewUser, User, UserChanges } from "./user.ts"
import { View } from "./view.ts"

export { TandemError }
export type { ErrorOutcome, Issue } from "./tandem-error.ts"
export type { Collection, CollectionView, NewDocumentOptions } from "./collection.ts"
export type { Document } from "./document.ts"
export type { DiffStep, HistoryItem } from "./history-item.ts"
export type { Change, Condition, Reference, ResultOf } from "./operation.ts"
export type { Page, PageOptions } from "./page.ts"
export type { Patch } from "./json.ts"
export type { Scope } from "./api-key.ts"
export type { ApiKey, CallOptions, CollectionDefinition, LogRecord, NewApiKey, NewUser, NodeStatus, Operation, OperationOptions, Transacted, TransactionOptions, User, UserChanges, View }

export interface ServiceOptions {
  /** Of the primary, such as `https://a.example.com`. */
  readonly url: string
  /** Of the other node: reads go there first, and either stands in for the other. */
  readonly replicaUrl?: string
  /** An API key. */
  readonly token: string
  /** For a whole call, all tries and waits together (30,000). */
  readonly timeoutMs?: number
  /** What reads must not be older than: `service.version` of another client whose writes this one shall see. */
  readonly minVersion?: number
  /** For tests: in place of the real fetch, clock and randomness. */
  readonly surroundings?: Partial<Surroundings>
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
  readonly #transport: Transport

  constructor(transport: Transport) {
    super(new Reader(transport, {}))
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

  /** Removes the user and the password. The history stays. */
  async deleteUser(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "user.delete", data: { id } }, options)
  }

  async setPassword(userId: string, password: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "credential.setPassword", data: { userId, password } }, options)
  }

  async removePassword(userId: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "credential.remove", data: { userId } }, options)
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

  createKey(key: NewApiKey, options: OperationOptions = {}): Promise<ApiKey> {
    return transactOne(this.#transport, { op: "key.create", data: key }, options)
  }

  /** It works no more on either node, from now on. */
  async revokeKey(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "key.revoke", data: { id } }, options)
  }

  /** The records from one version to the newest, oldest first. Needs the scope `log`. */
  log({ from = 1, limit, ...options }: CallOptions & { readonly from?: number; readonly limit?: number } = {}): AsyncGenerator<LogRecord, void, undefined> {
    return eachItem(async (cursor) => {
      const path = pathOf(["log"], { from: cursor ?? from, limit })
      const { items, version, next } = await this.reader.json<{ readonly items: readonly LogRecord[]; readonly version: number; readonly next: number | null }>(path, options)
      return { items, version, next: next === null ? null : String(next) }
    })
  }

  status(options: CallOptions = {}): Promise<NodeStatus> {
    return this.reader.json("/status", options, "primary")
  }
}
