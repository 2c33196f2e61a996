// Stands between the primary and the replica's peer listener: passes requests on as they are, keeps a copy of each, and
// drops, delays or duplicates those that a test picks. Works on whole messages, not on bytes of a connection.

export interface PeerPost {
  /** `/log/prepare`, say. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type Treatment =
  | "pass"
  /** Never arrives. */
  | "drop-request"
  /** Arrives; its answer does not come back. */
  | "drop-answer"
  /** Arrives twice, the second time once the first was answered. */
  | "duplicate"
  | { readonly delayMs: number }

/** What peer messages carry apart from their body. */
const kept = ["content-type", "tandem-signature"]

export class PeerProxy {
  /** Everything that came, in order, whatever became of it. */
  readonly recorded: PeerPost[] = []
  /** Whether it goes on recording. */
  keeps = true
  /** How the next messages fare. */
  treatment: (post: PeerPost) => Treatment = () => "pass"
  readonly #target: string
  readonly #server: Bun.Server<undefined>

  constructor(target: string) {
    this.#target = target
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 255, fetch: (request) => this.#handle(request) })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  async close(): Promise<void> {
    await this.#server.stop(true)
  }

  async #handle(request: Request): Promise<Response> {
    const post: PeerPost = { path: new URL(request.url).pathname, headers: keptHeaders(request.headers), body: new Uint8Array(await request.arrayBuffer()) }
    if (this.keeps) this.recorded.push(post)
    const treatment = this.treatment(post)
    if (treatment === "drop-request") return silence(request)
    if (typeof treatment === "object") await new Promise((resolve) => setTimeout(resolve, treatment.delayMs))
    const answer = await this.#passOn(post)
    if (treatment === "duplicate") await this.#passOn(post)
    if (treatment === "drop-answer") return silence(request)
    return answer
  }

  async #passOn(post: PeerPost): Promise<Response> {
    try {
      const answer = await sendPost(this.#target, post)
      return new Response(answer.body, { status: answer.status, headers: answer.headers })
    } catch {
      // Nobody listens there, or it ended in the middle: the sender sees no answer of its peer either.
      return new Response("the peer does not answer", { status: 502 })
    }
  }
}

export interface PeerAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
}

/** Sends a peer message as it is, straight to a peer listener. */
export async function sendPost(peerUrl: string, { path, headers, body }: PeerPost): Promise<PeerAnswer> {
  const response = await fetch(new URL(path, peerUrl), { method: "POST", headers: { ...headers }, body: new Uint8Array(body), signal: AbortSignal.timeout(30_000) })
  return { status: response.status, headers: keptHeaders(response.headers), body: new Uint8Array(await response.arrayBuffer()) }
}

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(kept.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? ""]] : [])))
}

/** No answer until the sender has given up. */
function silence(request: Request): Promise<Response> {
  return new Promise((resolve) => {
    request.signal.addEventListener("abort", () => resolve(new Response(null, { status: 499 })))
  })
}
