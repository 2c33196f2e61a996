// The HTTP listener, under both runtimes: what it takes from a connection, when it cuts one, and how it stops.
import { describe, expect, test } from "bun:test"
import { connect, type Socket } from "node:net"
import { until } from "../cluster/real-pair.ts"
import { type RunningProgram, type Runtime, runtimes, startProgram } from "./program.ts"

/** A listener whose requests say by their path what is to be done with them; what it prints is JSON, a line each. */
const program = `
  import process from "node:process"
  import { serve } from "src/runtime/serve.ts"
  const say = (what) => console.log(JSON.stringify(what))
  const waiting = []
  const listener = serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeoutSeconds: 1,
    fetch: async (request, connection) => {
      switch (new URL(request.url).pathname) {
        case "/memory":
          return Response.json(process.memoryUsage().rss)
        case "/address": {
          await request.arrayBuffer()
          return Response.json(connection.address(request))
        }
        case "/second":
          try {
            serve({ hostname: "127.0.0.1", port: listener.port, idleTimeoutSeconds: 1, fetch: () => new Response("second") })
            return Response.json("listens")
          } catch {
            return Response.json("cannot listen")
          }
        case "/length":
          return Response.json((await request.arrayBuffer()).byteLength)
        case "/wait":
          connection.unlimited(request)
          say("waits")
          await new Promise((resolve) => waiting.push(resolve))
          return new Response("waited")
        case "/rest":
          connection.unlimited(request)
          await new Promise((resolve) => setTimeout(resolve, 7_000))
          return new Response("rested")
        case "/rest-impatiently":
          await new Promise((resolve) => setTimeout(resolve, 7_000))
          return new Response("rested")
        case "/gone":
          connection.whenGone(request, () => say("gone"))
          say("waits")
          return await new Promise((resolve) => waiting.push(resolve)).then(() => new Response("waited"))
        case "/gone-from-body":
          connection.whenGone(request, () => say("gone"))
          return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([120])) }))
        case "/stop":
          listener.stop(60_000).then(() => say("stopped"))
          return new Response("stopping")
        case "/stop-soon":
          listener.stop(200).then(() => say("stopped"))
          return new Response("stopping")
        default:
          return new Response("yes")
      }
    },
  })
  process.on("SIGUSR1", () => waiting.splice(0).forEach((resolve) => resolve()))
  say(listener.port)
  setInterval(() => undefined, 1_000)`

interface Served {
  readonly running: RunningProgram
  readonly port: number
  readonly url: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

async function served(runtime: Runtime): Promise<Served> {
  const running = startProgram(runtime, program)
  await until("it listens", () => running.out.includes("\n"), () => running.err)
  const port = Number(running.out.split("\n")[0])
  const dispose = async () => {
    running.kill("SIGKILL")
    await running.ended
  }
  return { running, port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => undefined)
  await new Promise((resolve) => socket.once("connect", resolve))
  return socket
}

describe.each(runtimes)("under %s", (runtime) => {
  test("answers, and a port of 0 is one that the system chose", async () => {
    await using server = await served(runtime)
    expect(server.port).toBeGreaterThan(1_024)
    const sent = await fetch(`${server.url}/length`, { method: "POST", body: new Uint8Array(3_000_000) })
    expect(await sent.json()).toBe(3_000_000)
  })

  test("has its port for itself", async () => {
    await using server = await served(runtime)
    expect(await (await fetch(`${server.url}/second`)).json()).toBe("cannot listen")
  })

  test("knows the other end's address, also once the body is read", async () => {
    await using server = await served(runtime)
    const headers = { "x-forwarded-for": "192.0.2.7" }
    expect(await (await fetch(`${server.url}/address`, { method: "POST", body: "x", headers })).json()).toBe("127.0.0.1")
  })

  test("takes no more of a body than is read, however much is sent", async () => {
    await using server = await served(runtime)
    const memory = async () => Number(await (await fetch(`${server.url}/memory`)).text())
    const before = await memory()
    const all = 400 * 1024 * 1024
    for (const framing of [`content-length: ${all}`, "transfer-encoding: chunked"]) {
      const socket = await connected(server.port)
      socket.write(`POST /wait HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n`)
      const piece = Buffer.alloc(1024 * 1024, "x")
      for (let n = 0; n < 400; n++) socket.write(framing.startsWith("content") ? piece : Buffer.concat([Buffer.from("100000\r\n"), piece, Buffer.from("\r\n")]))
      const taken = () => socket.bytesWritten - socket.writableLength
      let seen = -1
      let still = 0
      await until("it takes no more", () => {
        still = taken() === seen ? still + 1 : 0
        seen = taken()
        return still === 10
      })
      expect(taken()).toBeLessThan(all / 4)
      expect((await memory()) - before).toBeLessThan(all / 4)
      socket.destroy()
    }
  })

  test("stops: takes nothing new, cuts what idles, and waits for what is in flight", async () => {
    await using server = await served(runtime)
    const waits = fetch(`${server.url}/wait`).then((answer) => answer.text())
    await until("the request is there", () => server.running.out.includes("waits"))
    const idle = await connected(server.port)
    const closed = new Promise((resolve) => idle.once("close", resolve))
    const answered = new Promise((resolve) => idle.once("data", resolve))
    idle.write("GET /stop HTTP/1.1\r\nhost: a\r\n\r\n")
    await answered
    await closed
    await until("nothing new is taken", () => fetch(server.url, { headers: { connection: "close" } }).then(() => false, () => true))
    expect(server.running.out).not.toContain("stopped")
    server.running.kill("SIGUSR1")
    expect(await waits).toBe("waited")
    await until("it has stopped", () => server.running.out.includes("stopped"))
  })

  test("stops in time, whatever is still in flight", async () => {
    await using server = await served(runtime)
    const waits = fetch(`${server.url}/wait`).then((answer) => answer.text(), () => "cut")
    await until("the request is there", () => server.running.out.includes("waits"))
    await fetch(`${server.url}/stop-soon`).then((answer) => answer.text())
    await until("it has stopped", () => server.running.out.includes("stopped"))
    if (runtime === "bun") expect(await waits).toBe("cut")
  })

  test.each(runtime === "bun" ? ["/gone", "/gone-from-body"] : ["/gone-from-body"])("says when the client of %s has gone, though nothing is sent to it", async (path) => {
    await using server = await served(runtime)
    const socket = await connected(server.port)
    let received = ""
    socket.on("data", (data) => (received += data.toString()))
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
    await until("it is being answered", () => server.running.out.includes("waits") || received.includes("x"))
    expect(server.running.out).not.toContain("gone")
    socket.destroy()
    await until("it is known that the client has gone", () => server.running.out.includes("gone"))
    expect(server.running.err).toBe("")
  })

  test.concurrent("lets a request that may take long take long", async () => {
    await using server = await served(runtime)
    expect(await (await fetch(`${server.url}/rest`)).text()).toBe("rested")
  })
})

test.concurrent("under bun a connection that idles for too long is cut, also while its request is being answered", async () => {
  await using server = await served("bun")
  const idle = await connected(server.port)
  const closed = new Promise((resolve) => idle.once("close", resolve))
  expect(await fetch(`${server.url}/rest-impatiently`).then(() => "answered", () => "cut")).toBe("cut")
  await closed
})
