// The stories of docs/OPERATING.md about a machine or a network that is away, told to a real pair with the commands that stand there.
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import { PeerProxy } from "./peer-proxy.ts"
import { runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { commandsUnder, runAt } from "./runbook-commands.ts"

const [soloOn = "", promote = "", rejoin = "", handover = "", discard = ""] = commandsUnder("Losing a machine")
const [soloWhenCut = "", promoteWhenCut = ""] = commandsUnder("The network between the nodes is cut")

/** Short, so that a promotion need not wait for long. */
const flags = ["--lease", "1s", "--peer-timeout", "1s"]

async function modes({ nodes }: RealPair): Promise<string[]> {
  return Promise.all(nodes.map(async (node) => ((await node.json("/status")) as { mode: string }).mode))
}

async function soloIsOver(pair: RealPair): Promise<void> {
  await until("solo is over", async () => (await modes(pair).catch(() => [""])).every((mode) => mode === "paired"), () => pair.printed)
}

async function write(node: RealNode, id: string): Promise<void> {
  const create = { op: "user.create", data: { id, email: `${id}@example.com` } }
  await until(`${id} is written`, async () => (await node.do(create, id).catch(() => undefined))?.status === 200, () => node.printed)
}

async function has(node: RealNode, id: string): Promise<boolean> {
  return (await node.answer(`/users/${id}`)).status === 200
}

function discarded({ data }: RealNode): string {
  return readdirSync(data).filter((name) => /^discarded-.*\.jsonl$/.test(name)).map((name) => readFileSync(join(data, name), "utf8")).join("")
}

test("the commands are those that the stories are about", () => {
  const begins = (blocks: readonly string[]): string[] => blocks.map((block) => block.split(" ").slice(0, 3).join(" "))
  expect(begins(commandsUnder("Losing a machine"))).toEqual(["tandem solo on", "tandem promote --url", "tandem rejoin --node", "tandem handover --url", "tandem rejoin --discard"])
  expect(begins(commandsUnder("The network between the nodes is cut"))).toEqual(["tandem solo on", "tandem promote --solo"])
})

test("what docs/OPERATING.md says to do when a machine is lost, comes back, or gets planned work is right, command by command (P1)", async () => {
  const pair = await RealPair.make({ flags })
  const { a, b } = pair
  try {
    await pair.start()
    pair.supervise()

    // The replica is gone.
    await b.stop("SIGKILL")
    await until("the primary may write alone", () => runAt(pair, soloOn, a).code === 0, () => pair.printed)
    await write(a, "alone")
    b.start()
    await pair.inSync()
    await soloIsOver(pair)

    // The primary is gone for longer.
    await a.stop("SIGKILL")
    await until("the replica is promoted", () => runAt(pair, promote, b).code === 0, () => pair.printed)
    expect(await has(b, "alone")).toBe(true)

    // The old primary comes back.
    a.start()
    expect(await a.ended).toEqual({ code: exitCodes.fenced, signal: null })
    expect(runAt(pair, rejoin, a).code).toBe(0)
    a.start()
    await pair.inSync()
    await write(b, "after")

    pair.supervise()
    // Planned work, where the primary is a again.
    await until("a is the primary", async () => (await b.decide("handover")).status === 200)
    await pair.inSync()
    expect(runAt(pair, handover, a).code).toBe(0)
    await pair.inSync()
    await a.stop("SIGTERM")
    a.start()
    await pair.inSync()
    await write(b, "after-the-work")
    for (const id of ["alone", "after", "after-the-work"]) expect(await has(a, id)).toBe(true)
  } finally {
    await pair.remove()
  }
})

test("where both were promoted both stop, and the one whose data does not lead is made the other's replica by the command that stands there (P5, P6)", async () => {
  const pair = await RealPair.make({ flags })
  const { a, b } = pair
  try {
    await pair.start()
    await write(a, "before")
    const backup = join(pair.directory, "x.backup")
    expect(await runCommand(["backup", backup, "--url", a.url, "--data", a.data], { program: a.program })).toMatchObject({ code: 0 })
    // Two people restore the pair, each of whom takes the other machine for lost.
    await Promise.all(pair.nodes.map((node) => node.stop("SIGKILL")))
    for (const [name, node] of [["b", b], ["a", a]] as const) {
      rmSync(node.data, { recursive: true })
      expect(await runCommand(["restore", backup, "--data", node.data, "--node", name, "--same-cluster"], { program: node.program })).toMatchObject({ code: 0 })
      node.start()
      await until("it may write alone", async () => (await node.decide("solo", { on: true }).catch(() => undefined))?.status === 200, () => node.printed)
      await write(node, `of-${name}`)
      if (node === b) await b.stop("SIGKILL")
    }

    b.start()
    for (const node of pair.nodes) expect(await node.ended).toEqual({ code: exitCodes.diverged, signal: null })
    expect(a.printed).toContain("tandem rejoin")

    // The data of b leads.
    b.start()
    await until("b answers", async () => (await b.ask("/status"))?.status === 200, () => b.printed)
    const { code, printed } = runAt(pair, discard, a)
    expect([code, printed]).toEqual([0, expect.stringContaining("kept in")])
    expect(discarded(a)).toContain("of-a")
    a.start()
    await pair.inSync()
    await write(b, "together")
    expect(await Promise.all(["before", "of-b", "together", "of-a"].map((id) => has(a, id)))).toEqual([true, true, true, false])
  } finally {
    await pair.remove()
  }
})

describe("while the network between the nodes is cut", () => {
  /** Neither reaches the other once `cut` was called, and until it is over. */
  async function withCut(run: (pair: RealPair, network: { cut: () => void; heal: () => void }) => Promise<void>): Promise<void> {
    const pair = await RealPair.make({ flags, proxied: true })
    const back = new PeerProxy(pair.primaryPeerUrl)
    pair.b.setFlag("--peer", back.url)
    const each = (treatment: "drop-request" | "pass"): void => {
      for (const proxy of [pair.proxy, back]) proxy.treatment = () => treatment
    }
    try {
      await pair.start()
      pair.supervise()
      await run(pair, { cut: () => each("drop-request"), heal: () => each("pass") })
    } finally {
      await pair.remove()
      await back.close()
    }
  }

  test("the primary ends with 75, the replica says that it may be stale, and nothing needs to be done when it is over (P1, P3)", async () => {
    await withCut(async (pair, { cut, heal }) => {
      const { a, b } = pair
      await write(a, "before")
      const { starts } = a
      cut()
      await until("a was started again", () => a.starts > starts, () => pair.printed)
      expect(a.printed).toContain("stuck: ")
      await until("a says why", () => a.printed.includes("the replica does not answer: no answer came in time"), () => pair.printed)
      await until("b says that it may be stale", async () => (await b.fetch("/users/before")).headers.get("tandem-stale") === "possible", () => pair.printed)
      expect(await has(b, "before")).toBe(true)
      heal()
      await pair.inSync()
      await write(a, "after")
      expect(await has(b, "after")).toBe(true)
    })
  })

  test("the primary may write alone, and the replica gets what it lacks by itself (P1)", async () => {
    await withCut(async (pair, { cut, heal }) => {
      const { a, b } = pair
      cut()
      await until("a may write alone", () => runAt(pair, soloWhenCut, a).code === 0, () => pair.printed)
      await write(a, "alone")
      heal()
      await pair.inSync()
      await soloIsOver(pair)
      expect(await has(b, "alone")).toBe(true)
    })
  })

  test("the replica may be promoted, and the old primary rejoins afterwards, whatever both have done alone (P1, P5)", async () => {
    await withCut(async (pair, { cut, heal }) => {
      const { a, b } = pair
      await write(a, "before")
      cut()
      // Both, which nobody should: each by somebody who sees one side only.
      await until("a may write alone", () => runAt(pair, soloWhenCut, a).code === 0, () => pair.printed)
      await write(a, "of-a")
      await until("b is promoted", () => runAt(pair, promoteWhenCut, b).code === 0, () => pair.printed)
      await write(b, "of-b")
      heal()
      await until("a is fenced", () => a.hasGivenUp(), () => pair.printed)
      expect(await a.ended).toEqual({ code: exitCodes.fenced, signal: null })
      expect(runAt(pair, rejoin, a).code).toBe(exitCodes.diverged)
      expect(runAt(pair, discard, a).code).toBe(0)
      expect(discarded(a)).toContain("of-a")
      a.start()
      await pair.inSync()
      await soloIsOver(pair)
      expect(await Promise.all(["before", "of-b", "of-a"].map((id) => has(a, id)))).toEqual([true, true, false])
    })
  })
})
