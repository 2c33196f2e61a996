// `tandem serve` as a process: what it refuses to start with, what it makes on the disk, and what it says.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type CommandOptions, RealCommand, runCommand } from "../cluster/real-command.ts"
import { RealPair, until } from "../cluster/real-pair.ts"

const secret = "a secret for tests, of more than 32 characters"
const nowhere = "http://127.0.0.1:9"

let pair: RealPair

beforeAll(async () => {
  pair = await RealPair.make()
  // Whatever the umask is, and with proxies that answer nothing.
  for (const node of pair.nodes) {
    node.start({ under: ["bash", "-c", 'umask 000; exec "$@"', "bash"], environment: { HTTP_PROXY: nowhere, http_proxy: nowhere, ALL_PROXY: nowhere } })
  }
  await pair.inSync()
})

afterAll(() => pair.remove())

/** Enough to start alone: ports that are free, a peer that is not there. */
const alone = (name: string, ...more: string[]) => [
  "serve",
  ...["--node", name, "--data", join(pair.directory, name), "--peer", nowhere],
  ...["--listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0", ...more],
]
const options: CommandOptions = { program: "bun", environment: { TANDEM_SECRET: secret } }
const permissions = (...path: string[]) => (statSync(join(...path)).mode & 0o777).toString(8)

describe("serve", () => {
  test("makes a data directory and files that nobody else may read, whatever the umask is", () => {
    for (const { data } of pair.nodes) {
      expect([data, permissions(data)]).toEqual([data, "700"])
      for (const file of readdirSync(data)) expect([file, permissions(data, file)]).toEqual([file, "600"])
      expect(readFileSync(join(data, "root.key"), "utf8")).toMatch(/^tr_[A-Za-z0-9_-]{43}\n$/)
    }
  })

  test("reaches its peer directly, whatever proxies the environment names", async () => {
    expect(await pair.a.do({ op: "user.create", data: { email: "a@b.c" } })).toMatchObject({ status: 200 })
  })

  test("names every wrong setting at once, and ends with 78", async () => {
    const { code, err, out } = await runCommand(["serve", "--node=A!", "--peer=nowhere"], { program: "bun", environment: { TANDEM_LEASE: "soon", TANDEM_SECRET: "tooshort" } })
    expect([code, out]).toEqual([78, ""])
    for (const name of ["5 settings are wrong", "--node", "--data", "--peer", "TANDEM_LEASE", "TANDEM_SECRET"]) expect(err).toContain(name)
    expect(err).not.toContain("tooshort")
  })

  test("refuses to start where certificates would not be checked, with 78", async () => {
    const { code, err } = await runCommand(alone("c", "--role", "primary"), { program: "bun", environment: { TANDEM_SECRET: secret, NODE_TLS_REJECT_UNAUTHORIZED: "0" } })
    expect(code).toBe(78)
    expect(err).toContain("NODE_TLS_REJECT_UNAUTHORIZED is set")
  })

  test("of an empty disk asks for a role, with 78", async () => {
    const { code, err } = await runCommand(alone("d"), options)
    expect(code).toBe(78)
    expect(err).toContain("--role primary or --role replica")
    expect(err).toContain("--join")
  })

  test("of a directory that cannot be one says so, with 78", async () => {
    writeFileSync(join(pair.directory, "file"), "")
    const { code, err } = await runCommand(alone("file", "--role", "primary"), options)
    expect(code).toBe(78)
    expect(err).toMatch(/^tandem: --data \S+ cannot be used: [^\n]*\n$/)
  })

  test("of a directory in use names the process that uses it, with 73", async () => {
    const { code, err } = await runCommand(alone("a"), options)
    expect(code).toBe(73)
    expect(err).toContain(`is used by another process (${pair.a.pid})`)
  })

  test("of another node's directory ends with 72", async () => {
    await pair.b.stop()
    const { code, err } = await runCommand(["serve", "--node", "x", "--data", pair.b.data, "--peer", nowhere, "--listen=127.0.0.1:0", "--peer-listen=127.0.0.1:0"], options)
    await pair.start()
    expect(code).toBe(72)
    expect(err).toContain("belongs to node b, not x")
  })

  test("says that a role is ignored which is not the stored one", async () => {
    await pair.b.stop()
    const again = new RealCommand(alone("b", "--role", "primary"), options)
    await until("it says so", () => again.err.includes("--role primary is ignored: this node is the replica"), () => again.printed)
    again.signal("SIGKILL")
    await again.ended
    await pair.start()
    expect(pair.b.printed).not.toContain("is ignored")
  })

  test("says as JSON that it listens, and never its secret or root key", async () => {
    const node = new RealCommand(alone("e", "--role", "primary", "--json"), options)
    await until("it listens", () => node.out.includes("\n"), () => node.printed)
    expect(JSON.parse(node.out)).toMatchObject({ node: "e", publicUrl: expect.any(String), peerUrl: expect.any(String) })
    node.signal("SIGTERM")
    expect(await node.ended).toEqual({ code: 0, signal: null })
    for (const kept of [secret, readFileSync(join(pair.directory, "e", "root.key"), "utf8").trim()]) expect(node.printed).not.toContain(kept)
    for (const kept of [pair.a.rootKey, "a secret for tests"]) expect(pair.printed).not.toContain(kept)
  })

  test("runs on when nobody reads what it says", async () => {
    const node = new RealCommand(alone("f", "--role", "primary"), { ...options, under: ["bash", "-c", 'exec 3> >(exit); wait $!; exec "$@" >&3', "bash"] })
    const lock = join(pair.directory, "f", "root.key")
    await until("it has started", () => statSync(lock, { throwIfNoEntry: false }) !== undefined, () => node.printed)
    await until("it looks for its peer", () => node.err !== "", () => node.printed)
    expect(node.running).toBe(true)
    node.signal("SIGTERM")
    expect(await node.ended).toEqual({ code: 0, signal: null })
  })

  test("keeps the permissions of a directory that was there before", async () => {
    const made = join(pair.directory, "g")
    mkdirSync(made, { mode: 0o750 })
    const node = new RealCommand(alone("g", "--role", "primary"), options)
    await until("it listens", () => node.out.includes("\n"), () => node.printed)
    expect(permissions(made)).toBe("750")
    expect(permissions(made, "root.key")).toBe("600")
    node.signal("SIGKILL")
    await node.ended
  })
})
