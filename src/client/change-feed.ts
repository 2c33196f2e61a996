// The change feed: committed versions in order, none twice and none left out, over as many connections as it takes. A stream of
// events where there can be one; where none comes through, pages that are waited for.
import { backoffMs } from "./backoff.ts"
import { EventStream } from "./event-stream.ts"
import type { Change } from "./operation.ts"
import type { Page } from "./page.ts"
import { pathOf, type Query } from "./path.ts"
import { type Call, type CallOptions, isAborted, type Transport } from "./transport.ts"

/** A version, and what of it the feed shows. */
export interface ChangedVersion<Changed = Change> {
  readonly version: number
  /** RFC 3339, in UTC. */
  readonly time: string
  readonly principal: string
  readonly note: string | null
  readonly changes: readonly Changed[]
}

/** A connection that ended: another one is made, and goes on where it was. */
export interface Cut {
  /** `overflow`: the changes were not taken for so long that the node ended it. */
  readonly reason: "overflow" | "ended"
  /** Everything up to this version was seen. */
  readonly version: number
}

export interface FeedOptions extends CallOptions {
  /** The version behind which it begins: that of the page or entity that was read before, say; 0 for everything. */
  readonly since: number
  readonly onCut?: ((cut: Cut) => void) | undefined
  /** How long no node need answer before it gives up (for ever). */
  readonly timeoutMs?: number | undefined
}

/** Of `changes` of the whole service. */
export interface ChangesOptions extends FeedOptions {
  /** Only changes in these (all): `users`, `collections`, or names of your own. */
  readonly collections?: readonly string[] | undefined
}

/** A node is asked to wait for so long, and an answer is waited for somewhat longer. */
const pollWait = "25s"
const pollMs = 40_000

/** Streams of which nothing came, one after the other, before pages are asked for instead. */
const mutesMax = 2

export class ChangeFeed {
  readonly #transport: Transport
  readonly #options: ChangesOptions
  /** Everything up to it was seen. */
  #version: number
  /** Connections without news since the last one with some. */
  #idle = 0
  #mutes = 0

  constructor(transport: Transport, options: ChangesOptions) {
    this.#transport = transport
    this.#options = options
    this.#version = options.since
  }

  /** Ends when it is aborted; throws what a node refuses for good. */
  async *versions(): AsyncGenerator<ChangedVersion, void, undefined> {
    const { signal } = this.#options
    const { random } = this.#transport.surroundings
    try {
      while (!isAborted(signal)) {
        if (this.#idle > 0) await this.#transport.wait(backoffMs(this.#idle - 1, random()), signal)
        const before = this.#version
        yield* this.#mutes < mutesMax ? this.#streamed() : this.#polled()
        this.#idle = this.#version > before ? 0 : this.#idle + 1
      }
    } catch (error) {
      if (!isAborted(signal)) throw error
    }
  }

  async *#streamed(): AsyncGenerator<ChangedVersion, void, undefined> {
    const { signal, onCut } = this.#options
    const opened = await this.#transport.open({ ...this.#call({}), headers: { accept: "text/event-stream" } })
    const stream = new EventStream(opened, this.#transport.surroundings)
    let reason: Cut["reason"] = "ended"
    for await (const { type, data } of stream.events()) {
      if (type === "overflow") reason = "overflow"
      const item = type === "change" || type === "heartbeat" ? parsed(data) : undefined
      if (item !== undefined && this.#sees(item.version) && type === "change") yield item
    }
    this.#mutes = stream.heard ? 0 : this.#mutes + 1
    if (!isAborted(signal)) onCut?.({ reason, version: this.#version })
  }

  async *#polled(): AsyncGenerator<ChangedVersion, void, undefined> {
    const { json } = await this.#transport.send({ ...this.#call({ wait: pollWait }), attemptMs: pollMs })
    const { items, next } = json as Page<ChangedVersion, number>
    for (const item of items) if (this.#sees(item.version)) yield item
    if (next !== null) this.#sees(next)
  }

  #call(query: Query): Call {
    const { collections, signal, timeoutMs = Number.POSITIVE_INFINITY } = this.#options
    const path = pathOf(["changes"], { since: this.#version, collections: collections?.join(","), ...query })
    // Where one node has no news, the other may.
    return { method: "GET", path, first: this.#idle % 2 === 0 ? "replica" : "primary", signal, timeoutMs }
  }

  /** Whether it is news; from then on it is not, and no later read of the same client is older. */
  #sees(version: number): boolean {
    if (!(version > this.#version)) return false
    this.#version = version
    this.#transport.saw(version)
    return true
  }
}

/** Undefined for what no node sends. */
function parsed(data: string): ChangedVersion | undefined {
  try {
    const value = JSON.parse(data) as ChangedVersion | null
    return typeof value?.version === "number" ? value : undefined
  } catch {
    return undefined
  }
}
