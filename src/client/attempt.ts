// One try of one request at one node: an answer that was read to its end, one that has begun, or the reason why there is none.
// Never throws.
import type { Surroundings } from "./surroundings.ts"

export interface Attempt {
  readonly url: string
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array> | undefined
  readonly signal: AbortSignal | undefined
  /** How long to wait for the whole answer; where it is opened only, for its beginning. */
  readonly timeoutMs: number
}

export interface Answer {
  readonly kind: "answer"
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly text: string
  /** Undefined where the text is no JSON. */
  readonly json: unknown
}

/** An answer that comes bit by bit. */
export interface Opened {
  readonly kind: "opened"
  readonly status: number
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array> | null
  /** To be called once it is not needed any more, whether or not it was read to its end. */
  readonly close: () => void
}

/** What the node did with the request, if it ever came there, nobody knows. */
export interface Lost {
  readonly kind: "lost"
  readonly why: string
  readonly cause: unknown
}

export async function attempt(asked: Attempt, surroundings: Surroundings): Promise<Answer | Lost> {
  const leash = leashOf(asked, surroundings)
  try {
    return await wholeAnswer(await reach(asked, leash.signal, surroundings))
  } catch (cause) {
    return leash.lost(cause)
  } finally {
    leash.release()
  }
}

/** `opened` where the node does what was asked; a refusal is read to its end. */
export async function open(asked: Attempt, surroundings: Surroundings): Promise<Opened | Answer | Lost> {
  const leash = leashOf(asked, surroundings)
  let isOpen = false
  try {
    const response = await reach(asked, leash.signal, surroundings)
    if (!response.ok) return await wholeAnswer(response)
    isOpen = true
    leash.begun()
    return { kind: "opened", status: response.status, headers: response.headers, body: response.body, close: leash.cut }
  } catch (cause) {
    return leash.lost(cause)
  } finally {
    if (!isOpen) leash.release()
  }
}

function reach({ url, method, headers, body }: Attempt, signal: AbortSignal, { fetch }: Surroundings): Promise<Response> {
  // Followed, a redirect would hand the token to another host.
  const init = { method, headers, signal, redirect: "manual", credentials: "omit" } as const
  if (body === undefined) return fetch(url, init)
  return fetch(url, typeof body === "string" ? { ...init, body } : ({ ...init, body, duplex: "half" } as RequestInit))
}

async function wholeAnswer(response: Response): Promise<Answer> {
  const { headers, statusText } = response
  const text = await response.text()
  // Browsers show nothing of a redirect but that it is one.
  const status = response.type === "opaqueredirect" ? 302 : response.status
  return { kind: "answer", status, statusText, headers, text, json: jsonOf(text) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What ends a request before its answer does: the caller's signal, or time. */
interface Leash {
  readonly signal: AbortSignal
  lost(cause: unknown): Lost
  /** From now on it takes as long as it takes. */
  begun(): void
  release(): void
  cut(): void
}

/** Timers take no more than that. */
const timerMsMax = 2 ** 31 - 1

/** Built of events only: Node 18 has no `AbortSignal.any`. */
function leashOf({ signal, timeoutMs }: Attempt, { after }: Surroundings): Leash {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  if (signal?.aborted === true) stop()
  signal?.addEventListener("abort", stop)
  let late: Error | undefined
  const tooLate = (): void => {
    late = new Error(`no answer for ${Math.round(timeoutMs / 100) / 10} seconds`)
    stop()
  }
  const begun = timeoutMs > timerMsMax ? (): void => undefined : after(timeoutMs, tooLate)
  const release = (): void => {
    begun()
    signal?.removeEventListener("abort", stop)
  }
  return {
    signal: controller.signal,
    lost: (cause) => ({ kind: "lost", why: wordsOf(late ?? cause), cause: late ?? cause }),
    begun,
    release,
    cut: () => {
      release()
      stop()
    },
  }
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
