// What fly.toml and docs/OPERATING.md tell an operator to do, held against what the program knows and does: settings are parsed
// by `serve` itself, commands are run, exit codes compared.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { bounds } from "../../src/bounds.ts"
import { parseArguments } from "../../src/cli/flags.ts"
import { parseDuration } from "../../src/cli/quantity.ts"
import { commands } from "../../src/cli/commands.ts"
import { serve } from "../../src/cli/serve.ts"
import { readSettings, secretLengthMin } from "../../src/cli/settings.ts"
import { routes } from "../../src/http/routes.ts"
import { exitCodes } from "../../src/runtime/exit.ts"
import { freshExecutable } from "./fresh-executable.ts"
import { RealCommand, runCommand } from "./real-command.ts"
import { freePorts, RealPair, until } from "./real-pair.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string) => readFileSync(join(repository, path), "utf8")

interface FlyConfiguration {
  readonly app: string
  readonly primary_region: string
  readonly kill_signal: string
  readonly kill_timeout: string
  readonly build: { readonly dockerfile: string }
  readonly processes: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly { readonly source: string; readonly destination: string; readonly processes: readonly string[] }[]
  readonly http_service: {
    readonly processes: readonly string[]
    readonly internal_port: number
    readonly auto_stop_machines: string
    readonly min_machines_running: number
    readonly checks: readonly { readonly method: string; readonly path: string; readonly grace_period: string }[]
  }
  readonly restart: readonly { readonly policy: string; readonly processes: readonly string[] }[]
}

const fly = Bun.TOML.parse(read("fly.toml")) as FlyConfiguration
const operating = read("docs/OPERATING.md")
const secret = "a secret for tests, of more than 32 characters"
const groups = ["a", "b"] as const
const otherOf = { a: "b", b: "a" } as const

/** What `serve` makes of a command line and an environment. */
function settingsOf(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const { flags, positionals } = parseArguments(serve.flags, words)
  expect(positionals).toEqual([])
  return readSettings(flags, (name) => environment[name])
}

function wordsOf(commandLine: string): readonly string[] {
  const [command, ...words] = commandLine.replaceAll("\\\n", " ").replaceAll("'", "").trim().split(/\s+/)
  expect(command).toBe("serve")
  return words
}

/** The code blocks of the document. */
const blocks = [...operating.matchAll(/^( *)```\n([\s\S]*?)^\1```$/gm)].map(([, , text = ""]) => text)

describe("fly.toml", () => {
  test("has one process group for each node, each with the command line of the other's peer", () => {
    expect(Object.keys(fly.processes)).toEqual([...groups])
    for (const group of groups) {
      const read = settingsOf(wordsOf(fly.processes[group] ?? ""), { ...fly.env, TANDEM_SECRET: secret })
      const host = (name: string) => `${name}.process.${fly.app}.internal`
      expect(read).toMatchObject({
        settings: {
          nodeId: group,
          role: group === "a" ? "primary" : "replica",
          listen: { hostname: "::", port: 4000 },
          peerListen: { hostname: "::", port: 4001 },
          peerUrl: `http://${host(otherOf[group])}:4001`,
          publicUrl: `http://${host(group)}:4000`,
          dataDirectory: "/data",
          forwardWrites: true,
          join: false,
        },
      })
    }
  })

  test("leaves out the secret, and nothing else that `serve` needs", () => {
    for (const group of groups) {
      const read = settingsOf(wordsOf(fly.processes[group] ?? ""), fly.env)
      expect(read).toEqual({ wrong: [{ name: "--secret-file", why: expect.stringContaining("TANDEM_SECRET") }] })
    }
    expect(Object.keys({ ...fly.env })).not.toContain("TANDEM_SECRET")
  })

  test("sets no variable that `serve` does not read", () => {
    const known = Object.keys(serve.flags).map((name) => `TANDEM_${name.replaceAll("-", "_").toUpperCase()}`)
    expect(Object.keys(fly.env).filter((name) => !known.includes(name))).toEqual([])
  })

  test("gives each group a volume of its own where its data is", () => {
    expect(fly.mounts).toEqual(groups.map((group) => ({ source: `tandem_${group}`, destination: fly.env["TANDEM_DATA"] ?? "", processes: [group] })))
  })

  test("serves both groups, never stops a machine, and asks a public route for their health", () => {
    const { processes, internal_port, auto_stop_machines, min_machines_running, checks } = fly.http_service
    expect([processes, internal_port, auto_stop_machines, min_machines_running]).toEqual([[...groups], 4000, "off", 2])
    expect(checks).toHaveLength(1)
    for (const { method, path, grace_period } of checks) {
      expect(routes.find((route) => route.method === method && route.path === path)?.scope).toBe("public")
      // A node that looks for its peer is not ill before it gives up.
      expect(parseDuration(grace_period)).toBeGreaterThan(bounds.syncTimeoutMs)
    }
  })

  test("lets a node drain before it is killed, and starts it again when it ends by itself", () => {
    expect(fly.kill_signal).toBe("SIGTERM")
    expect(parseDuration(fly.kill_timeout)).toBeGreaterThan(bounds.drainMs)
    expect(fly.restart).toEqual([expect.objectContaining({ policy: "on-failure", processes: [...groups] })])
  })

  test("is built from the executable, which the image runs", () => {
    const dockerfile = read(fly.build.dockerfile)
    const [, source, target] = /^COPY (\S+) (\S+)$/m.exec(dockerfile) ?? []
    expect(source).toBe("dist/tandem")
    expect(dockerfile).toContain(`ENTRYPOINT ["${target}"]`)
  })
})

describe("docs/OPERATING.md", () => {
  test("names every exit code and no other, as `runtime/exit.ts` has them", () => {
    const documented = [...operating.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code))
    expect(documented).toEqual(Object.values(exitCodes).sort((one, other) => one - other))
  })

  test("starts two nodes with settings that are right, each pointing at the other", () => {
    const place = mkdtempSync(join(tmpdir(), "tandem-operating-"))
    try {
      writeFileSync(join(place, "secret"), secret)
      const lines = blocks.flatMap((block) => block.replaceAll("\\\n", " ").split("\n")).filter((line) => line.trim().startsWith("tandem serve"))
      const found = lines.map((line) => settingsOf(wordsOf(line.trim().replace("tandem ", "").replace("/etc/tandem/secret", join(place, "secret"))), {}))
      expect(found).toMatchObject([
        { settings: { nodeId: "a", role: "primary", peerUrl: "http://b.internal:4001", publicUrl: "http://a.internal:4000" } },
        { settings: { nodeId: "b", role: "replica", peerUrl: "http://a.internal:4001", publicUrl: "http://b.internal:4000" } },
      ])
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  test("makes a secret that is long enough", () => {
    const [, command = ""] = /`(openssl rand [^`>]*?) > /.exec(operating) ?? []
    const made = spawnSync("sh", ["-c", command], { encoding: "utf8" })
    expect([made.status, made.stdout.trim().length >= secretLengthMin]).toEqual([0, true])
    expect(operating).toContain(`fly secrets set TANDEM_SECRET="$(${command})"`)
  })

  test("makes the app and the volumes that fly.toml has", () => {
    const commands = blocks.find((block) => block.includes("fly deploy")) ?? ""
    expect(commands).toContain(`fly apps create ${fly.app}\n`)
    for (const { source } of fly.mounts) expect(commands).toContain(`fly volumes create ${source} --region ${fly.primary_region} `)
    // Without it the first deployment may make two machines for a group, and each has its own disk.
    expect(commands).toContain("fly deploy --ha=false ")
  })

  test("names flags that there are", () => {
    const flags = [...operating.matchAll(/`(--[a-z-]+)/g)].map(([, flag = ""]) => flag.slice(2))
    const known = commands.flatMap((command) => Object.keys(command.flags))
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([])
  })
})

describe("a pair that is deployed as fly.toml says", () => {
  const running: RealCommand[] = []
  const hasIpv6 = existsSync("/proc/net/if_inet6") && read6() !== ""
  let place = ""

  afterAll(async () => {
    for (const node of running) if (node.running) node.signal("SIGKILL")
    for (const node of running) await node.ended
    rmSync(place, { recursive: true, force: true })
  })

  test("comes into sync, is healthy, takes writes on either machine and stops when told to", async () => {
    freshExecutable()
    place = mkdtempSync(join(tmpdir(), "tandem-fly-"))
    const [aPort = 0, aPeer = 0, bPort = 0, bPeer = 0] = await freePorts(4)
    const own = { a: [aPort, aPeer], b: [bPort, bPeer] } as const
    const everywhere = (port: number) => (hasIpv6 ? `[::]:${port}` : `0.0.0.0:${port}`)
    for (const group of groups) {
      // Only where the two are is not as it is there.
      const line = groups.reduce(
        (text, name) => text.replaceAll(`${name}.process.${fly.app}.internal:4000`, `127.0.0.1:${own[name][0]}`).replaceAll(`${name}.process.${fly.app}.internal:4001`, `127.0.0.1:${own[name][1]}`),
        fly.processes[group] ?? "",
      )
      const places = { TANDEM_DATA: join(place, group), TANDEM_LISTEN: everywhere(own[group][0]), TANDEM_PEER_LISTEN: everywhere(own[group][1]) }
      running.push(new RealCommand(line.split(" "), { environment: { ...fly.env, ...places, TANDEM_SECRET: secret } }))
    }
    const printed = () => running.map((node) => node.printed).join("\n")
    const health = fly.http_service.checks[0]?.path ?? ""
    const isHealthy = async (port: number) => {
      try {
        return (await fetch(`http://127.0.0.1:${port}${health}`, { signal: AbortSignal.timeout(2_000) })).ok
      } catch {
        // Not listening.
        return false
      }
    }
    await until("both are healthy", async () => (await isHealthy(aPort)) && (await isHealthy(bPort)), printed)

    const headers = { authorization: `Bearer ${readFileSync(join(place, "a", "root.key"), "utf8").trim()}`, "content-type": "application/json" }
    for (const [n, port] of [aPort, bPort].entries()) {
      await until("writes are possible", async () => (await fetch(`http://127.0.0.1:${port}/readyz?for=sync`)).ok, printed)
      const body = JSON.stringify({ op: "user.create", data: { id: `user-${n}`, email: `user-${n}@example.com` } })
      const answer = await fetch(`http://127.0.0.1:${port}/do`, { method: "POST", headers, body })
      expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ version: n + 1 })])
    }
    for (const node of running) {
      node.signal(fly.kill_signal as NodeJS.Signals)
      expect(await node.ended).toEqual({ code: 0, signal: null })
    }
    expect(printed()).not.toContain(secret)
  })

  function read6(): string {
    return readFileSync("/proc/net/if_inet6", "utf8").trim()
  }
})

describe("what docs/OPERATING.md says to do on a running pair", () => {
  let pair: RealPair

  beforeAll(async () => {
    freshExecutable()
    pair = await (await RealPair.make({ primary: "executable", replica: "executable" })).start()
  })
  afterAll(() => pair.remove())
  beforeEach(async () => {
    await pair.start()
    pair.supervise()
  })

  /** A command as it stands there, with the places of this pair instead. */
  const ran = (command: string, data = pair.a.data, url = pair.a.url) => {
    const script = `tandem() { '${join(repository, "dist/tandem")}' "$@"; }\n${command.replaceAll("/var/lib/tandem", data)}`
    const { status, stdout, stderr } = spawnSync("bash", ["-euc", script], { encoding: "utf8", env: { ...process.env, TANDEM_URL: url }, timeout: 60_000 })
    return { status, stdout, stderr }
  }

  test("a key for the application is made with the root key, and may read and write and no more", async () => {
    const [, command = ""] = /^ +`(TANDEM_TOKEN=\$\(cat [^`]*key\.create[^`]*)`/m.exec(operating) ?? []
    const { status, stdout, stderr } = ran(command)
    expect([status, stderr]).toEqual([0, ""])
    const [, key = ""] = /"key": "(\S+)"/.exec(stdout) ?? []
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const post = async (body: object) => (await fetch(`${pair.a.url}/do`, { method: "POST", headers, body: JSON.stringify(body) })).status
    expect(await post({ op: "user.create", data: { id: "ada", email: "ada@example.com" } })).toBe(200)
    expect((await fetch(`${pair.b.url}/users/ada`, { headers })).status).toBe(200)
    expect(await post({ op: "key.create", data: { name: "more", scopes: ["admin"] } })).toBe(403)
    expect((await fetch(`${pair.a.url}/log`, { headers })).status).toBe(403)
  })

  test("`tandem status`, `tandem verify` and `tandem export` answer on either node", async () => {
    const digests: unknown[] = []
    for (const node of pair.nodes) {
      const options = { environment: { TANDEM_URL: node.url, TANDEM_TOKEN: node.rootKey } }
      expect((await runCommand(["status"], options)).out).toMatch(/committed.*in sync|in sync/)
      const report = await runCommand(["verify", "--url", node.url, "--json"], options)
      expect([report.code, report.err]).toEqual([0, ""])
      digests.push((JSON.parse(report.out) as { digest: unknown }).digest)
      const exported = await runCommand(["export"], options)
      expect([exported.code, exported.out.includes("ada@example.com")]).toEqual([0, true])
    }
    expect(digests[0]).toBe(digests[1])
  })

  test("a replica whose disk is gone is filled again with --join, and only with it", async () => {
    await pair.b.stop("SIGKILL")
    rmSync(pair.b.data, { recursive: true })
    pair.b.start()
    expect(await pair.b.ended).toEqual({ code: exitCodes.foreign, signal: null })
    expect(pair.b.printed).toContain("--join")
    rmSync(pair.b.data, { recursive: true })
    pair.b.start({ flags: ["--join"] })
    await pair.start()
    expect(await pair.b.json("/users/ada")).toMatchObject({ id: "ada" })
  })

  test("a primary that is killed and comes back with its disk goes on", async () => {
    await pair.a.stop("SIGKILL")
    await pair.start()
    expect((await pair.a.do({ op: "user.update", data: { id: "ada", name: "Ada" } })).status).toBe(200)
  })

  test("a primary whose disk is gone is not let in, and the replica can be read and exported", async () => {
    await pair.a.stop("SIGKILL")
    await pair.b.stop("SIGKILL")
    rmSync(pair.a.data, { recursive: true })
    pair.b.start({ flags: ["--when-stuck", "serve-reads", "--stale-reads"] })
    await until("the replica answers reads", async () => (await readyOf(pair.b.url)) === 200, () => pair.b.printed)
    pair.a.start()
    expect(await pair.a.ended).toEqual({ code: exitCodes.foreign, signal: null })
    const exported = await runCommand(["export"], { environment: { TANDEM_URL: pair.b.url, TANDEM_TOKEN: pair.b.rootKey } })
    expect([exported.code, exported.out.includes("ada@example.com")]).toEqual([0, true])
  })
})

async function readyOf(url: string): Promise<number> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).status
  } catch {
    // Not listening.
    return 0
  }
}
