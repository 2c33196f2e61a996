// One try over a real connection: a token stays with the host that it was meant for.
import { expect, test } from "bun:test"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { attempt } from "../../src/client/attempt.ts"
import { surroundings } from "../../src/client/surroundings.ts"

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

test("a redirect is not followed", async () => {
  let followed = 0
  const other = createServer((_, response) => {
    followed++
    response.end("{}")
  })
  const first = createServer((_, response) => response.writeHead(307, { location: `${urlOf(other)}/do` }).end("{}"))
  const servers = [other, first]
  try {
    for (const server of servers) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const asked = { url: `${urlOf(first)}/do`, method: "POST", headers: { authorization: "Bearer secret" }, body: "{}", signal: undefined, timeoutMs: 60_000 } as const
    expect(await attempt(asked, surroundings)).toMatchObject({ kind: "answer", status: 307 })
    expect(followed).toBe(0)
  } finally {
    for (const server of servers) server.close().closeAllConnections()
  }
})
