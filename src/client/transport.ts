// Brings one call to its one true end: tries, moves between the nodes, waits, and tries again until an answer settles it
// or time is up. A transaction goes out with the same bytes and the same key each time, so it can be committed only once.
import { type Answer, attempt, type Attempt, type Lost, open, type Opened } from "./attempt.ts"
import { backoffMs } from "./backoff.ts"
import { EntityCache } from "./entity-cache.ts"
import { aborted, gaveUp, refused } from "./failure.ts"
import { Nodes } from "./nodes.ts"
import type { Surroundings } from "./surroundings.ts"
import { type Again, type Verdict, verdictOn } from "./verdict.ts"

/** How a single call may differ from what the service was made with. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** For the whole call, all tries and waits together. */
  readonly timeoutMs?: number | undefined
}

export interface Call extends CallOptions {
  readonly method: "GET" | "POST"
  readonly path: string
  /** JSON, or a stream of whatever `headers` say it is, which can be sent once only. */
  readonly body?: string | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long one node may take, where that is not the usual. */
  readonly attemptMs?: number
  /** Whom to ask first. */
  readonly first: "primary" | "replica"
  /** The idempotency key: whatever may commit something has one. */
  readonly key?: string | undefined
}

export interface TransportOptions {
  /** Of the primary, such as `https://a.example.com`. */
  readonly url: string
  /** Of the other node: reads go there first, and either stands in for the other. */
  readonly replicaUrl?: string
  /** An API key, which belongs on servers only, or a session's; undefined for what anybody may do. */
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
  readonly surroundings: Surroundings
}

const timeoutDefaultMs = 30_000
/** A node that says nothing for so long is asked again, or another one is. */
const attemptDefaultMs = 10_000

export class Transport {
  readonly surroundings: Surroundings
  /** Of calls that do not say how long they may take. */
  readonly timeoutMs: number
  /** What entities were when they were read last. */
  readonly entities: EntityCache
  readonly #options: TransportOptions
  readonly #tries: number
  readonly #nodes: Nodes
  #version: number

  constructor(options: TransportOptions) {
    const { url, replicaUrl, timeoutMs = timeoutDefaultMs, minVersion = 0, cache = 0, tries = Number.POSITIVE_INFINITY, surroundings } = options
    this.#options = options
    this.surroundings = surroundings
    this.timeoutMs = timeoutMs
    this.entities = new EntityCache(cache)
    this.#nodes = new Nodes(url, replicaUrl)
    this.#tries = tries
    this.#version = minVersion
  }

  /** An API key or a session's; undefined for what anybody may do. No field: whoever logs a service must not log its token. */
  get token(): string | undefined {
    return this.#options.token
  }

  /** The same nodes for somebody else, who shares nothing with it but what version was seen. */
  withToken(token: string | undefined): Transport {
    return new Transport({ ...this.#options, token, minVersion: this.#version })
  }

  /** When a call that begins now is over. */
  endMs({ timeoutMs = this.timeoutMs }: CallOptions): number {
    return this.surroundings.nowMs() + timeoutMs
  }

  /** The newest version that was seen: no later read answers from an older one, whichever node it asks. */
  get version(): number {
    return this.#version
  }

  saw(version: number): void {
    if (Number.isSafeInteger(version) && version > this.#version) this.#version = version
  }

  /** The answer of a node that did what was asked; anything else is thrown as a TandemError. */
  send(call: Call): Promise<Answer> {
    return this.#settle<Answer>(call, attempt)
  }

  /** Asked of the node at `url` and no other, one time. */
  once(call: Call): Promise<Answer> {
    return new Transport({ ...this.#options, tries: 1 }).send(call)
  }

  /** The same, once the answer has begun: its time is that until then. */
  open(call: Call): Promise<Opened> {
    return this.#settle<Opened>(call, open)
  }

  async #settle<Done extends Answer | Opened>(call: Call, ask: Ask<Done>): Promise<Done> {
    const { key, signal, attemptMs = attemptDefaultMs } = call
    const { nowMs, random } = this.surroundings
    const endMs = this.endMs(call)
    const origin = this.#version === 0 ? this.surroundings.origin : undefined
    const nodes = call.first === "replica" ? this.#nodes.forRead() : this.#nodes.forWrite()
    const tried = new Set<string>()
    let last: Again | undefined
    let mayBeDone = false
    let url = nodes[0] ?? ""
    for (let turn = 1, waits = 0; ; turn++) {
      if (isAborted(signal)) throw aborted(signal?.reason, { key, mayBeDone })
      const leftMs = endMs - nowMs()
      if (leftMs <= 0) throw gaveUp(last, { key, mayBeDone, origin })
      tried.add(url)
      const verdict = await this.#try(call, url, turn === this.#tries ? leftMs : Math.min(leftMs, attemptMs), ask)
      if (verdict.kind === "done") return verdict.answer
      if (verdict.kind === "refused") throw refused(verdict, { key, mayBeDone })
      last = verdict
      mayBeDone ||= key !== undefined && verdict.unknown
      if (isAborted(signal)) throw aborted(signal?.reason, { key, mayBeDone })
      if (turn === this.#tries) throw gaveUp(last, { key, mayBeDone, origin })

      const next = this.#nodes.named(verdict.problem?.primary, url) ?? nodes[turn % nodes.length] ?? url
      // A node not asked yet is asked at once.
      const waitMs = tried.has(next) ? verdict.retryAfterMs + backoffMs(waits++, random()) : 0
      if (nowMs() + waitMs >= endMs) throw gaveUp(last, { key, mayBeDone, origin })
      await this.wait(waitMs, signal)
      url = next
    }
  }

  async #try<Done extends Answer | Opened>(call: Call, url: string, timeoutMs: number, ask: Ask<Done>): Promise<Verdict<Done>> {
    const { method, path, body, key, signal } = call
    const headers: Record<string, string> = {}
    if (this.token !== undefined) headers["authorization"] = `Bearer ${this.token}`
    if (body !== undefined) headers["content-type"] = "application/json"
    if (key !== undefined) headers["idempotency-key"] = key
    if (method === "GET" && this.#version > 0) headers["tandem-min-version"] = String(this.#version)
    const asked = { url: url + path, method, headers: { ...headers, ...call.headers }, body, signal, timeoutMs }
    const verdict = verdictOn(await ask(asked, this.surroundings))
    if (verdict.kind === "done") this.#learn(verdict.answer, key === undefined ? undefined : url)
    return verdict
  }

  #learn({ headers }: Answer | Opened, primaryUrl: string | undefined): void {
    this.saw(Number(headers.get("tandem-version")))
    if (primaryUrl !== undefined) this.#nodes.wrote(primaryUrl)
  }

  /** Ends early when the call is aborted. */
  wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (delayMs <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        signal?.removeEventListener("abort", end)
        resolve()
      }
      const cancel = this.surroundings.after(delayMs, end)
      signal?.addEventListener("abort", end)
    })
  }
}

type Ask<Done extends Answer | Opened> = (asked: Attempt, surroundings: Surroundings) => Promise<Done | Answer | Lost>

/** A function, since it may have changed since it was last asked. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
