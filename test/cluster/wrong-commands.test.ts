// What an operator may get wrong: commands at the wrong node, in the wrong order, twice. Each says what the state is, and what would
// be right; none changes anything, and at the end the pair holds what it held.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "bun:test"
import { runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"

const flags = ["--lease", "2s", "--peer-timeout", "1s", "--when-stuck", "serve-reads"]

/** What a command needs of a node. */
type Named = Pick<RealNode, "program" | "url" | "data" | "flags">

interface Wrong {
  readonly command: readonly string[]
  readonly at: Named
  readonly code?: number
  readonly says: RegExp
  readonly hints?: RegExp
}

function ask({ command: [name = "", ...more], at }: Pick<Wrong, "command" | "at">): ReturnType<typeof runCommand> {
  const where = name === "rejoin" ? at.flags : ["--url", at.url, "--data", at.data]
  return runCommand([name, ...more, ...where], { program: at.program })
}

async function wrong(commands: readonly Wrong[]): Promise<void> {
  for (const { command, at, code = 1, says, hints = /(?:)/ } of commands) {
    const answer = await ask({ command, at })
    expect([command, answer.code, answer.out]).toEqual([command, code, ""])
    expect(answer.err).toMatch(says)
    expect(answer.err).toMatch(hints)
  }
}

async function right(command: readonly string[], at: Named): Promise<string> {
  const answer = await ask({ command, at })
  expect([command, answer.code, answer.err]).toEqual([command, 0, ""])
  return answer.out
}

test("commands at the wrong node, in the wrong order and twice change nothing, and say what would be right", async () => {
  const pair = await RealPair.make({ flags })
  const { a, b } = pair
  const stands = async (node: RealNode): Promise<unknown> => {
    const { role, epoch, mode, committed } = (await node.json("/status")) as { role: string; epoch: { number: number }; mode: string; committed: number }
    return [role, epoch.number, mode, committed]
  }
  try {
    await pair.start()
    const create = { op: "user.create", data: { id: "ada", email: "ada@example.com" } }
    await until("ada is written", async () => (await a.do(create, "ada")).status === 200, () => pair.printed)
    await wrong([
      { command: ["promote"], at: a, says: /Node a is the primary of epoch 1 already/, hints: /tandem solo on/ },
      { command: ["promote", "--force", "--solo"], at: a, says: /Node a is the primary of epoch 1 already/ },
      { command: ["promote"], at: b, says: /Node b is the replica of epoch 1, and is not promoted: its primary may still answer reads/, hints: /tandem handover.*--force/ },
      { command: ["solo", "on"], at: a, says: /it is in sync with node b/ },
      { command: ["solo", "off"], at: a, says: /it is not solo/ },
      { command: ["solo", "on"], at: b, says: /Node b is the replica of epoch 1: only a primary can be solo/, hints: /promote --solo/ },
      { command: ["solo", "off"], at: b, says: /only a primary can be solo/ },
      { command: ["solo"], at: a, code: 64, says: /On or off/ },
      { command: ["handover"], at: b, says: /Node b is the replica of epoch 1: the primary hands over/, hints: /Ask the primary/ },
      { command: ["rejoin"], at: a, code: 73, says: /in use by a running node/, hints: /Stop it first/ },
      { command: ["rejoin", "--discard"], at: b, code: 73, says: /in use by a running node/ },
    ])
    expect(await Promise.all([a, b].map(stands))).toEqual([["primary", 1, "paired", 1], ["replica", 1, "paired", 1]])

    await b.stop("SIGKILL")
    expect(await right(["rejoin"], b)).toContain("Node b is a replica already, and node a the primary of its epoch 1")
    await until("a has noticed", async () => ((await a.json("/status")) as { stuck: string | null }).stuck !== null)
    await wrong([{ command: ["handover"], at: a, says: /Node a is the primary of epoch 1, and does not hand over: it is not in sync with its replica/ }])
    await until("its replica shows nothing as the newest any more", async () => (await ask({ command: ["solo", "on"], at: a })).code === 0)
    await wrong([
      { command: ["solo", "on"], at: a, says: /its mode stays solo: it is solo already/ },
      { command: ["handover"], at: a, says: /it is not in sync with its replica/ },
    ])
    await right(["solo", "off"], a)
    await wrong([{ command: ["solo", "off"], at: a, says: /its mode stays paired: it is not solo/ }])
    b.start()
    await pair.inSync()

    await a.stop("SIGKILL")
    const otherSecret = join(pair.directory, "other-secret")
    writeFileSync(otherSecret, "another secret, of more than 32 characters\n", { mode: 0o600 })
    const other = (flag: string, value: string): Named => ({ program: a.program, url: a.url, data: a.data, flags: a.flags.map((given, n) => (a.flags[n - 1] === flag ? value : given)) })
    await wrong([
      { command: ["rejoin"], at: a, says: /this node is the primary of epoch 1, and node b is a replica, of epoch 1: nobody was promoted over it/i, hints: /tandem serve/ },
      { command: ["rejoin", "--discard"], at: a, says: /nobody was promoted over it/ },
      { command: ["rejoin"], at: other("--secret-file", otherSecret), code: 72, says: /is not of this pair/, hints: /--secret-file/ },
      { command: ["rejoin"], at: other("--node", "c"), code: 72, says: /belongs to node a, not c/, hints: /--node/ },
      { command: ["rejoin"], at: other("--peer", pair.primaryPeerUrl), code: 75, says: /does not say where its log stands/, hints: /has to run/ },
      { command: ["rejoin"], at: other("--data", join(pair.directory, "nowhere")), says: /There is no node's data in/ },
      { command: ["rejoin"], at: other("--lease", "soon"), code: 78, says: /--lease must be a duration/ },
    ])

    await until("b is promoted", async () => (await ask({ command: ["promote"], at: b })).code === 0)
    await wrong([
      { command: ["promote"], at: b, says: /Node b is the primary of epoch 2 already/ },
      { command: ["rejoin"], at: b, code: 73, says: /in use by a running node/ },
    ])
    await right(["rejoin"], a)
    a.start()
    await pair.inSync()
    await b.stop("SIGKILL")
    await wrong([
      { command: ["rejoin", "--discard"], at: b, says: /this node is the primary of epoch 2, and node a is a replica, of epoch 2: nobody was promoted over it/i },
    ])
    b.start()
    await pair.inSync()
    for (const node of pair.nodes) expect((await node.fetch("/users/ada")).status).toBe(200)
  } finally {
    await pair.remove()
  }
})

test("a hand-over whose outcome nobody hears may have come to pass, and says so", async () => {
  const pair = await RealPair.make({ flags: ["--lease", "2s", "--peer-timeout", "1s"] })
  const { a, b } = pair
  try {
    await pair.start()
    b.kill("SIGSTOP")
    const asked = await ask({ command: ["handover"], at: a })
    expect([asked.code, asked.err]).toEqual([75, expect.stringContaining("It may have been done all the same: look at `tandem status` of both nodes")])
    expect(await a.ended).toEqual({ code: 75, signal: null })
    // It was asked before it could hear: the question was under way.
    b.kill("SIGCONT")
    await until("b has taken over", async () => ((await b.json("/status").catch(() => undefined)) as { readonly role: string } | undefined)?.role === "primary")
  } finally {
    await pair.remove()
  }
})
