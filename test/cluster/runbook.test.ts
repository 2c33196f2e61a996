// The stories of docs/OPERATING.md about losing a machine, told to a real pair with the commands that stand there.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "bun:test"
import { commandOf, type RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { blocksOf } from "./shown-commands.ts"

const operating = readFileSync(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8")
const [, losing = ""] = operating.split(/^## Losing a machine$/m)
const [soloOn = "", promote = "", rejoin = "", handover = ""] = blocksOf(losing.split(/^## /m)[0] ?? "", "sh")

/** Short, so that a promotion need not wait for long. */
const flags = ["--lease", "1s", "--peer-timeout", "1s"]

test("what docs/OPERATING.md says to do when a machine is lost, comes back, or gets planned work is right, command by command (P1)", async () => {
  const pair = await RealPair.make({ flags })
  const { a, b } = pair

  /** A command as it stands there, at a node's machine, with the places of this pair instead. */
  const run = (command: string, { program, data }: RealNode): number | null => {
    const places = [["/var/lib/tandem", data], ["/etc/tandem/secret", join(pair.directory, "secret")], ["http://a.internal:4000", a.url], ["http://b.internal:4000", b.url], ["http://b.internal:4001", pair.replicaPeerUrl]] as const
    const script = places.reduce((text, [there, here]) => text.replaceAll(there, here), command)
    return spawnSync("bash", ["-euc", `tandem() { '${commandOf(program).join("' '")}' "$@"; }\n${script}`], { encoding: "utf8", timeout: 60_000 }).status
  }
  const modes = async (): Promise<string[]> => Promise.all(pair.nodes.map(async (node) => ((await node.json("/status")) as { mode: string }).mode))
  const write = async (node: RealNode, id: string): Promise<void> => {
    const create = { op: "user.create", data: { id, email: `${id}@example.com` } }
    await until(`${id} is written`, async () => (await node.do(create, id).catch(() => undefined))?.status === 200, () => pair.printed)
  }

  try {
    expect([soloOn, promote, rejoin, handover].map((block) => block.split(" ").slice(0, 2).join(" "))).toEqual(["tandem solo", "tandem promote", "tandem rejoin", "tandem handover"])
    await pair.start()
    pair.supervise()

    // The replica is gone.
    await b.stop("SIGKILL")
    await until("the primary may write alone", () => run(soloOn, a) === 0, () => pair.printed)
    await write(a, "alone")
    b.start()
    await pair.inSync()
    await until("solo is over", async () => (await modes().catch(() => [""])).every((mode) => mode === "paired"), () => pair.printed)

    // The primary is gone for longer.
    await a.stop("SIGKILL")
    await until("the replica is promoted", () => run(promote, b) === 0, () => pair.printed)
    expect((await b.fetch("/users/alone")).status).toBe(200)

    // The old primary comes back.
    a.start()
    expect(await a.ended).toEqual({ code: 76, signal: null })
    expect(run(rejoin, a)).toBe(0)
    a.start()
    await pair.inSync()
    await write(b, "after")

    pair.supervise()
    // Planned work, where the primary is a again.
    await until("a is the primary", async () => (await b.decide("handover")).status === 200)
    await pair.inSync()
    expect(run(handover, a)).toBe(0)
    await pair.inSync()
    await a.stop("SIGTERM")
    a.start()
    await pair.inSync()
    await write(b, "after-the-work")
    for (const id of ["alone", "after", "after-the-work"]) expect((await a.fetch(`/users/${id}`)).status).toBe(200)
  } finally {
    await pair.remove()
  }
})
