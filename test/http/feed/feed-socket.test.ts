// Streams of changes over real sockets, under both runtimes: a client that goes away, in whichever way, or takes nothing is
// noticed, and costs no more than a bound while it is there.
import { describe, expect, test } from "bun:test"
import { connect, type Socket } from "node:net"
import { until } from "../../cluster/real-pair.ts"
import { type RunningProgram, type Runtime, runtimes, startProgram } from "../../runtime/program.ts"
import { rootToken } from "../harness.ts"

/** The public app on a node in memory, where a stalled reader is cut soon. A POST to any path commits that many large documents. */
const program = `
  import process from "node:process"
  import { serve } from "src/runtime/serve.ts"
  import { feedTiming } from "src/http/feed/feed-tail.ts"
  import { Harness } from "./test/http/harness.ts"
  const tandem = new Harness({ feedTiming: { ...feedTiming, stallMs: 300, tickMs: 20, heartbeatMs: 100 } })
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  const value = { text: "x".repeat(50_000) }
  const write = async (count) => {
    for (let n = 0; n < count; n++) await tandem.commit({ op: "document.put", data: { collection: "goals", id: "g", value } })
    return Response.json(tandem.node.committed())
  }
  const listener = serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeoutSeconds: 5,
    fetch: (request, connection) => {
      const { pathname } = new URL(request.url)
      if (pathname === "/facts") return Response.json({ waiting: tandem.node.listeners, rss: process.memoryUsage().rss })
      return request.method === "POST" ? write(Number(pathname.slice(1))) : tandem.app.fetch(request, connection)
    },
  })
  console.log(listener.port)
  setInterval(() => undefined, 1_000)`

interface Served {
  readonly running: RunningProgram
  readonly port: number
  readonly write: (count: number) => Promise<number>
  readonly facts: () => Promise<{ readonly waiting: number; readonly rss: number }>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

async function served(runtime: Runtime): Promise<Served> {
  const running = startProgram(runtime, program)
  await until("it listens", () => running.out.includes("\n"), () => running.err)
  const port = Number(running.out.trim())
  const url = `http://127.0.0.1:${port}`
  return {
    running,
    port,
    write: async (count) => Number(await (await fetch(`${url}/${count}`, { method: "POST" })).text()),
    facts: async () => (await (await fetch(`${url}/facts`)).json()) as { readonly waiting: number; readonly rss: number },
    [Symbol.asyncDispose]: async () => {
      running.kill("SIGKILL")
      await running.ended
    },
  }
}

interface Following {
  readonly socket: Socket
  received: string
  closed: boolean
}

async function follow(port: number): Promise<Following> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  const following: Following = { socket, received: "", closed: false }
  socket.on("error", () => undefined)
  socket.on("close", () => (following.closed = true))
  socket.on("end", () => (following.closed = true))
  socket.on("data", (data) => (following.received += data.toString()))
  await new Promise((resolve) => socket.once("connect", resolve))
  socket.write(`GET /changes?since=1 HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\nauthorization: Bearer ${rootToken}\r\n\r\n`)
  await until("the stream has begun", () => following.received.includes("event: heartbeat"))
  return following
}

describe.each(runtimes)("under %s", (runtime) => {
  test("a client that closes its connection is forgotten, though nothing is sent to it", async () => {
    await using server = await served(runtime)
    const { socket } = await follow(server.port)
    expect((await server.facts()).waiting).toBe(1)
    socket.destroy()
    await until("it is forgotten", async () => (await server.facts()).waiting === 0)
  })

  test("one that closes its half of it is forgotten, or served on, but not left without an end", async () => {
    await using server = await served(runtime)
    const following = await follow(server.port)
    following.socket.end()
    await server.write(1)
    await until("it has its change, or its end", () => following.received.includes("id: 2\n") || following.closed)
    following.socket.destroy()
    await until("it is forgotten", async () => (await server.facts()).waiting === 0)
  })

  test("one that takes nothing is told so and cut, and many of them cost no more than their queues", async () => {
    await using server = await served(runtime)
    const readers = await Promise.all(Array.from({ length: 100 }, () => follow(server.port)))
    for (const { socket } of readers) socket.pause()
    const before = (await server.facts()).rss
    // More than all that lies between takes: with 100 readers, 2 GB if each were kept waiting for.
    for (let n = 0; n < 8; n++) await server.write(50)
    await until("all of them are cut", async () => (await server.facts()).waiting === 0)
    expect((await server.facts()).rss - before).toBeLessThan(500_000_000)
    const [one] = readers
    one?.socket.resume()
    await until("one that reads on comes to the end", () => one?.received.includes("event: overflow\n") === true || one?.closed === true)
    for (const { socket } of readers) socket.destroy()
    expect(server.running.err).toBe("")
  })
})
