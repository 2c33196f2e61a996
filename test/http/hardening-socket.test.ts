// Bytes that are no request, or one that could be read in two ways, on a real listener: refused or cut, nothing is done, and the
// node goes on answering.
import { afterEach, beforeEach, expect, test } from "bun:test"
import { connect, type Socket } from "node:net"
import { type Listener, serve } from "../../src/runtime/serve.ts"
import { Harness, rootToken } from "./harness.ts"

let tandem: Harness
let listener: Listener
let disk: string
const sockets: Socket[] = []

beforeEach(async () => {
  tandem = new Harness()
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } })
  disk = tandem.node.reader.disk()
  listener = serve({ hostname: "127.0.0.1", port: 0, idleTimeoutSeconds: 1, fetch: (request, connection) => tandem.app.fetch(request, connection) })
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await listener.stop(0)
})

/** What comes back before the other end closes, or before an answer whose end is known is there. */
async function said(bytes: string | Buffer, isWhole: (text: string) => boolean = () => false): Promise<string> {
  const socket = connect(listener.port, "127.0.0.1")
  sockets.push(socket)
  let text = ""
  await new Promise<void>((resolve) => {
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1")
      if (isWhole(text)) resolve()
    })
    socket.on("error", () => resolve())
    socket.on("close", () => resolve())
    socket.write(bytes)
  })
  return text
}

async function expectUnharmed(): Promise<void> {
  expect(tandem.node.reader.disk() === disk).toBe(true)
  expect([tandem.reported, tandem.rethrown]).toEqual([[], []])
  const answer = await fetch(`http://127.0.0.1:${listener.port}/users/ada`, { headers: { authorization: `Bearer ${rootToken}` } })
  expect([answer.status, await answer.json()]).toMatchObject([200, { id: "ada" }])
}

const body = JSON.stringify({ op: "user.delete", data: { id: "ada" } })
const head = `POST /do HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Type: application/json\r\n`
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

test.each<readonly [what: string, bytes: string | Buffer]>([
  ["a line that is none", "nonsense\r\n\r\n"],
  ["the beginning of TLS", Buffer.from("160301020001000001fc0303", "hex")],
  ["a request of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["NUL in the request line", `GET /users/a\0da HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a header without a colon", `${head}nonsense\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  ["a header with NUL", `${head}X: a\0b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  ["headers of a megabyte", `GET /users/ada HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(1024 * 1024)}\r\n\r\n`],
  ["a length that is none", `${head}Content-Length: nonsense\r\n\r\n${body}`],
  ["a length below nothing", `${head}Content-Length: -1\r\n\r\n${body}`],
  ["two lengths", `${head}Content-Length: ${body.length}\r\nContent-Length: 1\r\n\r\n${body}`],
  ["a length and chunks", `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`],
  ["a chunk whose size is none", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`],
])("%s is refused or cut, and nothing is done", async (_what, bytes) => {
  const text = await said(bytes, (got) => /^HTTP\/1\.1 [45]\d\d/.test(got))
  expect(text).not.toMatch(/^HTTP\/1\.[01] [23]/)
  await expectUnharmed()
})

test("the body of a GET, of /openapi.json too, changes no answer and is no request of its own", async () => {
  for (const path of ["/openapi.json", "/users/ada", "/livez"]) {
    const inner = `POST /do HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const text = await said(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootToken}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`,
      (got) => got.split("HTTP/1.1 ").length > 2 && got.endsWith('{"live":true}'),
    )
    expect([path, text.match(/HTTP\/1\.1 \d+/g)]).toEqual([path, ["HTTP/1.1 200", "HTTP/1.1 200"]])
    await expectUnharmed()
  }
})

test("a connection on which nothing moves is cut: before a request, within its headers and within its body", async () => {
  const begun = ["", "GET /users/ada HTTP/1.1\r\nHost:", `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`]
  // Until the other end closes; two of them never get an answer.
  for (const text of await Promise.all(begun.map((bytes) => said(bytes)))) expect(text).not.toMatch(/^HTTP\/1\.1 2/)
  await expectUnharmed()
})

test("no answer sets a cookie or is a page, and a cookie opens nothing", async () => {
  for (const path of ["/users/ada", "/users", "/livez", "/nothing", "/openapi.json", "/do", "/%00"]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const answer = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method, headers: { cookie: `token=${rootToken}; session=${rootToken}` } })
      await answer.arrayBuffer()
      expect([path, method, answer.headers.get("set-cookie"), answer.headers.get("content-type")?.includes("html") ?? false]).toEqual([path, method, null, false])
      if (path.startsWith("/users") && method === "GET") expect(answer.status).toBe(401)
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
    }
  }
})
