// Fault 10 with disks that really fill up: a node's data are on a file system of a few megabytes, and clients write until it has no room.
// A 507 means that no trace is left, whatever else was heard means nothing; once there is room, everything acknowledged is there.
import { afterEach, describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import { RealPair, until } from "./real-pair.ts"
import { mayMount, SmallDisk } from "./small-disk.ts"
import { sameDigests, type Told, Witness } from "./witness.ts"

const mebibyte = 1024 * 1024
const roomy = 256 * mebibyte
/** Of a document. */
const littleBytes = 16 * 1024
const muchBytes = 64 * 1024
/** A node looks at its disk once a second; however fast the machine, so little is written meanwhile that no floor is overtaken. */
const betweenWritesMs = 20
/** More than fill either disk. */
const writesMax = 2_000

const pairs: RealPair[] = []
const disks: SmallDisk[] = []
afterEach(async () => {
  await Promise.all(pairs.map((pair) => Promise.all(pair.nodes.map((node) => node.stop("SIGKILL")))))
  for (const disk of disks.splice(0)) disk.remove()
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

interface Started {
  readonly pair: RealPair
  readonly disk: SmallDisk
  readonly witness: Witness
}

async function pairOnSmallDisk(name: "a" | "b", bytes: number, flags: readonly string[]): Promise<Started> {
  const pair = await RealPair.make({ flags })
  pairs.push(pair)
  const disk = new SmallDisk(pair[name].data, bytes)
  disks.push(disk)
  await pair.start()
  const witness = new Witness()
  expect(await witness.write(pair.a, { op: "collection.define", data: { name: "notes" } }, "define")).toMatchObject({ kind: "acknowledged" })
  return { pair, disk, witness }
}

/** The n-th document of so many bytes; a key of its own. */
function write({ pair, witness }: Started, n: number, bytes: number): Promise<Told> {
  return witness.write(pair.a, { op: "document.put", data: { collection: "notes", id: `n${n}`, value: { text: "x".repeat(bytes) } } }, `write-${n}`)
}

describe.skipIf(!mayMount).each(["a", "b"] as const)("node %s on a file system that fills up (needs leave to mount one)", (name) => {
  test("above its floor: a 507 leaves no trace on either disk, reads go on, and so do writes as soon as there is room (I10)", async () => {
    const started = await pairOnSmallDisk(name, 12 * mebibyte, ["--disk-floor", "8MiB"])
    const { pair, disk, witness } = started
    let n = 0
    let told: Told = { kind: "unknown" }
    do {
      await Bun.sleep(betweenWritesMs)
      told = await write(started, n++, littleBytes)
      if (told.kind === "acknowledged") witness.expectAtLeast(`/notes/n${n - 1}`, told.version)
    } while (told.kind === "acknowledged" && n < writesMax)
    expect(told).toEqual({ kind: "refused", status: 507, code: "disk-full" })
    const { digest } = await sameDigests(pair)
    for (let more = 0; more < 3; more++) expect(await write(started, n + more, littleBytes)).toMatchObject({ status: 507 })
    expect(await sameDigests(pair)).toMatchObject({ digest })
    for (const node of pair.nodes) {
      expect((await node.fetch("/notes/n0")).status).toBe(200)
      expect((await node.fetch(`/notes/n${n}`)).status).toBe(404)
    }
    await witness.settle(pair)

    disk.grow(roomy)
    await until("there is room again", async () => (await write(started, n, littleBytes)).kind === "acknowledged", () => pair.printed)
    for (const node of pair.nodes) expect([node.running, node.starts]).toEqual([true, 1])
    await witness.settle(pair)
  })

  test("without a floor: it ends with 74 in the middle of a write, and nothing acknowledged is lost (P1, P3)", async () => {
    const started = await pairOnSmallDisk(name, 6 * mebibyte, ["--disk-floor", "0", "--peer-timeout", "2s"])
    const { pair, disk, witness } = started
    const victim = pair[name]
    let n = 0
    const client = async (): Promise<void> => {
      while (victim.running && n < writesMax) await write(started, n++, muchBytes)
    }
    await Promise.all([client(), client(), client()])
    expect(await victim.ended).toEqual({ code: exitCodes.disk, signal: null })
    expect(victim.printed).toContain("the disk failed")
    expect(witness.acknowledged).toBeGreaterThan(10)
    expect(witness.unknown).toBeGreaterThan(0)

    // On the disk as it is either node may come back, but who lacks what the other one has cannot take it, and ends again.
    for (const node of pair.nodes) {
      if (!node.running) node.start()
      node.supervise()
    }
    await until("it has tried again", async () => victim.starts > 3 || ((await pair.a.isReady()) && (await pair.b.isReady())), () => pair.printed)

    disk.grow(roomy)
    await witness.settle(pair)
    expect(await write(started, n, muchBytes)).toMatchObject({ kind: "acknowledged" })
    await witness.settle(pair)
  })
})
