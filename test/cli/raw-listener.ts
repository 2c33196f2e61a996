// A listener that answers a connection with whatever a test wants, or not at all.
import { createServer, type Socket } from "node:net"

export interface RawListener {
  readonly url: string
  close(): void
}

export async function rawListener(onConnection: (socket: Socket) => void): Promise<RawListener> {
  const server = createServer((socket) => onConnection(socket.on("error", () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { readonly port: number }
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}

/** Begins an answer, and hangs up. */
export function cutShort(socket: Socket): void {
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"))
}
