// One collection: reading its documents, and writing them.
import { type ChangedVersion, ChangeFeed, type FeedOptions } from "./change-feed.ts"
import type { Document } from "./document.ts"
import type { HistoryItem } from "./history-item.ts"
import type { JsonObject, Patch } from "./json.ts"
import type { ListOptions, ListOptionsFor } from "./list-query.ts"
import type { Page, PageOptions } from "./page.ts"
import type { Reader } from "./reader.ts"
import type { Change, Operation } from "./operation.ts"
import { type OperationOptions, transactOne } from "./transaction.ts"
import type { CallOptions, Transport } from "./transport.ts"

/** The read half, which there is as of any version. */
export class CollectionView<T extends object> {
  readonly name: string
  readonly #reader: Reader

  constructor(name: string, reader: Reader) {
    this.name = name
    this.#reader = reader
  }

  /** Undefined where there is no such document. */
  get(id: string, options: CallOptions = {}): Promise<Document<T> | undefined> {
    return this.#reader.entity([this.name, id], options)
  }

  /**
   * Every document, or those that all filters hold for, as of the same version.
   *
   * ```ts
   * const goals = service.collection<Goal>("goals")
   * for await (const { id, value } of goals.list({ where: { owner, stars: { gte: 3 } }, sort: "-createdAt" })) console.log(id, value.title)
   * ```
   */
  list<Shown extends keyof T & string>(options: ListOptionsFor<T, Shown>): AsyncGenerator<Document<Pick<T, Shown>>, void, undefined>
  list(options?: ListOptions<T>): AsyncGenerator<Document<T>, void, undefined>
  list(options: object = {}): AsyncGenerator<Document<T>, void, undefined> {
    return this.#reader.each([this.name], options)
  }

  page<Shown extends keyof T & string>(options: ListOptionsFor<T, Shown>): Promise<Page<Document<Pick<T, Shown>>>>
  page(options?: ListOptions<T>): Promise<Page<Document<T>>>
  page(options: object = {}): Promise<Page<Document<T>>> {
    return this.#reader.page([this.name], options)
  }

  /** Every version of a document, newest first. */
  history(id: string, options: PageOptions = {}): AsyncGenerator<HistoryItem<Document<T>>, void, undefined> {
    return this.#reader.history([this.name, id], options)
  }
}

/** Where a new document gets an id of your own. */
export interface NewDocumentOptions extends OperationOptions {
  readonly id?: string | undefined
}

export interface IncrementOptions extends OperationOptions {
  /** What the sum must not be below, and above: the call is refused with `conflict` otherwise. */
  readonly min?: number | undefined
  readonly max?: number | undefined
}

export interface RevertOptions extends OperationOptions {
  /** Also where later changes are lost by it. */
  readonly force?: boolean | undefined
}

export interface DocumentChange<T extends object> extends Omit<Change, "value"> {
  /** Null where it was deleted. */
  readonly value: Document<T> | null
}

/** Names of fields that hold numbers; any name where the type does not say what fields hold. */
export type NumberName<T> = { [Name in keyof T & string]-?: unknown extends T[Name] ? Name : NonNullable<T[Name]> extends number ? Name : never }[keyof T & string]

/**
 * ```ts
 * const goals = service.collection<{ title: string; done: boolean }>("goals")
 * const { id, version } = await goals.create({ title: "Read", done: false })
 * await goals.patch(id, { done: true }, { if: { version } })
 * ```
 */
export class Collection<T extends object, New extends object = T> extends CollectionView<T> {
  readonly #transport: Transport

  constructor(name: string, reader: Reader, transport: Transport) {
    super(name, reader)
    this.#transport = transport
  }

  create(value: New, { id, ...options }: NewDocumentOptions = {}): Promise<Document<T>> {
    return this.#one({ op: "document.create", data: { collection: this.name, id, value: value as JsonObject } }, options)
  }

  /** The document's whole new value; makes it where it is not there. */
  put(id: string, value: New, options: OperationOptions = {}): Promise<Document<T>> {
    return this.#one({ op: "document.put", data: { collection: this.name, id, value: value as JsonObject } }, options)
  }

  /** Changes what the merge patch names; `null` removes a field. */
  patch(id: string, patch: Patch<T>, options: OperationOptions = {}): Promise<Document<T>> {
    return this.#one({ op: "document.patch", data: { collection: this.name, id, patch: patch as JsonObject } }, options)
  }

  /** Adds to a number, which is 0 where it is missing; of many who do so at once, none is lost. */
  increment(id: string, field: NumberName<T>, by: number, { min, max, ...options }: IncrementOptions = {}): Promise<Document<T>> {
    return this.#one({ op: "document.increment", data: { collection: this.name, id, field, by, min, max } }, options)
  }

  /** Makes a document again what it was as of a version; 0 is before everything. Nothing changes where it still is that. */
  revert(id: string, to: number, { force, ...options }: RevertOptions = {}): Promise<readonly Change[]> {
    return transactOne(this.#transport, { op: "revert", data: { collection: this.name, id, to, force } }, options)
  }

  /** What becomes of its documents, version by version: see `service.changes`. */
  changes(options: FeedOptions): AsyncGenerator<ChangedVersion<DocumentChange<T>>, void, undefined> {
    const feed = new ChangeFeed(this.#transport, { ...options, collections: [this.name] })
    return feed.versions() as AsyncGenerator<ChangedVersion<DocumentChange<T>>, void, undefined>
  }

  async delete(id: string, options: OperationOptions = {}): Promise<void> {
    await transactOne(this.#transport, { op: "document.delete", data: { collection: this.name, id } }, options)
  }

  async #one(operation: Operation<"document.create" | "document.put" | "document.patch" | "document.increment">, options: OperationOptions): Promise<Document<T>> {
    return (await transactOne(this.#transport, operation, options)) as Document<T>
  }
}
