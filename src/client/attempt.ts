// One try of one request at one node: an answer that was read to its end, or the reason why there is none. Never throws.
import type { Surroundings } from "./surroundings.ts"

export interface Attempt {
  readonly url: string
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal | undefined
  /** How long to wait for the whole answer. */
  readonly timeoutMs: number
}

export interface Answer {
  readonly kind: "answer"
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined with 304, which has no body. */
  readonly json: unknown
}

/** What the node did with the request, if it ever came there, nobody knows. */
export interface Lost {
  readonly kind: "lost"
  readonly status: number
  readonly why: string
  readonly cause: unknown
}

/** Built of events only: Node 18 has no `AbortSignal.any`. */
export async function attempt(asked: Attempt, { fetch, after }: Surroundings): Promise<Answer | Lost> {
  const controller = new AbortController()
  const { method, headers, body, signal, timeoutMs } = asked
  const stop = (): void => controller.abort()
  if (signal?.aborted === true) stop()
  signal?.addEventListener("abort", stop)
  let late = false
  const cancel = after(timeoutMs, () => {
    late = true
    stop()
  })
  try {
    // Followed, a redirect would hand the token to another host.
    const init = { method, headers, signal: controller.signal, redirect: "error", credentials: "omit" } as const
    const response = await fetch(asked.url, body === undefined ? init : { ...init, body })
    return readAnswer(response.status, response.headers, await response.text())
  } catch (cause) {
    const why = late ? `no answer within ${Math.round(timeoutMs)} ms` : cause instanceof Error ? cause.message : String(cause)
    return { kind: "lost", status: 0, why, cause }
  } finally {
    cancel()
    signal?.removeEventListener("abort", stop)
  }
}

/** What is no JSON is not from a node but from something in between, or was cut. */
function readAnswer(status: number, headers: Headers, text: string): Answer | Lost {
  try {
    return { kind: "answer", status, headers, text, json: status === 304 ? undefined : (JSON.parse(text) as unknown) }
  } catch (cause) {
    return { kind: "lost", status, why: `status ${status} with a body that is no JSON`, cause }
  }
}
