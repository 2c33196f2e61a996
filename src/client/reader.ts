// Reads as of one moment: now, a version or a time. Never changes anything.
import type { HistoryItem } from "./history-item.ts"
import { type AnyListOptions, listQuery } from "./list-query.ts"
import { eachItem, type Page, type PageOptions } from "./page.ts"
import { pathOf, type Query } from "./path.ts"
import { TandemError } from "./tandem-error.ts"
import type { CallOptions, Transport } from "./transport.ts"

/** What reads are as of: nothing is now. */
export interface Moment {
  readonly at?: number
  readonly atTime?: string
}

export class Reader {
  readonly #transport: Transport
  readonly #moment: Moment

  constructor(transport: Transport, moment: Moment) {
    this.#transport = transport
    this.#moment = moment
  }

  /** Undefined where there is no such entity. */
  async entity<Entity>(parts: readonly string[], options: CallOptions, query: Query = {}): Promise<Entity | undefined> {
    const { entities } = this.#transport
    const path = pathOf(parts, { ...query, ...this.#moment })
    const known = entities.get(path)
    try {
      const headersAsked = known === undefined ? undefined : { "if-none-match": known.tag }
      const { status, headers, text, json } = await this.#transport.send({ ...options, method: "GET", path, first: "replica", headers: headersAsked })
      const same = status === 304 ? known : undefined
      entities.keep(path, same?.tag ?? headers.get("etag"), same?.text ?? text)
      return (same === undefined ? json : JSON.parse(same.text)) as Entity
    } catch (error) {
      if (!(error instanceof TandemError) || error.code !== "entity-missing") throw error
      entities.forget(path)
      return undefined
    }
  }

  async page<Item>(parts: readonly string[], { limit, cursor, signal, timeoutMs, ...list }: AnyListOptions): Promise<Page<Item>> {
    // A cursor carries what its page is as of, and goes with the filters and the order that it was given out for.
    const moment = cursor === undefined ? this.#moment : {}
    return this.json(pathOf(parts, { ...listQuery(list), limit, cursor, ...moment }), { signal, timeoutMs })
  }

  each<Item>(parts: readonly string[], options: AnyListOptions): AsyncGenerator<Item, void, undefined> {
    return eachItem((cursor) => this.page<Item>(parts, cursor === undefined ? options : { ...options, cursor }), options.cursor)
  }

  history<Entity>(parts: readonly string[], options: PageOptions): AsyncGenerator<HistoryItem<Entity>, void, undefined> {
    return this.each([...parts, "history"], options)
  }

  async json<Body>(path: string, options: CallOptions, first: "primary" | "replica" = "replica"): Promise<Body> {
    const answer = await this.#transport.send({ ...options, method: "GET", path, first })
    return answer.json as Body
  }
}
