// Follows the changes of one node by a stream or by long polls, through every end of it: goes on with the last id it has. What
// it saw must come once and in order; a change that breaks that is thrown at `stop`.
import { EventReader } from "../http/feed/event-reader.ts"
import type { RealNode } from "./real-node.ts"

export interface SeenChange {
  readonly collection: string
  readonly id: string
  readonly change: string
  readonly value: unknown
}

export interface SeenItem {
  readonly version: number
  readonly changes: readonly SeenChange[]
}

export class Follower {
  readonly items: SeenItem[] = []
  /** How often it had to begin anew. */
  restarts = -1
  /** Everything up to this version was shown, or had nothing to show. */
  position = 0
  readonly #node: RealNode
  readonly #how: "stream" | "poll"
  readonly #filter: string
  readonly #stopped = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(node: RealNode, how: "stream" | "poll", filter = "") {
    this.#node = node
    this.#how = how
    this.#filter = filter
  }

  start(): this {
    this.#running = this.#follow()
    // Heard of at `stop`.
    this.#running.catch(() => undefined)
    return this
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #follow(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.restarts++
      try {
        await (this.#how === "stream" ? this.#stream() : this.#poll())
      } catch (error) {
        if (error instanceof OutOfOrder) throw error
        // Refused or cut: the node is down, or starts anew.
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async #stream(): Promise<void> {
    const headers = { accept: "text/event-stream", ...(this.restarts > 0 ? { "last-event-id": String(this.#lastId) } : {}) }
    const response = await this.#node.fetch(`/changes?since=0${this.#filter}`, { headers, signal: this.#stopped.signal })
    if (response.status !== 200) return this.#refused(response)
    const events = new EventReader(response.body as ReadableStream<Uint8Array>)
    for (let event = await events.next(); event !== undefined; event = await events.next()) {
      if (event.event === "change") this.#take(JSON.parse(event.data) as SeenItem, event.id)
      else if (event.event === "heartbeat") this.position = (JSON.parse(event.data) as { readonly version: number }).version
      else throw new OutOfOrder(`an event that nobody expected: ${event.event}`)
    }
  }

  async #poll(): Promise<void> {
    for (;;) {
      const response = await this.#node.fetch(`/changes?since=${this.position}&wait=10s${this.#filter}`, { signal: this.#stopped.signal })
      if (response.status !== 200) return this.#refused(response)
      const { items, next } = (await response.json()) as { readonly items: readonly SeenItem[]; readonly next: number }
      for (const item of items) this.#take(item, String(item.version))
      if (next < this.position) throw new OutOfOrder(`the next page is behind ${next}, and ${this.position} was seen`)
      this.position = next
    }
  }

  async #refused(response: Response): Promise<void> {
    const text = await response.text()
    if (response.status !== 503) throw new OutOfOrder(`${response.status} ${text}`)
  }

  get #lastId(): number {
    return this.items.at(-1)?.version ?? 0
  }

  #take(item: SeenItem, id: string | undefined): void {
    if (item.version <= this.#lastId || id !== String(item.version)) throw new OutOfOrder(`version ${item.version} came with id ${id} after ${this.#lastId}`)
    this.items.push(item)
    this.position = item.version
  }
}

class OutOfOrder extends Error {}
