// Fault 22: SIGTERM under load, of either node, under both runtimes. Nothing new is accepted, what was accepted is
// answered or its connection ends, what was answered with 200 is there, and the node ends with 0.
import { afterEach, describe, expect, test } from "bun:test"
import { Socket } from "node:net"
import { exitCodes } from "../../src/runtime/exit.ts"
import { Load } from "./load.ts"
import type { Program, RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Witness } from "./witness.ts"

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

describe.each<Program>(["bun", "deno"])("under %s, SIGTERM under load", (program) => {
  test.each(["primary", "replica"] as const)("of the %s ends it with 0, and breaks no promise (P1, P3)", async (which) => {
    const pair = await RealPair.make({ primary: program, replica: program, flags: ["--peer-timeout", "2s"] })
    pairs.push(pair)
    const witness = new Witness()
    const load = new Load(pair, witness)
    await pair.start()
    await load.prepare()
    load.start(8, 22)
    await until("the load is on", () => witness.acknowledged > 50)

    const stopped = which === "primary" ? pair.a : pair.b
    expect(await stopped.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    expect(await accepts(stopped)).toBe(false)
    await load.stop()

    for (const node of pair.nodes) {
      if (!node.running) node.start()
      node.supervise()
    }
    await load.settle()
    expect(stopped.printed).not.toContain("internal error")
  })

  test("of both ends both with 0, and both start again in sync", async () => {
    const pair = await RealPair.make({ primary: program, replica: program })
    pairs.push(pair)
    const witness = new Witness()
    const load = new Load(pair, witness)
    await pair.start()
    await load.prepare()
    load.start(8, 23)
    await until("the load is on", () => witness.acknowledged > 50)
    expect(await pair.a.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    expect(await pair.b.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    await load.stop()
    await pair.start()
    await load.settle()
  })

  test("of the primary tells no client anything that is not so (P3)", async () => {
    const pair = await RealPair.make({ primary: program, replica: program })
    pairs.push(pair)
    await pair.start()
    const writes = Array.from({ length: 200 }, (_, n) => pair.a.do({ op: "user.create", data: { email: `u${n}@example.com` } }, `write-${n}`).then(({ status }) => status, () => "cut"))
    await Promise.race(writes)
    expect(await pair.a.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    const ends = await Promise.all(writes)
    expect(ends.filter((end) => end === 200).length).toBeGreaterThan(0)
    // Definitely not committed, or the connection ended: nothing else.
    expect(ends.filter((end) => end !== 200 && end !== 503 && end !== "cut")).toEqual([])
    await pair.start()
    for (const [n, end] of ends.entries()) {
      const outcome = (await pair.a.fetch(`/do/write-${n}`)).status
      if (end === 200) expect(outcome).toBe(200)
      if (end === 503) expect(outcome).toBe(404)
    }
  })
})

describe("clients that keep a connection open", () => {
  test("do not keep a node from ending with 0, once it has waited for them", async () => {
    await Promise.all((["bun", "deno"] as const).map(endWithOpenConnections))
  })

  async function endWithOpenConnections(program: Program): Promise<void> {
    const pair = await RealPair.make({ primary: program, replica: program })
    pairs.push(pair)
    await pair.start()
    const { hostname, port } = new URL(pair.a.url)
    const halves = ["", "POST /do HTTP/1.1\r\nhost: a\r\n", `POST /do HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${pair.a.rootKey}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`]
    const sockets = await Promise.all(
      halves.map(
        (half) =>
          new Promise<Socket>((resolve, reject) => {
            const socket = new Socket().once("error", reject)
            socket.connect(Number(port), hostname, () => socket.write(half, () => resolve(socket)))
          }),
      ),
    )
    for (const socket of sockets) socket.on("error", () => undefined)
    expect(await pair.a.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    for (const socket of sockets) socket.destroy()
  }
})

function accepts(node: RealNode): Promise<boolean> {
  const { hostname, port } = new URL(node.url)
  return new Promise((resolve) => {
    const socket = new Socket()
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.connect(Number(port), hostname)
    socket.once("connect", () => socket.destroy())
  })
}
