// --forward-writes: a replica sends writes on to the primary, once, and is honest where it hears nothing back.
import { expect, test } from "bun:test"
import { createServer } from "node:net"
import { refuse } from "../../src/refusal.ts"
import { Harness, inside } from "./harness.ts"

const ada = { op: "user.create", data: { id: "ada", email: "ada@example.com" } }

function replicaOf(primary: string): Harness {
  const replica = new Harness({ forwardWrites: true })
  replica.node.roleNow = "replica"
  replica.node.notWritable = refuse("not-primary", "This node is the replica.", { primary })
  return replica
}

test("a forwarded write is answered as the primary answers it, also where it refuses", async () => {
  const primary = new Harness()
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => primary.app.fetch(request) })
  const replica = replicaOf(`http://127.0.0.1:${server.port}`)
  const headers = { "idempotency-key": "k1", "tandem-request-id": "from-client" }
  const answer = await replica.send("POST", "/do", { body: ada, headers })
  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({ version: 1, results: [{ id: "ada" }] })
  expect(answer.headers.get("tandem-version")).toBe("1")
  expect(answer.headers.get("tandem-role")).toBe("primary")
  expect(answer.headers.get("tandem-request-id")).toBe("from-client")
  const again = await replica.send("POST", "/do", { body: ada, headers })
  expect(again.headers.get("idempotency-replayed")).toBe("true")
  const clash = await replica.send("POST", "/do", { body: { op: "user.create", data: { id: "eve", email: "ada@example.com" } } })
  expect(clash.status).toBe(409)
  expect(inside(clash.json, "code")).toBe("unique")
})

test("two nodes that take each other for the primary do not loop", async () => {
  const answering: Harness[] = []
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => answering[0]?.app.fetch(request) ?? new Response() })
  const url = `http://127.0.0.1:${server.port}`
  answering.push(replicaOf(url))
  expect((await replicaOf(url).send("POST", "/do", { body: ada })).status).toBe(421)
})

test("where nobody listens nothing was sent, and that is what it says (I10)", async () => {
  const answer = await replicaOf("http://127.0.0.1:9").send("POST", "/do", { body: ada })
  expect(answer.status).toBe(503)
  expect(inside(answer.json, "code")).toBe("unavailable")
})

test("a connection that ends without an answer leaves the outcome unknown (I10)", async () => {
  const server = createServer((socket) => socket.once("data", () => socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const answer = await replicaOf(`http://127.0.0.1:${port}`).send("POST", "/do", { body: ada, headers: { "idempotency-key": "k" } })
  server.close()
  expect(answer.status).toBe(500)
  expect(answer.json).toMatchObject({ code: "outcome-unknown", key: "k" })
})
