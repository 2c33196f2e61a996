// A node whose data is damaged takes the other one's: with real processes, in either role, killed at each step of it, and where it may not.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, test } from "bun:test"
import { PeerClient } from "../../src/node/peer-client.ts"
import { repair as repairWith, type RepairParts } from "../../src/node/repair.ts"
import { handedOver } from "../../src/protocol/decisions.ts"
import { type Failpoint, failpointVariable } from "../../src/runtime/failpoint.ts"
import type { TableName } from "../../src/store/tables.ts"
import { flip, storedEntries } from "../store/flipped-file.ts"
import { type CommandOptions, runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { pairSecret, type RealPair, until } from "./real-pair.ts"
import { pairsWith } from "./started-pair.ts"

const withPair = pairsWith({ flags: ["--lease", "2s", "--peer-timeout", "2s"] })
const users = ["ada", "bob", "eve"] as const

async function write(node: RealNode, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await until(`${id} is written`, async () => (await node.do({ op: "user.create", data: { id, email: `${id}@example.com` } }, id)).status === 200, () => node.printed)
  }
}

/** Ends it, and turns a bit of an entry of its data. */
async function damage(node: RealNode, table: TableName, start: string): Promise<void> {
  await node.stop("SIGTERM")
  const file = join(node.data, "data.mdb")
  const looked = mkdtempSync(join(tmpdir(), "tandem-looked-at-"))
  copyFileSync(file, join(looked, "data.mdb"))
  const entry = (await storedEntries(join(looked, "data.mdb"), table)).find(({ key }) => key.toString("latin1").startsWith(start))
  rmSync(looked, { recursive: true })
  if (entry === undefined) throw new Error(`there is no ${start}`)
  expect(flip(file, entry, entry.key.length + 2)).toBeGreaterThan(0)
}

function repair(node: RealNode, flags = node.flags, options: CommandOptions = {}): ReturnType<typeof runCommand> {
  return runCommand(["verify", "--repair-from-peer", ...flags], { program: node.program, ...options })
}

/** Both are in sync, and what is on both disks is sound and the same. */
async function oneAgain(pair: RealPair, ids: readonly string[] = users): Promise<void> {
  for (const node of pair.nodes) if (!node.running) node.start()
  // Either may have ended without the other one.
  pair.supervise()
  await pair.inSync()
  for (const node of pair.nodes) await until("what was there is removed", () => !existsSync(join(node.data, "replaced.mdb")))
  for (const node of pair.nodes) for (const id of ids) expect([id, (await node.fetch(`/users/${id}`)).status]).toEqual([id, 200])
  const digests = await Promise.all(pair.nodes.map(async (node) => {
    await node.stop("SIGTERM")
    const { code, out } = await runCommand(["verify", "--data", node.data, "--json"], { program: node.program })
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ problems: [] })])
    return (JSON.parse(out) as { readonly digest: string }).digest
  }))
  expect(digests[0]).toBe(digests[1])
}

describe("a damaged node", () => {
  test.each([["a", "primary"], ["b", "replica"]] as const)("takes the other one's data, stays what it was, and comes in sync: %s, the %s (P1, P6)", async (name, role) => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      const node = pair[name]
      await damage(node, "rows", "users\0ada\0")
      const { code, out, err } = await repair(node)
      expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`^Node ${name}, the ${role}, has the data of node ${name === "a" ? "b" : "a"}, .* at version 3\\. Start it`))])
      expect(err).toContain("the newest row of users/ada")
      expect(existsSync(join(node.data, "replaced.mdb"))).toBe(true)
      await oneAgain(pair)
    })
  })

  test("that would not even start, since where its log stands is damaged, is repaired as well", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await damage(pair.b, "hard_state", "position")
      const { code, out } = await repair(pair.b, [...pair.b.flags, "--json"])
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ node: "b", repaired: true, role: "replica", from: "a", version: 3 })])
      await oneAgain(pair)
    })
  })

  test("that was the primary before the other one was promoted becomes its replica", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await damage(pair.a, "rows", "users\0ada\0")
      await until("b is promoted", async () => (await pair.b.decide("promote", { reason: "a is damaged" })).status === 200)
      const { code, out } = await repair(pair.a)
      expect([code, out]).toEqual([0, expect.stringContaining("Node a, the replica, has the data of node b, the primary of epoch 2,")])
      await oneAgain(pair)
    })
  })

  test("that was handing over, and has not heard what came of it, does not know it afterwards either: it goes on alone by force only (P4)", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await write(a, users)
      await a.stop("SIGTERM")
      a.start({ environment: { [failpointVariable]: "primary.handover.before" } })
      if (!b.running) b.start()
      await pair.inSync()
      await a.decide("handover").catch(() => undefined)
      await a.ended
      await damage(a, "rows", "users\0ada\0")
      if (!b.running) b.start()
      await until("a is repaired", async () => (await repair(a)).code === 0)
      await b.stop("SIGKILL")
      a.start()
      await until("a has waited for its replica's reads", async () => {
        const { status, body } = await a.decide("solo", { on: true, reason: "b burnt down" }).catch(() => ({ status: 0, body: {} }))
        expect(status).not.toBe(200)
        return JSON.stringify(body).includes(handedOver)
      })
      expect((await a.decide("solo", { on: true, force: true, reason: "b burnt down" })).status).toBe(200)
    })
  })

  test("killed at each step of being repaired is repaired when it is asked for again, and never has half of it", async () => {
    const steps: readonly Failpoint[] = ["snapshot.begin.before", "snapshot.begin.after", "snapshot.write-chunk.before", "snapshot.write-chunk.after", "snapshot.whole.after", "snapshot.verified.after", "snapshot.identity.after", "snapshot.keep.after", "snapshot.rename.after"]
    await withPair(async (pair) => {
      await write(pair.a, users)
      for (const step of steps) {
        await damage(pair.b, "rows", "users\0ada\0")
        expect([step, (await repair(pair.b, pair.b.flags, { environment: { [failpointVariable]: step } })).code]).toEqual([step, null])
        const again = await repair(pair.b)
        expect([step, again.code, again.err]).toEqual([step, 0, again.err])
        pair.b.start()
        pair.supervise()
        await pair.inSync()
      }
      await oneAgain(pair)
    })
  })
})

describe("a repair is refused, and nothing is changed", () => {
  async function refused(node: RealNode, exit: number, says: string | RegExp, other: { readonly [flag: string]: string } = {}): Promise<void> {
    const file = join(node.data, "data.mdb")
    const before = readFileSync(file)
    const isRunning = node.running
    const { code, out, err } = await repair(node, node.flags.map((flag, n, flags) => other[flags[n - 1] ?? ""] ?? flag))
    expect([code, out]).toEqual([exit, ""])
    expect(err).toMatch(says)
    if (!isRunning) expect(readFileSync(file).equals(before)).toBe(true)
  }

  test("of a node that runs, of one that belongs to another name, with another secret, and while the other one does not run", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await refused(pair.b, 73, "in use by a running node")
      await damage(pair.b, "rows", "users\0ada\0")
      await refused(pair.b, 72, "belongs to node b, not c", { "--node": "c" })
      const secret = join(pair.directory, "other-secret")
      writeFileSync(secret, "another secret, which is long enough for one\n", { mode: 0o600 })
      await refused(pair.b, 72, "is not of this pair", { "--secret-file": secret })
      await pair.a.stop("SIGTERM")
      await refused(pair.b, 75, "does not say where its log stands")
    })
  })

  test("where there is no room for a copy beside what is there", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await damage(pair.b, "rows", "users\0ada\0")
      const { code, err } = await repair(pair.b, [...pair.b.flags, "--disk-floor", "1000000GiB"])
      expect([code, err]).toEqual([75, expect.stringContaining("No copy of the other node's data could be fetched: there is no room for a copy")])
    })
  })

  test("of a primary over which the other one is promoted while the copy comes: there would be two (P5)", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await write(a, users)
      await damage(a, "rows", "users\0ada\0")
      const client = new PeerClient({ peerUrl: pair.replicaPeerUrl, secret: pairSecret, timeoutMs: 5_000 })
      let isPromoted = false
      const ask: RepairParts["ask"] = async (envelope, request) => {
        if (request.kind === "snapshot-manifest" && !isPromoted) await until("b is promoted", async () => (await b.decide("promote", { reason: "a is away" })).status === 200)
        isPromoted ||= request.kind === "snapshot-manifest"
        return client.ask(envelope, request)
      }
      const before = readFileSync(join(a.data, "data.mdb"))
      const parts: RepairParts = { dataDirectory: a.data, nodeId: "a", session: "a9", ask, freeBytes: () => Number.MAX_SAFE_INTEGER, floorBytes: 0, monotonicMs: () => performance.now(), notice: () => undefined, onProgress: () => undefined }
      await expect(repairWith(parts)).rejects.toThrow("the copy is of epoch 2, and the other node said epoch 1: run it again")
      expect(readFileSync(join(a.data, "data.mdb")).equals(before)).toBe(true)
      const { code, out } = await repair(a)
      expect([code, out]).toEqual([0, expect.stringContaining("Node a, the replica, has the data of node b, the primary of epoch 2,")])
      await oneAgain(pair)
    })
  })

  test("where its data does not say any more whose it is", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await damage(pair.b, "hard_state", "identity")
      await refused(pair.b, 65, /cannot be repaired, and nothing was changed/)
    })
  })

  test("where the other node lacks what this one has acknowledged alone (P1)", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await write(a, users)
      await b.stop("SIGKILL")
      a.supervise()
      await until("a is solo", async () => (await a.decide("solo", { on: true, reason: "b burnt down" }).catch(() => undefined))?.status === 200)
      await write(a, ["alone"])
      await a.stop("SIGTERM")
      await damage(a, "rows", "users\0ada\0")
      b.start()
      await until("b answers", async () => (await b.json("/status").catch(() => undefined)) !== undefined)
      await refused(a, 72, /ends at version 3, and this node had committed version \d/)
    })
  })

  test("of sound data: there is nothing to repair", async () => {
    await withPair(async (pair) => {
      await write(pair.a, users)
      await pair.b.stop("SIGTERM")
      const { code, out } = await repair(pair.b)
      expect([code, out]).toEqual([0, expect.stringContaining("No problems found.")])
      expect(existsSync(join(pair.b.data, "replaced.mdb"))).toBe(false)
    })
  })
})
