// Answers of a server, in a script, and a time that passes only when somebody waits: what the client does is all there is.
import { createService, type Service, type ServiceOptions } from "../../src/client/service.ts"

/** What a node answers, or `cut` where the connection ends without an answer, or `silent` where none ever comes. */
export type Scripted = "cut" | "silent" | ScriptedAnswer

export interface ScriptedAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Of a body that is read bit by bit; none without. */
  readonly chunks?: readonly string[]
  /** The stream does not end after its last chunk. */
  readonly hangs?: boolean
}

export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string | null
  readonly atMs: number
}

export const committed = (version: number): Scripted => ({
  status: 200,
  body: { version, time: "2026-01-01T00:00:00.000Z", results: [{ id: "u1" }] },
  headers: { "tandem-version": String(version) },
})

export const problem = (status: number, code: string, more: object = {}): Scripted => ({ status, body: { code, detail: `It is ${code}.`, status, ...more } })

export const page = (items: readonly unknown[], version: number, next: string | null): Scripted => ({
  status: 200,
  body: { items, version, next },
  headers: { "tandem-version": String(version) },
})

export class ScriptedServer {
  readonly asked: Asked[] = []
  readonly service: Service
  /** Called before each answer. */
  onAsked: () => void = () => undefined
  /** Called before each wait. */
  onWait: () => void = () => undefined
  nowMs = 0
  keysMade = 0
  openStreams = 0
  readonly #script: Scripted[]

  constructor(script: readonly Scripted[], options: Partial<ServiceOptions> = {}) {
    this.#script = [...script]
    this.service = createService({
      url: "http://a.test",
      token: "a-token",
      ...options,
      surroundings: {
        ...options.surroundings,
        fetch: (url, init) => this.#answer(url, init),
        nowMs: () => this.nowMs,
        after: (delayMs, then) => this.#after(delayMs, then),
        random: () => {
          this.onWait()
          return 0
        },
        newKey: () => `key-${++this.keysMade}`,
      },
    })
  }

  get keys(): readonly (string | null)[] {
    return this.asked.map(({ headers }) => headers.get("idempotency-key"))
  }

  get urls(): readonly string[] {
    return this.asked.map(({ url }) => url)
  }

  get times(): readonly number[] {
    return this.asked.map(({ atMs }) => atMs)
  }

  readonly #timers = new Set<{ readonly atMs: number; readonly then: () => void }>()

  /** Time goes on to the next timer once nothing else is left to do. */
  #after(delayMs: number, then: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, then }
    this.#timers.add(timer)
    setImmediate(() => this.#pass())
    return () => this.#timers.delete(timer)
  }

  #pass(): void {
    const next = [...this.#timers].sort((one, other) => one.atMs - other.atMs)[0]
    if (next === undefined) return
    this.#timers.delete(next)
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.then()
  }

  #stream(chunks: readonly string[], hangs: boolean, signal: AbortSignal | undefined): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.openStreams++
    return new ReadableStream({
      start: (controller) => {
        const closed = (): void => void this.openStreams--
        signal?.addEventListener("abort", () => {
          if (hangs) controller.error(new TypeError("aborted"))
          closed()
        }, { once: true })
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
        if (!hangs) controller.close()
      },
    })
  }

  #answer(url: string, init: RequestInit): Promise<Response> {
    this.asked.push({ url, method: init.method ?? "", headers: new Headers(init.headers), body: (init.body as string | undefined) ?? null, atMs: this.nowMs })
    this.onAsked()
    if (init.signal?.aborted === true) return Promise.reject(new TypeError("aborted"))
    const next = this.#script.length > 1 ? this.#script.shift() : this.#script[0]
    if (next === undefined || next === "cut") return Promise.reject(new TypeError("the connection was cut"))
    if (next === "silent") return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new TypeError("aborted"))))
    const text = typeof next.body === "string" ? next.body : JSON.stringify(next.body)
    const { status } = next
    // A real one may take longer than until time goes on.
    const answer: Pick<Response, "status" | "statusText" | "ok" | "headers" | "text" | "body"> = {
      status,
      statusText: "",
      ok: status >= 200 && status < 300,
      headers: new Headers(next.headers ?? {}),
      text: () => Promise.resolve(text),
      body: next.chunks === undefined ? null : this.#stream(next.chunks, next.hangs === true, init.signal ?? undefined),
    }
    return Promise.resolve(answer as Response)
  }
}

/** What a call is refused with; an error where it is not. */
export async function refusalOf<Kind extends Error>(call: Promise<unknown>, kind: new (...parts: never[]) => Kind): Promise<Kind> {
  try {
    await call
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error("it was not refused")
}
