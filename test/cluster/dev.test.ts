// `tandem dev`, as someone at a terminal uses it: what it says, how it is stopped, what it outlives and what not. No node may
// be left behind, however it ends.
import { afterEach, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freshExecutable } from "./fresh-executable.ts"
import { RealCommand, runCommand } from "./real-command.ts"
import { freePairPorts, until } from "./real-pair.ts"

freshExecutable()

interface DevPair {
  readonly dev: RealCommand
  readonly directory: string
  readonly port: number
}

const used: DevPair[] = []
afterEach(async () => {
  const pairs = used.splice(0)
  const nodes = pairs.flatMap(({ directory }) => nodesOf(directory))
  for (const { dev } of pairs) if (dev.running) dev.signal("SIGKILL")
  for (const { dev } of pairs) await dev.ended
  await until("no node is left", () => !nodes.some(isAlive))
  for (const { directory } of pairs) rmSync(directory, { recursive: true, force: true })
})

/** A pair in an empty directory, or in one that was used before, once it says that it is ready. */
async function startDev({ directory = mkdtempSync(join(tmpdir(), "tandem-dev-")), port = 0, flags = [] as readonly string[] } = {}): Promise<DevPair> {
  const first = port === 0 ? await freePairPorts() : port
  const pair = { dev: new RealCommand(["dev", "--port", String(first), ...flags], { directory }), directory, port: first }
  used.push(pair)
  await until("the pair is ready, or has ended", () => isReady(pair) || !pair.dev.running, () => pair.dev.printed)
  if (!isReady(pair)) throw new Error(`the pair ended:\n${pair.dev.printed}`)
  return pair
}

function isReady({ dev }: DevPair): boolean {
  return dev.out.includes("The pair is ready") || dev.out.includes('"rootKeyFile"')
}

/** The processes of both nodes, as their locks name them. */
function nodesOf(directory: string): number[] {
  return ["a", "b"].map((name) => join(directory, "data", name, "lock")).filter((path) => existsSync(path)).map((path) => Number(readFileSync(path, "utf8")))
}

function isAlive(pid: number): boolean {
  try {
    // Dead and not yet waited for is dead, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

async function request({ directory, port }: DevPair, path: string, body?: object): Promise<{ readonly status: number; readonly json: unknown }> {
  const token = readFileSync(join(directory, "data/a/root.key"), "utf8").trim()
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) })
  return { status: answer.status, json: await answer.json() }
}

const ada = { op: "user.create", data: { id: "ada", email: "ada@example.com" } }

describe("a pair under `tandem dev`", () => {
  test("says its URLs and where the root key is, and keeps its data in ./data", async () => {
    const pair = await startDev()
    expect(pair.dev.out).toContain(`primary  http://127.0.0.1:${pair.port} `)
    expect(pair.dev.out).toContain(`replica  http://127.0.0.1:${pair.port + 10} `)
    const [, keyFile = ""] = /root key in (\S+)/.exec(pair.dev.out) ?? []
    expect(keyFile).toBe(join(pair.directory, "data/a/root.key"))
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(statSync(join(pair.directory, "data")).mode & 0o777).toBe(0o700)
    expect(pair.dev.out).not.toContain(readFileSync(keyFile, "utf8").trim())
    expect((await request(pair, "/do", ada)).status).toBe(200)
    expect((await request({ ...pair, port: pair.port + 10 }, "/users/ada?at=1")).json).toMatchObject({ id: "ada" })
  })

  test("with --json says the same as one line, and everything else elsewhere", async () => {
    const pair = await startDev({ flags: ["--json"] })
    expect(JSON.parse(pair.dev.out)).toEqual({
      nodes: [
        { node: "a", role: "primary", url: `http://127.0.0.1:${pair.port}`, data: join(pair.directory, "data/a") },
        { node: "b", role: "replica", url: `http://127.0.0.1:${pair.port + 10}`, data: join(pair.directory, "data/b") },
      ],
      rootKeyFile: join(pair.directory, "data/a/root.key"),
    })
  })

  test("is found by client commands in the same directory", async () => {
    const { directory, port } = await startDev()
    const options = { directory, environment: { TANDEM_URL: `http://127.0.0.1:${port}` } }
    expect(await runCommand(["do", "user.create", "id=ada", "email=ada@example.com"], options)).toMatchObject({ code: 0, err: "" })
    expect((await runCommand(["get", "users/ada", "--json"], options)).out).toContain('"email":"ada@example.com"')
  })
})

describe("stopping `tandem dev`", () => {
  test.each([
    ["Ctrl-C, which reaches its whole process group", (dev: RealCommand) => dev.signalGroup("SIGINT")],
    ["SIGINT", (dev: RealCommand) => dev.signal("SIGINT")],
    ["SIGTERM", (dev: RealCommand) => dev.signal("SIGTERM")],
    ["a terminal that is closed", (dev: RealCommand) => dev.signalGroup("SIGHUP")],
  ] as const)("with %s stops both nodes in order and ends with 0", async (_, stop) => {
    const { dev, directory } = await startDev()
    const nodes = nodesOf(directory)
    expect([nodes.length, nodes.every(isAlive)]).toEqual([2, true])
    stop(dev)
    expect(await dev.ended).toEqual({ code: 0, signal: null })
    expect(nodes.filter(isAlive)).toEqual([])
    // Neither was missed by the other: the primary stopped first, and nothing was started again.
    expect(dev.printed).not.toMatch(/stuck|again|ended/)
    for (const name of ["a", "b"]) expect((await runCommand(["verify", "--data", join(directory, "data", name)])).code).toBe(0)
  })

  test("with SIGKILL leaves no node behind", async () => {
    const { dev, directory } = await startDev()
    const nodes = nodesOf(directory)
    dev.signal("SIGKILL")
    await until("both nodes have ended", () => !nodes.some(isAlive))
    // They stopped as on SIGTERM, so that what they had is flushed.
    for (const name of ["a", "b"]) expect((await runCommand(["verify", "--data", join(directory, "data", name)])).code).toBe(0)
  })

  test("before the pair is ready works as well", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-dev-"))
    const port = await freePairPorts()
    const dev = new RealCommand(["dev", "--port", String(port)], { directory })
    used.push({ dev, directory, port })
    await until("the first node has its data directory", () => nodesOf(directory).length > 0, () => dev.printed)
    dev.signalGroup("SIGINT")
    expect(await dev.ended).toEqual({ code: 0, signal: null })
    expect(nodesOf(directory).filter(isAlive)).toEqual([])
  })

  test("and starting it again keeps what was written", async () => {
    const pair = await startDev()
    expect((await request(pair, "/do", ada)).status).toBe(200)
    pair.dev.signalGroup("SIGINT")
    await pair.dev.ended
    const again = await startDev(pair)
    expect((await request(again, "/users/ada")).json).toMatchObject({ id: "ada", version: 1 })
    expect((await request(again, "/do", { op: "user.update", data: { id: "ada", name: "Ada" } })).json).toMatchObject({ version: 2 })
  })

  test("and starting it without the replica's disk fills a new one", async () => {
    const pair = await startDev()
    expect((await request(pair, "/do", ada)).status).toBe(200)
    pair.dev.signalGroup("SIGINT")
    await pair.dev.ended
    rmSync(join(pair.directory, "data/b"), { recursive: true })
    const again = await startDev(pair)
    expect((await request({ ...again, port: again.port + 10 }, "/users/ada?at=1")).json).toMatchObject({ id: "ada" })
  })
})

describe("a node under `tandem dev` that is killed", () => {
  test.each(["a", "b"])("node %s is started again, and nothing that was acknowledged is lost (P1)", async (name) => {
    const pair = await startDev()
    expect((await request(pair, "/do", ada)).status).toBe(200)
    const [victim = 0] = nodesOf(pair.directory).slice(name === "a" ? 0 : 1)
    process.kill(victim, "SIGKILL")
    await until("it says so", () => pair.dev.out.includes(`${name} | was ended by SIGKILL; starting it again`), () => pair.dev.printed)
    await until("the pair takes writes", async () => {
      try {
        return (await request(pair, "/do", { op: "user.update", data: { id: "ada", name: "Ada" } })).status === 200
      } catch {
        // Not listening.
        return false
      }
    }, () => pair.dev.printed)
    expect((await request({ ...pair, port: pair.port + 10 }, "/users/ada")).json).toMatchObject({ id: "ada" })
    expect(nodesOf(pair.directory)).not.toContain(victim)
  })
})

describe("`tandem dev` that cannot start", () => {
  test("in a directory where a pair runs says so, and does not disturb that pair", async () => {
    const pair = await startDev()
    const second = await runCommand(["dev"], { directory: pair.directory })
    expect(second).toEqual({ code: 73, out: "", err: expect.stringContaining(`A pair runs in ${join(pair.directory, "data")} already (process ${pair.dev.pid}).`) })
    expect((await request(pair, "/do", ada)).status).toBe(200)
  })

  test("on ports that are taken names them", async () => {
    const port = await freePairPorts()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port + 11, "127.0.0.1", resolve))
    const directory = mkdtempSync(join(tmpdir(), "tandem-dev-"))
    try {
      const { code, out, err } = await runCommand(["dev", "--port", String(port)], { directory })
      expect([code, out]).toEqual([1, ""])
      expect(err).toContain(`Ports ${port}, ${port + 1}, ${port + 10} and ${port + 11} are not all free.`)
      expect(err).toContain("--port")
    } finally {
      other.close()
      rmSync(directory, { recursive: true })
    }
  })

  test("with a file where its data should be names it, without a stack trace", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-dev-"))
    try {
      writeFileSync(join(directory, "data"), "")
      const { code, err } = await runCommand(["dev"], { directory })
      expect(code).toBe(78)
      expect(err).toContain(join(directory, "data"))
      expect(err).not.toMatch(/^\s+at /m)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test("with a disk of another node in it gives up with that node's exit code", async () => {
    const pair = await startDev()
    pair.dev.signalGroup("SIGINT")
    await pair.dev.ended
    // As if a and b had been mixed up.
    for (const [from, to] of [["a", "c"], ["b", "a"], ["c", "b"]] as const) renameSync(join(pair.directory, "data", from), join(pair.directory, "data", to))
    const mixed = new RealCommand(["dev", "--port", String(pair.port)], { directory: pair.directory })
    used.push({ ...pair, dev: mixed })
    expect(await mixed.ended).toEqual({ code: 72, signal: null })
    expect(mixed.out).toContain("belongs to node")
    expect(nodesOf(pair.directory).filter(isAlive)).toEqual([])
  })
})
