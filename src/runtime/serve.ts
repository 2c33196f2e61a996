// An HTTP listener, the same under Bun and Deno.
import { deno } from "./platform.ts"

export interface ServeOptions {
  readonly hostname: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly bodyBytesMax: number
  readonly idleTimeoutSeconds: number
  readonly fetch: (request: Request) => Response | Promise<Response>
}

export interface Listener {
  readonly port: number
  /** Accepts nothing new; resolves when what is in flight is answered. */
  stop(): Promise<void>
}

export function serve(options: ServeOptions): Listener {
  return deno === undefined ? serveUnderBun(options) : serveUnderDeno(options, deno)
}

function serveUnderBun({ hostname, port, bodyBytesMax, idleTimeoutSeconds, fetch }: ServeOptions): Listener {
  const server = Bun.serve({ hostname, port, maxRequestBodySize: bodyBytesMax, idleTimeout: idleTimeoutSeconds, fetch, development: false })
  return { port: server.port ?? port, stop: () => server.stop() }
}

function serveUnderDeno({ hostname, port, fetch }: ServeOptions, runtime: NonNullable<typeof deno>): Listener {
  const ending = new AbortController()
  const server = runtime.serve({ hostname, port, signal: ending.signal, onListen: () => undefined }, fetch)
  return { port: server.addr.port, stop: () => server.shutdown() }
}
