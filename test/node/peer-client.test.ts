// The peer client against real listeners: what it sends, and which answers it believes.
import { afterAll, describe, expect, test } from "bun:test"
import { createServer, type Server, type Socket } from "node:net"
import { bounds } from "../../src/bounds.ts"
import { pathOf, PeerClient, PeerUnauthentic, signatureHeader } from "../../src/node/peer-client.ts"
import { decodeRequest, encodePeerMessage, PeerMessageDamaged, signAnswer, signRequest } from "../../src/node/peer-wire.ts"
import type { Answer, PeerRequest } from "../../src/protocol/messages.ts"
import { envelope, requests, secret } from "./peer-messages.ts"
import { selfSigned } from "./self-signed.ts"

type Listens = (request: Request, body: Uint8Array<ArrayBuffer>) => Response | Promise<Response>

let listens: Listens = () => new Response("nobody")
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => listens(request, new Uint8Array(await request.arrayBuffer())),
})
afterAll(() => server.stop(true))
const peerUrl = `http://127.0.0.1:${server.port}`

const heartbeat: PeerRequest = { kind: "heartbeat" }
const answer: Answer = { kind: "heartbeat", head: 5, committed: 4 }
const answerBytes = new Uint8Array(encodePeerMessage(envelope, answer))

function ask(request: PeerRequest = heartbeat, timeoutMs = 30_000, url = peerUrl): Promise<unknown> {
  return new PeerClient({ peerUrl: url, secret, timeoutMs }).ask(envelope, request)
}

function signed(request: Request, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(bytes, { status, headers: { [signatureHeader]: signAnswer(secret, request.headers.get(signatureHeader) ?? "", bytes), ...headers } })
}

/** A listener that says `head` after a request, and then whatever `more` says. */
async function raw(head: string, more: (socket: Socket) => void = () => undefined): Promise<{ readonly url: string; readonly server: Server }> {
  const listener = createServer((socket) => {
    socket.on("error", () => undefined)
    socket.once("data", () => {
      socket.write(head)
      more(socket)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  return { url: `http://127.0.0.1:${(listener.address() as { port: number }).port}`, server: listener }
}

describe("the peer client", () => {
  test.each(requests.map((message) => [message.kind, message] as const))("posts %s to a path of its own, signed, and gives the answer", async (kind, message) => {
    const seen: unknown[] = []
    listens = (request, body) => {
      const { pathname } = new URL(request.url)
      const isSigned = request.headers.get(signatureHeader) === signRequest(secret, pathname, body)
      seen.push([request.method, pathname, request.headers.get("content-type"), isSigned, decodeRequest(body).message.kind])
      return signed(request, answerBytes)
    }
    expect(await ask(message)).toMatchObject({ envelope, message: answer })
    expect(seen).toEqual([["POST", pathOf(kind), "application/octet-stream", true, kind]])
  })

  test("says nothing of the secret", async () => {
    let told = ""
    listens = (request, body) => {
      told = JSON.stringify([request.url, ...request.headers]) + Buffer.from(body).toString("latin1")
      return signed(request, answerBytes)
    }
    await ask()
    expect(told).not.toContain(secret)
  })

  test("gives up at its deadline, before the answer and in the middle of it", async () => {
    listens = () => new Promise(() => undefined)
    await expect(ask(heartbeat, 100)).rejects.toThrow("timed out")
    const half = await raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
    await expect(ask(heartbeat, 200, half.url)).rejects.toThrow()
    half.server.close()
  })

  test("rejects where nobody listens, and where the connection is cut", async () => {
    const gone = await raw("")
    await new Promise((resolve) => gone.server.close(resolve))
    await expect(ask(heartbeat, 30_000, gone.url)).rejects.toThrow()
    const cut = await raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf", (socket) => socket.end())
    await expect(ask(heartbeat, 30_000, cut.url)).rejects.toThrow()
    cut.server.close()
  })

  test.each([301, 302, 303, 307, 308])("follows no redirect (%p)", async (status) => {
    const paths: string[] = []
    listens = (request) => {
      paths.push(new URL(request.url).pathname)
      return signed(request, answerBytes, { location: `${peerUrl}/elsewhere` }, status)
    }
    await expect(ask()).rejects.toThrow()
    expect(paths).toEqual(["/log/heartbeat"])
  })

  test("says nothing to who has a certificate that nobody vouches for, whatever the environment asks for", async () => {
    let asked = 0
    const other = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: selfSigned,
      fetch: () => {
        asked += 1
        return new Response("")
      },
    })
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
    try {
      for (const value of ["1", "0"]) {
        process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = value
        await expect(ask(heartbeat, 30_000, `https://127.0.0.1:${other.port}`)).rejects.toThrow(/certificate/)
      }
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before
      await other.stop(true)
    }
    expect(asked).toBe(0)
  })

  test("says that the secrets differ where the peer refuses its signature", async () => {
    listens = () => new Response("not signed", { status: 401 })
    const refused = ask()
    await expect(refused).rejects.toBeInstanceOf(PeerUnauthentic)
    await expect(refused).rejects.toThrow("--secret-file")
  })

  test.each([204, 400, 404, 413, 500, 503])("takes no answer with status %p, signed or not", async (status) => {
    listens = (request) => signed(request, status === 204 ? new Uint8Array() : answerBytes, {}, status)
    await expect(ask()).rejects.toThrow()
  })

  const forged: readonly (readonly [what: string, sign: (request: Request) => string])[] = [
    ["without a signature", () => ""],
    ["signed with another secret", (request) => signAnswer(`${secret}x`, request.headers.get(signatureHeader) ?? "", answerBytes)],
    ["signed for another request (I6)", () => signAnswer(secret, signRequest(secret, "/log/heartbeat", encodePeerMessage({ ...envelope, sentAtMs: 1 }, heartbeat)), answerBytes)],
    ["signed for other bytes", (request) => signAnswer(secret, request.headers.get(signatureHeader) ?? "", answerBytes.subarray(1))],
    ["signed as a request", () => signRequest(secret, "/log/heartbeat", answerBytes)],
    ["that repeats the request's signature", (request) => request.headers.get(signatureHeader) ?? ""],
  ]
  test.each(forged)("takes no answer %s", async (_, sign) => {
    listens = (request) => signed(request, answerBytes, { [signatureHeader]: sign(request) })
    await expect(ask()).rejects.toBeInstanceOf(PeerUnauthentic)
  })

  test("takes no answer that another request got (I6)", async () => {
    let kept: Response | undefined
    listens = (request) => (kept ??= signed(request, answerBytes)).clone()
    await ask()
    await expect(new PeerClient({ peerUrl, secret, timeoutMs: 30_000 }).ask({ ...envelope, sentAtMs: 99 }, heartbeat)).rejects.toBeInstanceOf(PeerUnauthentic)
  })

  test("takes no signed answer that is none", async () => {
    listens = (request) => signed(request, new Uint8Array([1, 2, 3]))
    await expect(ask()).rejects.toBeInstanceOf(PeerMessageDamaged)
  })

  const unbounded: readonly (readonly [what: string, head: string])[] = [
    ["longer than any answer", `HTTP/1.1 200 OK\r\ncontent-length: ${bounds.peerBodyBytesMax + 1}\r\n\r\n`],
    ["of no announced length", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["that unpacks to who knows what", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1000\r\n\r\n"],
    ["of an error that is longer than any answer", `HTTP/1.1 500 No\r\ncontent-length: ${bounds.peerBodyBytesMax + 1}\r\n\r\n`],
  ]
  test.each(unbounded)("reads no answer %s", async (_, head) => {
    const peer = await raw(head)
    await expect(ask(heartbeat, 30_000, peer.url)).rejects.toThrow("is not of an announced length")
    peer.server.close()
  })

  test("keeps its connections: many requests in a row take few", async () => {
    const ports = new Set<number>()
    const counting = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request, { requestIP }) => {
        const { port } = requestIP.call(counting, request) ?? { port: 0 }
        ports.add(port)
        await request.arrayBuffer()
        return signed(request, answerBytes)
      },
    })
    for (let n = 0; n < 50; n++) await ask(heartbeat, 30_000, `http://127.0.0.1:${counting.port}`)
    expect(ports.size).toBe(1)
    await counting.stop(true)
  })
})
