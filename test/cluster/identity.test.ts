// Nodes that do not belong together, and disks that were lost: each is found out before anything is served, with an
// exit code of its own and a hint, and no data is touched.
import { afterEach, describe, expect, test } from "bun:test"
import { renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { RealNode } from "./real-node.ts"
import { freePorts, pairSecret, RealPair, until } from "./real-pair.ts"
import { sameDigests, Witness } from "./witness.ts"

const foreign = { code: exitCodes.foreign, signal: null }
const pairs: RealPair[] = []
const strays: RealNode[] = []
afterEach(async () => {
  for (const node of strays.splice(0)) await node.stop("SIGKILL")
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

interface Started {
  readonly pair: RealPair
  readonly witness: Witness
  readonly writes: FewWrites
}

async function pairWithWrites(): Promise<Started> {
  const pair = await RealPair.make({ flags: ["--sync-timeout", "20s"] })
  pairs.push(pair)
  await pair.start()
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 6; n++) expect(await writes.next()).toBe("acknowledged")
  return { pair, witness, writes }
}

/** As it was, on both nodes. */
async function isWhole({ pair, witness, writes }: Started): Promise<void> {
  await witness.settle(pair)
  expect(await writes.next()).toBe("acknowledged")
  await witness.settle(pair)
}

/** A node beside a pair, with an empty disk of its own. */
async function strayOf(pair: RealPair, { name, role, peerUrl }: { readonly name: string; readonly role: "primary" | "replica"; readonly peerUrl: string }): Promise<RealNode> {
  const [port = 0, peerPort = 0] = await freePorts(2)
  const secretFile = join(pair.directory, "secret")
  writeFileSync(secretFile, pairSecret)
  const node = RealNode.describedBy({ name, role, data: join(pair.directory, `stray-${name}`), secretFile, port, peerPort, peerUrl: peerUrl === "itself" ? `http://127.0.0.1:${peerPort}` : peerUrl })
  strays.push(node)
  return node
}

describe("a replica that lost its disk", () => {
  test("ends with 72 and is not filled by itself; with --join it is, also at the starts after that (P6)", async () => {
    const started = await pairWithWrites()
    const { a, b } = started.pair
    await b.stop("SIGKILL")
    rmSync(b.data, { recursive: true })
    b.start()
    expect(await b.ended).toEqual(foreign)
    // The primary meets an empty disk where its replica was, and goes on looking for it.
    expect([a.starts, a.running]).toEqual([1, true])
    a.supervise()
    expect(b.printed).toContain("--join")

    b.start({ flags: ["--join"] })
    await started.pair.inSync()
    await isWhole(started)
    await b.stop()
    b.start()
    await started.pair.inSync()
    await isWhole(started)
  })

  test("and is killed while it is filled, goes on where it was", async () => {
    const started = await pairWithWrites()
    const { a, b } = started.pair
    await b.stop("SIGKILL")
    await a.stop("SIGKILL")
    rmSync(b.data, { recursive: true })
    b.start({ flags: ["--join"], environment: { TANDEM_FAILPOINT: "replica.vote.after:1" } })
    a.start()
    a.supervise()
    expect(await b.ended).toEqual({ code: null, signal: "SIGKILL" })
    b.start()
    await started.pair.inSync()
    await isWhole(started)
  })
})

test("a primary that lost its disk ends with 72, and the replica keeps everything (P6)", async () => {
  const { pair, witness } = await pairWithWrites()
  const { a, b } = pair
  const { digest } = await sameDigests(pair)
  const kept = `${a.data}-kept`
  await a.stop()
  renameSync(a.data, kept)
  a.start()
  expect(await a.ended).toEqual(foreign)
  expect(a.printed).toContain("this disk is empty, and the peer belongs to another cluster")
  expect(a.printed).toContain("--join")
  expect(b.running).toBe(true)
  expect(await b.json("/status/verify")).toMatchObject({ digest, problems: [] })
  // The disk is found again.
  rmSync(a.data, { recursive: true })
  renameSync(kept, a.data)
  await pair.start()
  await witness.settle(pair)
})

test("a primary that lost its disk joins as its message says, once the replica was promoted (P1, P6)", async () => {
  const started = await pairWithWrites()
  const { a, b } = started.pair
  await a.stop()
  rmSync(a.data, { recursive: true })
  a.start()
  expect(await a.ended).toEqual(foreign)
  expect(a.printed).toContain("Where this node's disk was lost, start it as the replica (--role replica --join) and run `tandem promote` at the other node")

  // On what that start left there: it holds nothing, so there is nothing to take away first.
  a.setFlag("--role", "replica")
  a.start({ flags: ["--join"] })
  await until("b is promoted", async () => (await b.decide("promote", { reason: "a lost its disk" })).status === 200, () => b.printed)
  await started.pair.inSync()
  await until("a is the primary again", async () => (await b.decide("handover")).status === 200, () => b.printed)
  await isWhole(started)
})

describe("a primary that talks to", () => {
  test("itself, ends with 72", async () => {
    const { pair } = await pairWithWrites()
    const node = await strayOf(pair, { name: "c", role: "primary", peerUrl: "itself" })
    node.start()
    expect(await node.ended).toEqual(foreign)
    expect(node.printed).toContain("--peer")
  })

  test("a node of the same name, ends with 72 and changes nothing there", async () => {
    const started = await pairWithWrites()
    const { digest } = await sameDigests(started.pair)
    const node = await strayOf(started.pair, { name: "b", role: "primary", peerUrl: started.pair.replicaPeerUrl })
    node.start()
    expect(await node.ended).toEqual(foreign)
    expect(node.printed).toContain("--node")
    expect(await sameDigests(started.pair)).toMatchObject({ digest })
    await isWhole(started)
  })

  test("the replica of another pair, ends with 72 and changes nothing there", async () => {
    const started = await pairWithWrites()
    const { digest } = await sameDigests(started.pair)
    const node = await strayOf(started.pair, { name: "c", role: "primary", peerUrl: started.pair.replicaPeerUrl })
    node.start()
    expect(await node.ended).toEqual(foreign)
    expect(node.printed).toContain("cluster")
    expect(await sameDigests(started.pair)).toMatchObject({ digest })
    await isWhole(started)
  })

  test("another primary, ends with 72 and changes nothing there", async () => {
    const started = await pairWithWrites()
    const node = await strayOf(started.pair, { name: "c", role: "primary", peerUrl: started.pair.primaryPeerUrl })
    node.start()
    expect(await node.ended).toEqual(foreign)
    await isWhole(started)
  })
})

test("a primary with another secret is told so, and nothing is exchanged", async () => {
  const started = await pairWithWrites()
  const { pair } = started
  await pair.a.stop()
  const node = await strayOf(pair, { name: "c", role: "primary", peerUrl: pair.replicaPeerUrl })
  writeFileSync(join(pair.directory, "secret"), "another secret, also of more than 32 characters")
  node.start({ flags: ["--sync-timeout", "1s"] })
  await until("it ended", () => !node.running)
  expect(await node.ended).toEqual({ code: exitCodes.stuck, signal: null })
  expect(node.printed).toContain("does not accept this node's secret")
  writeFileSync(join(pair.directory, "secret"), pairSecret)
  await pair.start()
  await isWhole(started)
})
