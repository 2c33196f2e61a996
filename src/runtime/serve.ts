// An HTTP listener, the same under Bun and Deno. Bodies have no limit here: both runtimes take from the connection only
// what is read, so who reads bounds them.
import { deno } from "./platform.ts"

export interface ServeOptions {
  readonly hostname: string
  /** 0 lets the system choose. */
  readonly port: number
  /** A connection on which no byte moves for this long is cut, also while its request is being answered. Deno has no such limit. */
  readonly idleTimeoutSeconds: number
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>
}

/** What is behind a request. Of one request, and only for that. */
export interface Connection {
  /** From now on it may be idle for as long as it likes: the answer takes its time, or the client does. */
  unlimited(request: Request): void
  /** Calls `listener` once nobody waits for its answer any more: the client has gone, or has all of it. Deno knows only once the answer has begun. */
  whenGone(request: Request, listener: () => void): void
  /** Of the other end; undefined where that is gone, or has none. */
  address(request: Request): string | undefined
}

export interface Listener {
  readonly port: number
  /** Accepts nothing new; resolves when what is in flight is answered, after `withinMs` at the latest. */
  stop(withinMs: number): Promise<void>
}

export function serve(options: ServeOptions): Listener {
  return deno === undefined ? serveUnderBun(options) : serveUnderDeno(options, deno)
}

function serveUnderBun({ hostname, port, idleTimeoutSeconds, fetch }: ServeOptions): Listener {
  const connection: Connection = {
    unlimited: (request) => server.timeout(request, 0),
    whenGone: ({ signal }, listener) => (signal.aborted ? listener() : signal.addEventListener("abort", listener)),
    address: (request) => server.requestIP(request)?.address,
  }
  const server = Bun.serve({
    hostname,
    port,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idleTimeoutSeconds,
    fetch: (request) => fetch(request, connection),
    development: false,
    // Or a second node could listen beside this one, and each would get some of what is sent to the other.
    reusePort: false,
  })
  return {
    port: server.port ?? port,
    stop: async (withinMs) => {
      await Promise.race([server.stop(), sleep(withinMs)])
      // Nothing of what was late may still reach what is closed next.
      void server.stop(true)
    },
  }
}

function serveUnderDeno({ hostname, port, fetch }: ServeOptions, runtime: NonNullable<typeof deno>): Listener {
  const unlimited = () => undefined
  const server = runtime.serve({ hostname, port, onListen: () => undefined }, (request, { completed, remoteAddr }) =>
    fetch(request, { unlimited, whenGone: (_, listener) => void completed.then(listener, listener), address: () => remoteAddr.hostname }),
  )
  // A shutdown that has begun cannot be hurried: what is late ends with the process.
  return { port: server.addr.port, stop: (withinMs) => Promise.race([server.shutdown(), sleep(withinMs)]) }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
