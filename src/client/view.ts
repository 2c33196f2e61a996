// The read half of the service: users, collections and their pasts, as of now, a version or a time.
import { CollectionView } from "./collection.ts"
import type { CollectionDefinition } from "./definition.ts"
import type { HistoryItem } from "./history-item.ts"
import type { Identity } from "./identity.ts"
import type { JsonObject } from "./json.ts"
import type { ListOptions } from "./list-query.ts"
import type { Page, PageOptions } from "./page.ts"
import type { Reader } from "./reader.ts"
import type { Session } from "./session.ts"
import type { CallOptions } from "./transport.ts"
import type { User } from "./user.ts"

export interface UserListOptions extends Omit<ListOptions<JsonObject>, "fields"> {
  /** Of `data`. */
  readonly fields?: readonly string[] | undefined
}

/**
 * ```ts
 * const before = await service.at(41).getUser(id)
 * ```
 */
export class View {
  protected readonly reader: Reader

  constructor(reader: Reader) {
    this.reader = reader
  }

  /** Undefined where there is no such user. `Data` is what you say that users' data is. */
  getUser<Data extends object = JsonObject>(id: string, options: CallOptions = {}): Promise<User<Data> | undefined> {
    return this.reader.entity(["users", id], options)
  }

  getUserByEmail<Data extends object = JsonObject>(email: string, options: CallOptions = {}): Promise<User<Data> | undefined> {
    return this.reader.entity(["users"], options, { email })
  }

  /** The user whom another issuer knows as that subject. */
  getUserByIdentity<Data extends object = JsonObject>({ issuer, subject }: Identity, options: CallOptions = {}): Promise<User<Data> | undefined> {
    return this.reader.entity(["users"], options, { issuer, subject })
  }

  /** Every user, or those that all filters hold for, as of the same version. Fields are `email`, and those of `data`. */
  listUsers<Data extends object = JsonObject>(options: UserListOptions = {}): AsyncGenerator<User<Data>, void, undefined> {
    return this.reader.each(["users"], asList(options))
  }

  pageOfUsers<Data extends object = JsonObject>(options: UserListOptions = {}): Promise<Page<User<Data>>> {
    return this.reader.page(["users"], asList(options))
  }

  /** Every version of a user, newest first. */
  userHistory<Data extends object = JsonObject>(id: string, options: PageOptions = {}): AsyncGenerator<HistoryItem<User<Data>>, void, undefined> {
    return this.reader.history(["users", id], options)
  }

  /** The sessions of a user that had not ended, without their tokens. */
  listSessions(userId: string, options: PageOptions = {}): AsyncGenerator<Session, void, undefined> {
    return this.reader.each(["users", userId, "sessions"], options)
  }

  getCollection(name: string, options: CallOptions = {}): Promise<CollectionDefinition | undefined> {
    return this.reader.entity(["collections", name], options)
  }

  listCollections(options: PageOptions = {}): AsyncGenerator<CollectionDefinition, void, undefined> {
    return this.reader.each(["collections"], options)
  }

  /** `T` is what you say that its documents are. */
  collection<T extends object = JsonObject>(name: string): CollectionView<T> {
    return new CollectionView<T>(name, this.reader)
  }
}

/** `email=` alone asks for the one user itself, not for a list of it. */
function asList(options: UserListOptions): UserListOptions {
  const email = options.where?.["email"]
  return typeof email === "string" ? { ...options, where: { ...options.where, email: { gte: email, lte: email } } } : options
}
