// The public app behind a real listener: what only shows on a socket.
import { expect, test } from "bun:test"
import { connect, type Socket } from "node:net"
import { Harness, rootToken } from "./harness.ts"

function serve(tandem: Harness) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) => tandem.app.fetch(request),
  })
}

function line(n: number): string {
  return `${JSON.stringify({ op: "user.create", data: { id: `u${n}`, email: `u${n}@example.com` } })}\n`
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

const streamHead = `POST /do/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`

async function open(port: number | undefined): Promise<Socket> {
  const socket = connect(port ?? 0, "127.0.0.1")
  await new Promise<void>((resolve) => socket.once("connect", resolve))
  return socket
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test("a stream answers lines while the client still sends", async () => {
  const tandem = new Harness()
  using server = serve(tandem)
  const socket = await open(server.port)
  let received = ""
  socket.on("data", (data) => {
    received += data.toString()
  })
  socket.write(streamHead)
  for (let n = 1; n <= 3; n++) {
    socket.write(chunk(line(n)))
    await until(() => received.includes(`{"line":${n},"version":${n}}`))
  }
  socket.write("0\r\n\r\n")
  await until(() => received.endsWith("0\r\n\r\n"))
  socket.destroy()
})

test("a stream that is cut in the middle of a line leaves the lines before it committed", async () => {
  const tandem = new Harness()
  using server = serve(tandem)
  const socket = await open(server.port)
  socket.write(streamHead)
  socket.write(chunk(line(1)))
  await until(() => tandem.node.committed() === 1)
  tandem.node.hold()
  socket.write(chunk(line(2) + line(3).slice(0, 20)))
  await until(() => tandem.node.waiting === 1)
  socket.destroy()
  tandem.node.release()
  await until(() => tandem.node.committed() === 2)
  expect(tandem.reported).toEqual([])
})

test("a client that is cut off while its write waits changes nothing", async () => {
  const tandem = new Harness()
  using server = serve(tandem)
  tandem.node.hold()
  const socket = await open(server.port)
  const body = line(1)
  socket.write(`POST /do HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await until(() => tandem.node.waiting === 1)
  socket.destroy()
  tandem.node.release()
  await until(() => tandem.node.committed() === 1)
  expect(tandem.reported).toEqual([])
})

test("a body that is cut off does nothing, and is nothing that the operator hears of", async () => {
  for (const [head, start] of [["Content-Length: 500", '{"op"'], ["Transfer-Encoding: chunked", '5\r\n{"op"']]) {
    const tandem = new Harness()
    let [asked, answered] = [0, 0]
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        asked += 1
        const response = await tandem.app.fetch(request)
        answered += 1
        return response
      },
    })
    const socket = await open(server.port)
    socket.write(`POST /do HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Type: application/json\r\n${head}\r\n\r\n${start}`)
    await until(() => asked === 1)
    socket.destroy()
    await until(() => answered === 1)
    expect([tandem.reported, tandem.rethrown, tandem.node.committed()]).toEqual([[], [], 0])
  }
})

test("what follows a body that was refused unread is a request of its own", async () => {
  const tandem = new Harness()
  using server = serve(tandem)
  const body = "GET /users/ada HTTP/1.1\r\n\r\n".repeat(5_000)
  const heads = [
    `Authorization: Bearer ${rootToken}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `Authorization: Bearer ${rootToken}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(body)}0\r\n\r\n`,
    `Content-Length: ${body.length}\r\n\r\n${body}`,
  ]
  for (const [n, rest] of heads.entries()) {
    const socket = await open(server.port)
    let received = ""
    socket.on("data", (data) => {
      received += data.toString()
    })
    // Who shows no token may log in by POST /do: there the body is read.
    socket.write(`POST ${n === 2 ? "/verify" : "/do"} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => received.includes('{"live":true}'))
    expect([n, received.match(/HTTP\/1.1 \d+/g)]).toEqual([n, [n === 2 ? "HTTP/1.1 401" : "HTTP/1.1 413", "HTTP/1.1 200"]])
    socket.destroy()
  }
})

test("HEAD has the headers of GET and no body, and the connection goes on", async () => {
  const tandem = new Harness()
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } })
  using server = serve(tandem)
  const headers = { authorization: `Bearer ${rootToken}` }
  const url = `http://127.0.0.1:${server.port}/users/ada`
  const head = await fetch(url, { method: "HEAD", headers })
  expect(head.status).toBe(200)
  expect(head.headers.get("etag")).toBe('"1"')
  const fresh = await fetch(url, { headers: { ...headers, "if-none-match": '"1"' } })
  expect(fresh.status).toBe(304)
  expect((await fetch(url, { headers })).status).toBe(200)
})
