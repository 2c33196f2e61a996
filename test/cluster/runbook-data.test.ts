// The stories of docs/OPERATING.md about disks, backups, secrets and places that change, told to a real pair with the commands that stand there.
import { spawnSync } from "node:child_process"
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import { logStart } from "./log-start.ts"
import { RealCommand, runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { freePorts, type PairOptions, type RealPair, until } from "./real-pair.ts"
import { commandsUnder, type Places, runAt, scriptOf } from "./runbook-commands.ts"
import { StartedPairs } from "./started-pairs.ts"
import { sameDigests } from "./witness.ts"

const [, promote = "", rejoin = "", , discard = ""] = commandsUnder("Losing a machine")
const [verify = "", repair = ""] = commandsUnder("Damaged data (65)")
const [newSecret = ""] = commandsUnder("A secret or a key is lost, or known to others")
const [copy = ""] = commandsUnder("Moving a node")
const [restore = "", drill = "", serveDrill = ""] = commandsUnder("Restoring the pair")

const pairs = new StartedPairs()
afterEach(() => pairs.remove())

async function startedPair(options: PairOptions = {}): Promise<RealPair> {
  const pair = await pairs.start(options)
  pair.supervise()
  return pair
}

async function write(node: RealNode, id: string): Promise<void> {
  const create = { op: "user.create", data: { id, email: `${id}@example.com` } }
  await until(`${id} is written`, async () => (await node.do(create, id).catch(() => undefined))?.status === 200, () => node.printed)
}

async function has(node: RealNode, id: string): Promise<boolean> {
  return (await node.answer(`/users/${id}`)).status === 200
}

async function backupOf(pair: RealPair, name: string): Promise<string> {
  const file = join(pair.directory, name)
  expect(await runCommand(["backup", file, "--url", pair.a.url, "--data", pair.a.data], { program: pair.a.program })).toMatchObject({ code: 0 })
  return file
}

const places = (backup: string): Places => [["/var/backups/tandem/newest.backup", backup]]

function startAsReplica(node: RealNode): void {
  node.setFlag("--role", "replica")
  node.start({ flags: ["--join"] })
}

async function promoted(pair: RealPair): Promise<void> {
  await until("b is promoted", () => runAt(pair, promote, pair.b).code === 0, () => pair.printed)
}

test("the commands are those that the stories are about", () => {
  const begin = (block: string): string => block.split(" ").slice(0, 2).join(" ")
  expect([promote, rejoin, verify, repair, newSecret, copy, restore, drill, serveDrill].map(begin)).toEqual([
    "tandem promote",
    "tandem rejoin",
    "tandem verify",
    "tandem verify",
    "openssl rand",
    "rsync --archive",
    "tandem restore",
    "mkdir -m",
    "openssl rand",
  ])
})

test("a replica with a new empty disk ends with 72 and says so; with --join it gets everything (P1, P6)", async () => {
  const pair = await startedPair()
  await write(pair.a, "ada")
  await pair.b.stop("SIGKILL")
  rmSync(pair.b.data, { recursive: true })
  pair.b.start()
  expect(await pair.b.ended).toEqual({ code: exitCodes.foreign, signal: null })
  expect(pair.b.printed).toMatch(/this disk is empty, and the primary has \d+ versions.*\. Start this node with --join to fill it from its primary\./)
  pair.b.start({ flags: ["--join"] })
  await pair.inSync()
  expect(await has(pair.b, "ada")).toBe(true)
})

describe("a node whose data is damaged", () => {
  /** A byte of what is stored of a user, wherever that stands in the file. */
  function damage({ data }: RealNode, text: string): void {
    const file = join(data, "data.mdb")
    const bytes = readFileSync(file)
    expect(bytes.indexOf(text)).toBeGreaterThan(0)
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(file, bytes)
  }

  async function endsDamaged(pair: RealPair, node: RealNode): Promise<void> {
    await write(pair.a, "ada")
    // The newest version is looked at as the node starts.
    await write(pair.a, "bob")
    await sameDigests(pair)
    await node.stop()
    damage(node, "ada@example.com")
    await pair.start()
    await node.ask("/users/ada")
    expect(await node.ended).toEqual({ code: exitCodes.damaged, signal: null })
    expect(runAt(pair, verify, node)).toEqual({ code: exitCodes.damaged, printed: expect.stringMatching(/users\/ada/) })
  }

  function moveAway({ data }: RealNode): void {
    renameSync(data, `${data}.damaged`)
  }

  test("is repaired from the other node (P1, P6)", async () => {
    const pair = await startedPair()
    await endsDamaged(pair, pair.b)
    expect(runAt(pair, repair, pair.b)).toEqual({ code: 0, printed: expect.stringContaining("Node b, the replica, has the data of node a") })
    pair.b.start()
    await pair.inSync()
    expect(await has(pair.b, "ada")).toBe(true)
    await sameDigests(pair)
  })

  test("as the replica is filled again by --join (P1, P6)", async () => {
    const pair = await startedPair()
    await endsDamaged(pair, pair.b)
    moveAway(pair.b)
    pair.b.start({ flags: ["--join"] })
    await pair.inSync()
    expect(await has(pair.b, "ada")).toBe(true)
    await sameDigests(pair)
  })

  test("as the primary is filled again, once the replica is promoted (P1, P6)", async () => {
    // Short, so that the promotion need not wait for long.
    const pair = await startedPair({ flags: ["--lease", "1s", "--peer-timeout", "1s"] })
    await endsDamaged(pair, pair.a)
    moveAway(pair.a)
    await promoted(pair)
    startAsReplica(pair.a)
    await pair.inSync()
    expect(await has(pair.a, "ada")).toBe(true)
    await write(pair.b, "eve")
    await sameDigests(pair)
  })
})

describe("a pair that is restored from a backup", () => {
  /** A new machine for a, and a backup that lacks what was written last. */
  async function restored(): Promise<RealPair> {
    const pair = await startedPair()
    const { a } = pair
    await write(a, "before")
    const backup = await backupOf(pair, "x.backup")
    await write(a, "after")
    for (const node of pair.nodes) await node.stop("SIGKILL")
    rmSync(a.data, { recursive: true })
    const { code, printed } = runAt(pair, restore, a, places(backup))
    expect([code, printed]).toEqual([0, expect.stringContaining("of the same pair, in epoch 1,001")])
    expect(runAt(pair, restore, a, places(backup))).toEqual({ code: 1, printed: expect.stringContaining("Restore into an empty directory, or move what is there away.") })
    a.start()
    await until("a reads", async () => (await a.ask("/users/before"))?.status === 200, () => pair.printed)
    return pair
  }

  test("goes on from it with a replica that is empty (P1)", async () => {
    const pair = await restored()
    rmSync(pair.b.data, { recursive: true })
    pair.b.start({ flags: ["--join"] })
    await pair.inSync()
    expect([await has(pair.b, "before"), await has(pair.b, "after")]).toEqual([true, false])
    await write(pair.a, "together")
  })

  test("gets back what came after it from the disk of the old replica, where that turns up before anything is written (P1)", async () => {
    const pair = await restored()
    pair.b.start()
    await pair.inSync()
    expect([await has(pair.a, "before"), await has(pair.a, "after")]).toEqual([true, true])
    await write(pair.a, "together")
  })

  test("keeps what it has written since, and the old replica, should it turn up later, has to rejoin (P5, P6)", async () => {
    const pair = await restored()
    const { a, b } = pair
    await until("a may write alone", async () => (await a.decide("solo", { on: true }).catch(() => undefined))?.status === 200, () => a.printed)
    await write(a, "since")
    b.start()
    for (const node of pair.nodes) expect(await node.ended).toEqual({ code: exitCodes.diverged, signal: null })
    a.start()
    await until("a answers", async () => (await a.ask("/status"))?.status === 200, () => a.printed)
    const atB: Places = [["--node a", "--node b"], ["http://b.internal:4001", pair.primaryPeerUrl]]
    expect(runAt(pair, discard, b, atB)).toEqual({ code: 0, printed: expect.stringContaining("kept in") })
    b.start()
    await pair.inSync()
    expect(await Promise.all(["before", "since", "after"].map((id) => has(b, id)))).toEqual([true, true, false])
  })

  test("which retention has parted from an old disk: rejoin says that it has to start anew, and so it does (P6)", async () => {
    const pair = await startedPair({ flags: ["--retention", "1"] })
    const { a, b } = pair
    await write(a, "before")
    const backup = await backupOf(pair, "x.backup")
    for (let n = 0; n < 6; n++) await write(a, `u${n}`)
    await until("the log is trimmed", async () => (await logStart(pair)) > 2, () => pair.printed)
    for (const node of pair.nodes) await node.stop("SIGKILL")
    const places: Places = [["/var/backups/tandem/newest.backup", backup], ["--node a", "--node b"]]
    renameSync(b.data, `${b.data}.lost`)
    expect(runAt(pair, restore, b, places).code).toBe(0)
    b.start()
    a.start()
    await until("a is fenced", () => !a.running, () => pair.printed)
    expect(await a.ended).toEqual({ code: exitCodes.fenced, signal: null })

    const { code, printed } = runAt(pair, rejoin, a)
    expect([code, printed]).toEqual([exitCodes.foreign, expect.stringMatching(/The logs have no version in common: .* Nothing was changed\.\nKeep this data directory aside, and start the node with an empty one, --role replica and --join\./)])
    renameSync(a.data, `${a.data}.old`)
    startAsReplica(a)
    await pair.inSync()
    expect([await has(a, "before"), await has(a, "u5")]).toEqual([true, false])
    await write(b, "together")
  })
})

test("the drill restores a pair of its own beside the real one, checks it, and reads in it (P5, P6)", async () => {
  const pair = await startedPair()
  await write(pair.a, "ada")
  const backup = await backupOf(pair, "x.backup")
  const directory = join(pair.directory, "drill")
  const [port, peerPort, nobody] = (await freePorts(3)) as [number, number, number]
  const here: Places = [...places(backup), ["/tmp/drill", directory], ["127.0.0.1:4100", `127.0.0.1:${port}`], ["127.0.0.1:4101", `127.0.0.1:${peerPort}`], ["127.0.0.1:4102", `127.0.0.1:${nobody}`]]
  expect(runAt(pair, drill, pair.a, here)).toEqual({ code: 0, printed: expect.stringMatching(/Restored version \d+, of .*Z, into .* as node drill of a pair of its own\.[^]*No problems found\./) })

  const node = new RealCommand(["-euc", scriptOf(pair, serveDrill, pair.a, here)], { program: { path: "/bin/bash" } })
  try {
    await until("it listens", () => node.out.includes("listens on"), () => node.printed)
    const read = await runCommand(["get", "users", "--url", `http://127.0.0.1:${port}`, "--data", join(directory, "data")], { program: pair.a.program })
    expect(read).toMatchObject({ code: 0, out: expect.stringContaining("ada@example.com") })
    const answer = await fetch(`http://127.0.0.1:${port}/users/ada`, { headers: { authorization: `Bearer ${pair.a.rootKey}` } })
    expect(answer.status).toBe(401)
  } finally {
    node.signalGroup("SIGTERM")
    await node.ended
  }
  expect(pair.nodes.map(({ starts }) => starts)).toEqual([1, 1])
  await write(pair.a, "bob")
})

test("a new secret is taken as each node starts again, the old root key opens nothing, and API keys go on", async () => {
  const pair = await startedPair()
  const { a, b } = pair
  await write(a, "ada")
  const made = await a.do({ op: "key.create", data: { name: "app", scopes: ["read"] } })
  const [{ key }] = made.body["results"] as [{ readonly key: string }]
  const oldRootKey = a.rootKey
  const statusWith = async (node: RealNode, token: string): Promise<number> => (await fetch(`${node.url}/users/ada`, { headers: { authorization: `Bearer ${token}` } })).status

  expect(runAt(pair, newSecret, a).code).toBe(0)
  await b.stop()
  b.supervise()
  b.start()
  // Nobody restarts the primary here: it ends by itself.
  await until("a has the new secret", () => a.starts > 1 && a.rootKey !== oldRootKey, () => pair.printed)
  await pair.inSync()
  expect(a.rootKey).toBe(b.rootKey)
  for (const node of pair.nodes) expect([await statusWith(node, oldRootKey), await statusWith(node, key), await statusWith(node, node.rootKey)]).toEqual([401, 200, 200])
  await write(a, "bob")
})

test("both nodes move, one after the other, and take everything along (P1)", async () => {
  const pair = await startedPair()
  const { a, b } = pair
  await write(a, "before")
  // `rsync` is not on every machine that runs tests: what the shown command asks of it is done by `cp`.
  const rsync = "rsync() { mkdir -p \"$3\"; cp -a \"$2.\" \"$3\"; }\n"
  const move = async (node: RealNode, other: RealNode): Promise<void> => {
    const old = node.data
    const data = `${old}-moved`
    await node.stop()
    expect(spawnSync("bash", ["-euc", rsync + scriptOf(pair, copy, node, [["b2.internal:/var/lib/tandem", data]])], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
    const [port, peerPort] = (await freePorts(2)) as [number, number]
    node.setFlag("--data", data)
    node.setFlag("--listen", `127.0.0.1:${port}`)
    node.setFlag("--peer-listen", `127.0.0.1:${peerPort}`)
    node.start()
    node.supervise()
    await other.stop()
    other.setFlag("--peer", `http://127.0.0.1:${peerPort}`)
    other.start()
    other.supervise()
    await pair.inSync()
    rmSync(old, { recursive: true })
  }

  await move(b, a)
  await write(a, "between")
  await until("b is the primary", async () => (await a.decide("handover")).status === 200, () => pair.printed)
  await pair.inSync()
  await move(a, b)
  await write(b, "after")
  for (const node of pair.nodes) expect(await Promise.all(["before", "between", "after"].map((id) => has(node, id)))).toEqual([true, true, true])
  await sameDigests(pair)
})
