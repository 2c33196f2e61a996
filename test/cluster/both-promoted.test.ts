// Fault 13: while neither can see the other, each node is restored as the primary of the same cluster. One of them only was told that it
// may acknowledge alone; as soon as they meet both stop, and say where they parted.
import { expect, test } from "bun:test"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { sameDigests, Witness } from "./witness.ts"

test("both nodes lead the same epoch: one of them acknowledges; when they meet both stop, and name the last version they share (P5, P6)", async () => {
  const pair = await RealPair.make({ flags: ["--lease", "1s", "--peer-timeout", "1s"] })
  try {
    await pair.start()
    const { a, b } = pair
    const writes = new FewWrites(pair, new Witness())
    for (let n = 0; n < 5; n++) expect(await writes.next()).toBe("acknowledged")
    const { version } = await sameDigests(pair)
    const file = join(pair.directory, "x.backup")
    expect(await runCommand(["backup", file, "--url", a.url, "--data", a.data], { program: "bun" })).toMatchObject({ code: 0 })
    const restored = async (name: string, node: RealNode): Promise<void> => {
      rmSync(node.data, { recursive: true })
      expect(await runCommand(["restore", file, "--data", node.data, "--node", name, "--same-cluster"], { program: "bun" })).toMatchObject({ code: 0 })
      node.start()
    }
    for (const node of pair.nodes) await node.stop("SIGKILL")
    await restored("b", b)
    await until("b is solo", async () => (await b.decide("solo", { on: true }).catch(() => undefined))?.status === 200, () => b.printed)
    await until("b acknowledges", async () => (await b.do({ op: "user.create", data: { id: "eve", email: "eve@example.com" } }, "eve")).status === 200, () => b.printed)
    await b.stop("SIGKILL")

    await restored("a", a)
    await until("a answers", async () => (await a.json("/status").catch(() => undefined)) !== undefined, () => a.printed)
    expect((await a.do({ op: "user.create", data: { id: "ada", email: "ada@example.com" } })).status).toBe(503)

    b.start()
    expect([await a.ended, await b.ended]).toEqual([{ code: exitCodes.diverged, signal: null }, { code: exitCodes.diverged, signal: null }])
    for (const node of pair.nodes) expect(node.printed).toContain(`version ${version}`)
  } finally {
    await pair.remove()
  }
})
